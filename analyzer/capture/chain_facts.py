"""Facts about processes that wait for each other, worked out from the waits of everybody who was looked at.

file-lock-cycle: do processes wait for each other's file locks in a circle? It is certain only where each lock has one holder and
each process of the circle one thread: another thread, or another holder of an inherited file, could release the lock.

waited-for-while-stopped: is a process stopped that another one waits for? Of a pipe that several processes may write to, any
could end the wait, which is why this fact alone proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.capture.facts.answer import unknown, yes_no
from analyzer.capture.seen import Seen
from analyzer.model import Fact

_LOCKS = "cat /proc/locks"


def chain_facts(everybody: Mapping[int, Seen]) -> dict[int, tuple[Fact, ...]]:
    """By process; a process of which neither question makes sense has none."""
    return {pid: (*_file_lock_cycle(seen, everybody), *_stopped(seen, everybody)) for pid, seen in everybody.items()}


def _file_lock_cycle(seen: Seen, everybody: Mapping[int, Seen]) -> list[Fact]:
    facts = []
    for tid, wait in seen.waits.items():
        if wait is None or wait.kind != "lock":
            continue
        path, here = [seen.pid], seen
        problem = None
        while True:
            if len(here.before.threads) > 1:
                problem = f"process {here.pid} has other threads, which may release the lock"
                break
            holders = _lock_holders(here)
            if len(holders) != 1 or holders[0] not in everybody:
                problem = f"the chain of holders ends at process {here.pid}" if not holders else None
                problem = problem or f"of the lock that process {here.pid} waits for, no single holder could be looked at"
                break
            if holders[0] in path:
                break
            path.append(holders[0])
            here = everybody[holders[0]]
        if problem is None:
            back = holders[0]
            told = " -> ".join(map(str, [*path, back]))
            if back == seen.pid:
                first = path.index(min(path))
                told = " -> ".join(map(str, [*path[first:], *path[: first + 1]]))
            facts.append(yes_no("file-lock-cycle", back == seen.pid, told, _LOCKS, tid))
        elif len(path) > 1 and not _lock_holders(here):
            facts.append(yes_no("file-lock-cycle", False, problem, _LOCKS, tid))
        else:
            facts.append(unknown("file-lock-cycle", problem, _LOCKS, tid))
    return facts


def _lock_holders(seen: Seen) -> list[int]:
    waits = (wait for wait in seen.waits.values() if wait is not None and wait.kind == "lock")
    return list(dict.fromkeys(peer.pid for wait in waits for peer in wait.peers))


def _stopped(seen: Seen, everybody: Mapping[int, Seen]) -> list[Fact]:
    if seen.before.state != "T":
        return []
    waiting = [
        (other.pid, tid, wait)
        for other in everybody.values()
        for tid, wait in other.waits.items()
        if wait is not None and not wait.timed and any(peer.pid == seen.pid for peer in wait.peers) and other is not seen
    ]
    if not waiting:
        how = f"grep State /proc/{seen.pid}/status; ls -l /proc/{seen.pid}/fd"
        return [yes_no("waited-for-while-stopped", False, "none of the processes that were looked at waits for it", how)]
    pid, tid, wait = waiting[0]
    how = f"grep State /proc/{seen.pid}/status; cat /proc/{pid}/task/{tid}/syscall; ls -l /proc/{pid}/fd"
    return [yes_no("waited-for-while-stopped", True, f"thread {tid} of process {pid} waits for {wait.text}", how)]
