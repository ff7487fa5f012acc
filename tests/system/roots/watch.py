"""Sees from /proc alone that a process waits for a lock and does not move. Needs the right to trace the process.

Apart from the analyzer on purpose: its tests must not decide by its own code that something hangs.
"""

from __future__ import annotations

import contextlib
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FUTEX_CALL = {"x86_64": 202, "s390x": 238, "aarch64": 98, "ppc64le": 221}
FUTEX_WAIT_PRIVATE = 0x80
CONTENDED = 2
"""The value in which glibc's internal locks are waited for; Go's scheduler waits for 0."""
STILL_FOR_S = 0.5


@dataclass(frozen=True)
class Thread:
    """What /proc says of one thread at one moment."""

    state: str
    syscall: tuple[str, ...]
    """Number in decimal, six arguments, stack pointer, program counter; or ("running",)."""
    switches: tuple[str, ...]
    """Voluntary and involuntary context switches so far."""


def look(pid: int, tid: int) -> Thread:
    """Raises OSError if the thread is gone or not ours to trace."""
    task = Path(f"/proc/{pid}/task/{tid}")
    status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
    switches = (status["voluntary_ctxt_switches"], status["nonvoluntary_ctxt_switches"])
    return Thread(status["State"][0], tuple((task / "syscall").read_text().split()), switches)


def threads(pid: int) -> list[int]:
    """The thread ids of a process; empty if it is gone."""
    with contextlib.suppress(OSError):
        return sorted(int(path.name) for path in Path(f"/proc/{pid}/task").iterdir())
    return []


def waits_for_lock(thread: Thread) -> bool:
    """In futex(address, FUTEX_WAIT_PRIVATE, 2, no timeout)."""
    call = thread.syscall
    if thread.state != "S" or len(call) < 5 or call[0] != str(FUTEX_CALL.get(platform.machine())):
        return False
    return [int(word, 16) for word in call[2:5]] == [FUTEX_WAIT_PRIVATE, CONTENDED, 0]


def lock_waiter(pids: Iterable[int], still_for: float = STILL_FOR_S) -> int | None:
    """The first process that has only one thread, and that one waits for a lock without moving for `still_for` seconds.

    With another thread beside it the lock could still be released; with one, only another process could do it.
    """
    for pid in pids:
        before = _lone_lock_wait(pid)
        if before is None:
            continue
        deadline = time.monotonic() + still_for
        while _lone_lock_wait(pid) == before:
            if time.monotonic() > deadline:
                return pid
            time.sleep(still_for / 20)
    return None


def futex_of(pid: int, limit_s: float = 5.0) -> int:
    """The address the process's only thread waits for. Just after a debugger has let go of it, it runs for a moment.

    Raises TimeoutError if it is not in a lock wait within the limit.
    """
    deadline = time.monotonic() + limit_s
    while (thread := _lone_lock_wait(pid)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {pid} is in no lock wait")
        time.sleep(0.002)
    return int(thread.syscall[1], 16)


def _lone_lock_wait(pid: int) -> Thread | None:
    if threads(pid) != [pid]:
        return None
    with contextlib.suppress(OSError, KeyError):
        thread = look(pid, pid)
        return thread if waits_for_lock(thread) else None
    return None
