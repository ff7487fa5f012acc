"""Which threads of the survey are worth a second look: in a futex wait without a timeout, stopped, or uninterruptible."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from analyzer.capture.architecture import Architecture
from analyzer.capture.procfs import read_text
from analyzer.capture.waits import FUTEX_LOCK_PI, FUTEX_LOCK_PI2, FUTEX_PRIVATE, FUTEX_WAIT, FutexWait, futex_wait, parse_syscall
from analyzer.scan.survey import Row, read_short

_SIGN = 1 << 31
_PRIORITY_INHERITING = {FUTEX_LOCK_PI, FUTEX_LOCK_PI2}


class Candidate(NamedTuple):
    """A thread that stands where a hung one would."""

    row: Row
    tid: int
    futex: FutexWait | None
    """None for a thread that is stopped or uninterruptible."""
    private: bool
    """No other process can wake it."""


def candidates(rows: Iterable[Row], architecture: Architecture) -> Iterator[Candidate]:
    """All of them; a thread that only waits with a timeout, for input or for a child is none."""
    futex_numbers = tuple(f"{number} " for number, name in architecture.syscalls.items() if name in {"futex", "futex_wait"})
    for row in rows:
        if row.state in "TtD":
            yield Candidate(row, row.pid, None, private=False)
            continue
        for tid, line in row.calls.items():
            if not line.startswith(futex_numbers):
                continue
            call = parse_syscall(line, architecture)
            futex = futex_wait(call)
            if call is not None and futex is not None and not futex.timed:
                yield Candidate(row, tid, futex, bool(int(call.arguments[1], 16) & FUTEX_PRIVATE))


def like_lock(futex: FutexWait) -> bool:
    """Whether ``for_lock`` could say yes, whatever the C library."""
    if futex.operation in _PRIORITY_INHERITING:
        return True
    return futex.operation == FUTEX_WAIT and (futex.expected == 2 or bool(futex.expected & _SIGN))


def for_lock(futex: FutexWait, libc: str) -> bool:
    """Whether a wait is for a lock, as far as the expected value tells.

    glibc's low-level lock waits while its word is 2 (held, and somebody waits), musl's while it is negative. Condition
    variables, semaphores and joins expect other values, or call FUTEX_WAIT_BITSET.
    """
    if futex.operation != FUTEX_WAIT:
        return futex.operation in _PRIORITY_INHERITING
    return bool(futex.expected & _SIGN) if libc == "musl" else futex.expected == 2


def libc_of(pid: int) -> str:
    """glibc, musl, none (a static program) or unknown, by the names of the mapped files: the scan reads no memory."""
    maps = read_text(f"/proc/{pid}/maps")
    if not maps:
        return "unknown"
    if "/ld-musl-" in maps or "/libc.musl-" in maps:
        return "musl"
    return "glibc" if "/libc.so.6" in maps or "/libc-2." in maps else "none"


def runs(pid: int, tid: int) -> str | None:
    """What changes whenever a thread runs: the scheduler's line (processor time, time in the queue, number of runs), from kernels
    without it the numbers of context switches. None = it is gone."""
    folder = f"/proc/{pid}/task/{tid}"
    if line := read_short(f"{folder}/schedstat"):
        return line
    lines = (read_text(f"{folder}/status") or "").split("\n")
    return "".join(line for line in lines if "ctxt_switches" in line) or None


def task_ids(pid: int) -> list[int]:
    """All threads now; none when it is gone."""
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []
