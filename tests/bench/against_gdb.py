"""Wall time, and the time the target stands still, beside gdb and eu-stack on the same hung child.

The target is a raw-clone child that hangs in fork() while a thread of it stamps the clock every 50 us: the longest gap that this
thread saw is how long the process stood still. Commands take turns (A B C A B C ...), after one turn that is not counted, so
that a drift of the machine meets them all alike.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

from tests import targets

THREADS = (1, 200)
DEADLINE_S = 120.0


@dataclass
class Subject:
    """A command that looks at a process."""

    name: str
    command: list[str]
    wall_s: list[float] = field(default_factory=list)
    pause_ms: list[float] = field(default_factory=list)


def subjects(pid: int) -> list[Subject]:
    """The commands to compare; gdb first, it is the measure."""
    found = [Subject("gdb -batch -ex 'thread apply all bt'", ["gdb", "-p", str(pid), "-batch", "-ex", "thread apply all bt"])]
    if shutil.which("eu-stack"):
        found.append(Subject("eu-stack -p", ["eu-stack", "-p", str(pid)]))
    report = os.path.join(tempfile.gettempdir(), f"hanganalyze-bench-{os.getpid()}.html")
    ours = [sys.executable, "-m", "analyzer", "--capture", "attach", "-o", report, str(pid)]
    found.append(Subject("hanganalyze --capture attach", ours))
    return found


def bench(rounds: int) -> None:
    """Print one table a thread count."""
    for count in THREADS:
        with targets.running("clock_thread", "hung", count, *(["fifo"] if os.geteuid() == 0 else [])) as target:
            competitors = subjects(target.pid)
            for turn in range(rounds + 1):
                for subject in competitors:
                    _one(subject, target, counted=turn > 0)
        _print(count, rounds, competitors)


def _one(subject: Subject, target: targets.Target, *, counted: bool) -> None:
    target.ask()
    began = time.monotonic()
    done = subprocess.run(
        subject.command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=DEADLINE_S,
        check=False,
        # An installed program has its bytecode; without it every start would compile all of ours again.
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    )
    wall = time.monotonic() - began
    if done.returncode != 0:
        raise RuntimeError(f"{subject.name}: exit code {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")
    gap = target.ask()["gap_us"] / 1000
    if counted:
        subject.wall_s.append(wall)
        subject.pause_ms.append(gap)


def _print(count: int, rounds: int, competitors: list[Subject]) -> None:
    measure = competitors[0]
    print(f"\nhung child, {count} idle thread{'s' if count != 1 else ''} and a clock; medians of {rounds} rounds")
    print(f"{'':38}{'wall s':>9}{'x gdb':>8}{'pause ms':>11}{'x gdb':>8}")
    for subject in competitors:
        wall, pause = statistics.median(subject.wall_s), statistics.median(subject.pause_ms)
        # Ratios pair by pair: the two of one round met the machine in the same mood.
        walls = statistics.median(mine / its for mine, its in zip(subject.wall_s, measure.wall_s, strict=True))
        pauses = statistics.median(mine / its for mine, its in zip(subject.pause_ms, measure.pause_ms, strict=True))
        print(f"{subject.name:38}{wall:9.2f}{walls:8.2f}{pause:11.1f}{pauses:8.2f}")
