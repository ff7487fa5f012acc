"""flock and fcntl locks: who holds the lock that a thread waits for, from /proc/locks.

A line ``N: -> ...`` is a waiter of the line ``N:`` above it. The pid is the process that asked for the lock, not who has it now:
a flock stays with the open file, so it may outlive that process in a child that inherited the descriptor. Its fdinfo has it.
"""

from __future__ import annotations

import re

from analyzer.capture.peers.answer import Answer, held
from analyzer.capture.peers.descriptor import Descriptor
from analyzer.capture.peers.holders import Holders
from analyzer.capture.procfs import process_state, read_text
from analyzer.lean_dataclass import dataclass

_LINE = re.compile(
    r"^(\d+):(\s+->)?\s+(FLOCK|POSIX|OFDLCK|LEASE|DELEG|ACCESS)\s+\S+\s+(\S+)\s+(-?\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s"
)


@dataclass(frozen=True)
class FileLock:
    """One line of /proc/locks."""

    number: int
    """Waiters have the number of the lock that they wait for."""
    waits: bool
    kind: str
    """FLOCK, POSIX (fcntl) or OFDLCK (fcntl on an open file)."""
    pid: int
    """Who asked for it; -1 for OFDLCK, 0 for a process of another pid namespace."""
    inode: int


def file_locks(text: str) -> list[FileLock]:
    """Everything in the text of /proc/locks: the locks and those who wait for them."""
    found = (_LINE.match(line) for line in text.split("\n"))
    return [FileLock(int(one[1]), bool(one[2]), one[3], int(one[5]), int(one[6])) for one in found if one]


class FileLocks:
    """/proc/locks, read once an analysis."""

    def __init__(self, holders: Holders) -> None:
        self._holders = holders
        self._locks: list[FileLock] | None = None

    def answer(self, file: Descriptor, call: str) -> Answer:
        """Who holds the lock on ``file`` for which its process waits in ``call`` (flock or fcntl)."""
        text = f"the {'flock' if call == 'flock' else 'record lock'} on {file.words}"
        if self._locks is None:
            self._locks = file_locks(read_text("/proc/locks") or "")
        kinds = {"FLOCK"} if call == "flock" else {"POSIX", "OFDLCK"}
        here = [lock for lock in self._locks if lock.inode == file.inode and lock.kind in kinds]
        numbers = {lock.number for lock in here if lock.waits and lock.pid in {file.pid, -1, 0}}
        locks = [lock for lock in here if not lock.waits and (not numbers or lock.number in numbers)]
        pids = [lock.pid for lock in locks if lock.pid > 0 and process_state(lock.pid) not in {None, "Z"}]
        if not locks or any(lock.kind != "POSIX" for lock in locks):
            # Whoever has the open file holds the lock with it, and whoever took it may have closed it. Inside a pid namespace
            # the kernel leaves out locks whose taker has ended; fdinfo shows them there too.
            known = self._holders.of_file(file)
            having = {one.pid for one in known if any(kind in line for line in one.info("lock") for kind in kinds)}
            pids = sorted(having, key=lambda pid: pid not in pids) or pids
        if pids or locks:
            return held(text, file.pid, pids, self._holders, what="which")
        return Answer(text)
