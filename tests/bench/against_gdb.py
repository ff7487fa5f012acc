"""Wall time, and the time the target stands still, beside gdb and eu-stack on the same hung child.

The target is a raw-clone child that hangs in fork() while a thread of it stamps the clock every 50 us: the longest gap that this
thread saw is how long it stood still. Commands take turns (A B C A B C ...), after one turn that is not counted, so that a drift
of the machine meets them all alike. What the clock sees without any tool is measured for as long as a run with `no-stop` takes,
and once more while `no-stop` looks at another process: the load that any program makes, and not what it does to the target.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests import targets

DEADLINE_S = 300.0
GDB = "gdb -batch -ex 'thread apply all bt'"
NO_STOP = "hanganalyze --capture no-stop"
NO_CAUSE_FOUND = 1
"""Exit status of an analysis of a process that does not hang."""


@dataclass
class Subject:
    """A command that looks at a process; without one it is a wait of as long as ``NO_STOP`` took."""

    name: str
    command: list[str] | None
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    """Processor time, its own and that of the debuggers it started: on a busy machine the figure to compare."""
    pause_ms: list[float] = field(default_factory=list)


def ours(method: str, pid: int) -> list[str]:
    """Our own command line."""
    report = os.path.join(tempfile.gettempdir(), f"hanganalyze-bench-{os.getpid()}.html")
    return [sys.executable, "-m", "analyzer", "--capture", method, "-o", report, str(pid)]


def gdb(pid: int) -> Subject:
    """The measure."""
    return Subject(GDB, ["gdb", "-p", str(pid), "-batch", "-ex", "thread apply all bt"])


def subjects(pid: int, other: int) -> list[Subject]:
    """The commands to compare; gdb first, it is the measure."""
    found = [gdb(pid)]
    if shutil.which("eu-stack"):
        found.append(Subject("eu-stack -p", ["eu-stack", "-p", str(pid)]))
    found += [Subject(f"hanganalyze --capture {method}", ours(method, pid)) for method in ("attach", "stop", "no-stop")]
    return [*found, Subject("no-stop, of another process", ours("no-stop", other)), Subject("no tool", None)]


def bench(rounds: dict[int, int]) -> None:
    """Print one table for each number of threads, of so many rounds."""
    fifo = ["fifo"] if os.geteuid() == 0 else []
    for count, turns in rounds.items():
        with (
            targets.running("clock_thread", "hung", count, *fifo, ready_timeout=60.0) as target,
            targets.running("clock_thread", "hung", count, ready_timeout=60.0) as other,
        ):
            competitors = subjects(target.pid, other.pid)
            take_turns(competitors, turns, lambda: target.ask()["gap_us"] / 1000)
        print(f"\nhung child, {count} idle threads and a clock; medians of {turns} rounds")
        show(competitors)


def take_turns(competitors: Iterable[Subject], rounds: int, gap_ms: Callable[[], float]) -> None:
    """Run them in turn. ``gap_ms`` gives the longest gap since it was last called."""
    waited = 0.5
    for turn in range(rounds + 1):
        for subject in competitors:
            gap_ms()
            began, used = time.monotonic(), _used_by_children()
            if subject.command is None:
                time.sleep(waited)
            else:
                _run(subject)
            wall, gap = time.monotonic() - began, gap_ms()
            if subject.name == NO_STOP:
                waited = wall
            if turn:
                subject.wall_s.append(wall)
                subject.cpu_s.append(_used_by_children() - used)
                subject.pause_ms.append(gap)


def _used_by_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _run(subject: Subject) -> None:
    assert subject.command is not None
    done = subprocess.run(
        subject.command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=DEADLINE_S,
        check=False,
        # An installed program has its bytecode; without it every start would compile all of ours again.
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    )
    if done.returncode not in (0, NO_CAUSE_FOUND):
        raise RuntimeError(f"{subject.name}: exit code {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")


def show(competitors: list[Subject], *, pauses: bool = True) -> None:
    """The table. Ratios pair by pair: the two of one round met the machine in the same mood."""
    measure = competitors[0]
    print(f"{'':38}{'wall s':>9}{'x gdb':>8}{'cpu s':>9}{'x gdb':>8}" + (f"{'pause ms':>11}{'gdb / it':>10}" if pauses else ""))
    for subject in competitors:
        line = f"{subject.name:38}"
        for mine, its in ((subject.wall_s, measure.wall_s), (subject.cpu_s, measure.cpu_s)):
            line += f"{statistics.median(mine):9.2f}{_ratio(mine, its):8.2f}"
        if pauses:
            line += f"{statistics.median(subject.pause_ms):11.2f}{_ratio(measure.pause_ms, subject.pause_ms):10.0f}"
        print(line, flush=True)


def _ratio(these: list[float], those: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(these, those, strict=True))
