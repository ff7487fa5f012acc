"""parent-waits-for-it and multithreaded-parent: what the user sees hang is often the parent of the process that hangs."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.capture.facts.answer import unknown, yes_no
from analyzer.capture.seen import Seen
from analyzer.model import Fact


def measure(seen: Seen, family: Mapping[int, Seen]) -> list[Fact]:
    """Two answers for the process."""
    parent = family.get(seen.before.ppid)
    how = f"cat /proc/{seen.before.ppid}/task/*/syscall; ls -l /proc/{seen.before.ppid}/fd"
    if parent is None:
        because = "its parent was not examined (it has exited, or it is another program)"
        return [unknown("parent-waits-for-it", because, how), unknown("multithreaded-parent", because, how)]
    waiting = None
    for tid, wait in parent.waits.items():
        if wait is not None and any(peer.pid == seen.pid for peer in wait.peers):
            waiting = (tid, wait.text)
            break
    value = f"thread {waiting[0]} of process {parent.pid} waits for {waiting[1]}" if waiting else "no thread of it does"
    count = len(parent.before.threads)
    return [
        yes_no("parent-waits-for-it", waiting is not None, value, how),
        yes_no("multithreaded-parent", count > 1, f"the parent has {count} threads", f"ls /proc/{parent.pid}/task"),
    ]
