"""``hanganalyze scan`` of a host with a thousand more processes: CPU seconds, beside ps in the same run.

The processes sleep; some have pools of waiting threads, as on a real host. The CPU time is that of the whole command, with the
interpreter's start and the imports. Commands take turns, after one turn that is not counted. ``python -m tests.bench.scan``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator

from tests import targets

COMMANDS = {
    "ps -eLo pid,wchan,stat": ["ps", "-eLo", "pid,wchan,stat"],
    "hanganalyze scan": [sys.executable, "-m", "analyzer", "scan"],
    "hanganalyze scan --json": [sys.executable, "-m", "analyzer", "scan", "--json"],
}
POOLS = 20
DEADLINE_S = 120.0


@contextlib.contextmanager
def sleepers(count: int) -> Iterator[None]:
    """So many processes that sleep; gone afterwards."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(count):
            started.append(subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL))
        yield
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()


def cpu_s(command: list[str]) -> float:
    """Processor time of a command, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, timeout=DEADLINE_S, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def bench(rounds: int, count: int = 1000) -> dict[str, float]:
    """Print the table; the median CPU seconds of each command."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(sleepers(count - POOLS))
        for _ in range(POOLS):
            stack.enter_context(targets.running("cond_wait_pool"))
        used: dict[str, list[float]] = {name: [] for name in COMMANDS}
        for turn in range(rounds + 1):
            for name, command in COMMANDS.items():
                spent = cpu_s(command)
                if turn:
                    used[name].append(spent)
        there = sum(name.isdecimal() for name in os.listdir("/proc"))
    medians = {name: statistics.median(values) for name, values in used.items()}
    sys.stdout.write(f"\n{there} processes, {rounds} rounds: CPU seconds, median (least to most)\n")
    for name, values in used.items():
        sys.stdout.write(f"  {name:<26} {medians[name]:.3f}  ({min(values):.3f} to {max(values):.3f})\n")
    return medians


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m tests.bench.scan", description=__doc__)
    parser.add_argument("--short", action="store_true", help="few rounds")
    bench(rounds=2 if parser.parse_args().short else 9)
