"""lock-orphaned: is the lock held by a thread that does not exist in this process?

A lock that records its holder tells directly. One that does not (malloc's arenas, atfork_lock, the nss lock) is orphaned when
nobody is there who could hold it: the waiting thread is the only one, and the memory is the process's own. That argument
fails when the waiting thread holds the lock itself (a signal handler, a callback): signatures veto those by their frames.
"""

from __future__ import annotations

from analyzer.capture.facts.answer import answer
from analyzer.capture.facts.commands import holder
from analyzer.capture.own_stack import runs_on_copied_stack
from analyzer.capture.seen import Seen
from analyzer.model import Fact, Holds, Lock

_NAME = "lock-orphaned"


def measure(seen: Seen, facts: list[Fact]) -> list[Fact]:
    """One answer a thread that waits for a lock."""
    shared: Holds = next((fact.holds for fact in facts if fact.name == "address-space-shared"), "unknown")
    answers = []
    for tid, lock in seen.locks.items():
        holds, value = _decide(seen, tid, lock, shared)
        how = holder(seen, lock)
        answers.append(answer(_NAME, holds, value, how, tid))
    return answers


def _decide(seen: Seen, tid: int, lock: Lock, shared: Holds) -> tuple[Holds, str]:
    if lock.word == 0:
        return "no", "the lock is free"
    if lock.word is None:
        return "unknown", "could not check: the lock word could not be read"
    if shared == "yes":
        return "no", "the memory is shared with another process, whose threads can release the lock"
    owner, unread = lock.owner, seen.unread_holders.get(tid)
    if owner is None and unread is not None:  # it may be the waiting thread itself
        return "unknown", f"could not check: who holds it could not be read ({unread})"
    if owner is not None and owner.orphaned is False:
        return "no", f"its holder, thread {owner.tid}, is a thread of this process"
    # A core cannot be asked; there the thread's own stack has to speak against shared memory.
    if shared == "unknown" and (seen.live or not runs_on_copied_stack(seen, tid)):
        return "unknown", "could not check: it is not known whether the memory is shared with another process"
    if owner is not None and owner.orphaned:
        if owner.pid is not None:
            routine = f", which runs {owner.function}" if owner.function else ""
            return (
                "yes",
                f"its holder is thread {owner.tid} of process {owner.pid}{routine}; this process has no such thread",
            )
        if owner.tid is None:
            return "yes", "its holder has exited"
        return "yes", f"its holder is thread {owner.tid}; this process has no such thread"
    if len(seen.before.threads) == 1:
        recorded = "its holder is not recorded" if lock.records_owner is not True else "no holder is noted in it"
        if unread is not None:
            recorded = "the thread that it names as its holder could not be read"
        return "yes", f"it is held, {recorded}, and the only thread of this process waits for it"
    if unread is not None:
        return "unknown", f"could not check: who holds it could not be read ({unread})"
    return (
        "unknown",
        f"could not check: the holder is not recorded, and the process has {len(seen.before.threads)} threads",
    )
