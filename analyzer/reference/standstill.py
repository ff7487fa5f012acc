"""Whether a process waits for a lock that never comes, told from /proc alone."""

from __future__ import annotations

import platform
import time
from pathlib import Path

from analyzer.capture.architecture import futex_number
from analyzer.lean_dataclass import dataclass

FUTEX_WAIT, FUTEX_WAIT_BITSET = 0, 9
FUTEX_COMMAND = 0x7F
"""The operation without its flags (private, realtime clock)."""

ENOUGH_SAMPLES = 5
LONG_ENOUGH = 0.2
"""Seconds between the first and the last of the equal samples."""


@dataclass(frozen=True)
class LockWait:
    """A process with one thread that waits for a lock."""

    pid: int
    lock: int
    """Address of the futex word."""


@dataclass(frozen=True)
class _Sample:
    lock: int
    syscall: str
    switches: tuple[str, ...]


class Standstill:
    """Watches one process. Hung: the same futex wait without timeout and no context switch over several samples."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._last: _Sample | None = None
        self._equal = 0
        self._since = 0.0

    def look(self) -> LockWait | None:
        """Take a sample; the wait, once it has been the same for long enough."""
        now = time.monotonic()
        sample = _sample(self.pid)
        if sample is None or sample != self._last:
            self._last, self._equal, self._since = sample, 1, now
            return None
        self._equal += 1
        if self._equal < ENOUGH_SAMPLES or now - self._since < LONG_ENOUGH:
            return None
        return LockWait(self.pid, sample.lock)


def _sample(pid: int) -> _Sample | None:
    folder = Path("/proc", str(pid))
    try:
        syscall = (folder / "syscall").read_text()
        status = (folder / "status").read_text()
    except OSError:  # ended, or not ours to look at
        return None
    words = syscall.split()
    if len(words) < 7 or words[0] != str(futex_number(platform.machine())):
        return None
    lock, operation, timeout = int(words[1], 16), int(words[2], 16), int(words[4], 16)
    if operation & FUTEX_COMMAND not in (FUTEX_WAIT, FUTEX_WAIT_BITSET) or timeout != 0:
        return None
    switches = tuple(line for line in status.splitlines() if "ctxt_switches" in line)
    return _Sample(lock, syscall, switches)
