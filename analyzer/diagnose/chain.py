"""Who waits for whom, from what the person asked about to the thread at the root of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from analyzer.model import ChainLink, Finding, Lock, Process, Snapshot, Thread, ThreadRef

Key = tuple[int, int]


def chain(snapshot: Snapshot, findings: tuple[Finding, ...], subject: ThreadRef | None) -> tuple[ChainLink, ...]:
    """The links from the subject on. The last one waits for nobody who was seen, or closes a circle."""
    graph = _Graph(snapshot, findings)
    start = graph.start(subject)
    if start is None:
        return ()
    links: list[ChainLink] = []
    visited: set[Key] = set()
    here: Key | None = start
    while here is not None and here not in visited:
        visited.add(here)
        following = graph.next(here, visited)
        waits = graph.words(here)
        if following in visited:
            waits += ", which closes a circle"
        links.append(ChainLink(*here, waits, ThreadRef(*following) if following else None))
        here = following
    return tuple(links)


class _Graph:
    """Threads, and whom each one waits for."""

    def __init__(self, snapshot: Snapshot, findings: tuple[Finding, ...]) -> None:
        self.threads: dict[Key, tuple[Process, Thread]] = {
            (process.pid, thread.tid): (process, thread) for process in snapshot.processes for thread in process.threads
        }
        self.processes = {process.pid: process for process in snapshot.processes}
        self.found: dict[Key, Finding] = {}
        for finding in reversed(findings):  # the surest one stays
            self.found[finding.pid, finding.tid] = finding
        self.locks: dict[Key, Lock] = {
            (process.pid, tid): lock for process in snapshot.processes for lock in process.locks for tid in lock.waiters
        }

    def start(self, subject: ThreadRef | None) -> Key | None:
        """The thread to begin with: the one asked about, else the one of the process that leads to a finding."""
        if subject is None:
            return None
        if subject.tid is not None:
            key = (subject.pid, subject.tid)
            return key if key in self.threads else None
        return self.best(subject.pid)

    def best(self, pid: int) -> Key | None:
        """The thread of a process that matters: on the shortest way to a finding or to a thread that is held up, else the
        first that waits, else the main one."""
        process = self.processes.get(pid)
        if process is None or not process.threads:
            return None
        keys = [(pid, thread.tid) for thread in process.threads]
        towards = self._towards(keys, set())
        return towards or next((key for key in keys if any(True for _ in self.ways(key))), keys[0])

    def ways(self, key: Key) -> Iterator[Key]:
        """Threads that could end the wait of this one, of those that were seen."""
        lock = self.locks.get(key)
        if lock is not None and lock.owner is not None and lock.owner.orphaned is not True:
            owner = lock.owner
            if owner.tid is not None:
                found = self._thread(owner.pid if owner.pid is not None else key[0], owner.tid)
                if found is not None and found != key:
                    yield found
        wait = self.threads[key][1].wait
        for peer in wait.peers if wait is not None else ():
            if peer.tid is not None:
                if (peer.pid, peer.tid) in self.threads:
                    yield (peer.pid, peer.tid)
            elif peer.pid in self.processes:
                for thread in self.processes[peer.pid].threads:
                    yield (peer.pid, thread.tid)

    def next(self, key: Key, visited: set[Key]) -> Key | None:
        """Whom to name next: who leads to a finding or to a thread that is held up, else the first one not named yet, else one
        that closes a circle."""
        ways = list(self.ways(key))
        if not ways:
            return None
        fresh = [way for way in ways if way not in visited]
        if not fresh:
            return ways[0]
        leading = [way for way in fresh if self._towards([way], visited)]
        # A grandchild inherits the descriptor that the child was given: where both lead on, the child comes in between.
        return min(leading, key=lambda way: (not self._child(way, key), way not in self.found), default=fresh[0])

    def words(self, key: Key) -> str:
        """What a thread waits for, for a person."""
        process, thread = self.threads[key]
        lock = self.locks.get(key)
        if lock is not None:
            return f"waits for {_lock_words(lock)}"
        if thread.wait is not None:
            return f"waits for {thread.wait.text}"
        if thread.state == "R":
            return "runs"
        if (thread.state or process.state) in ("T", "t"):
            return "is stopped"
        found = self.found.get(key)
        if found is not None:
            return f"waits: {found.title}"
        named = next((frame.function for frame in thread.frames if frame.function), None)
        return f"waits in {named}" if named else "waits for something that was not seen"

    def _thread(self, pid: int, tid: int) -> Key | None:
        """A thread by its number, as the lock recorded it: in the innermost namespace, or as seen from here."""
        if (pid, tid) in self.threads:
            return (pid, tid)
        process = self.processes.get(pid)
        for thread in process.threads if process is not None else ():
            if thread.namespace_tid == tid:
                return (pid, thread.tid)
        return None

    def _child(self, way: Key, key: Key) -> bool:
        return self.processes[way[0]].ppid == key[0]

    def _towards(self, ways: list[Key], visited: set[Key]) -> Key | None:
        """The one of ``ways`` on the shortest way to a finding, else to a thread that cannot go on by itself."""
        return self._search(ways, visited, self.found.__contains__) or self._search(ways, visited, self._held_up)

    def _search(self, ways: list[Key], visited: set[Key], goal: Callable[[Key], bool]) -> Key | None:
        queue = deque((way, way) for way in ways)
        seen = {*visited, *ways}
        while queue:
            here, origin = queue.popleft()
            if goal(here):
                return origin
            for following in self.ways(here):
                if following not in seen:
                    seen.add(following)
                    queue.append((following, origin))
        return None

    def _held_up(self, key: Key) -> bool:
        """Stopped, uninterruptible, or at a known lock whose holder is not one of the threads that were seen."""
        thread, lock = self.threads[key][1], self.locks.get(key)
        if thread.state in ("T", "t", "D"):
            return True
        # An unnamed futex word is as likely that of a pool that waits for work.
        return lock is not None and (lock.symbol or lock.owner) is not None and not any(True for _ in self.ways(key))


def _lock_words(lock: Lock) -> str:
    name = lock.symbol or f"the lock at {lock.address}"
    owner = lock.owner
    if owner is None:
        return f"{name}, which records no holder" if lock.records_owner is False else f"{name}, whose holder is not known"
    who = f"thread {owner.tid}" if owner.tid is not None else f"the thread at {owner.address}"
    if owner.orphaned:
        return f"{name}, held by {who}, which does not exist in this process"
    return f"{name}, held by {who}"
