"""lock-owner-alive and lock-owner-is-self: can the lock's holder still release it?

Only locks that record their holder can tell. A holder in another process counts as alive when the memory is shared with it.
"""

from __future__ import annotations

from analyzer.capture.facts.answer import answer, unknown, yes_no
from analyzer.capture.facts.commands import holder
from analyzer.capture.seen import Seen
from analyzer.model import Fact, Holds


def measure(seen: Seen, facts: list[Fact]) -> list[Fact]:
    """Two answers a thread that waits for a lock."""
    shared: Holds = next((fact.holds for fact in facts if fact.name == "address-space-shared"), "unknown")
    answers = []
    for tid, lock in seen.locks.items():
        how = holder(seen, lock)
        owner = lock.owner
        if owner is None:
            because = "this lock does not record who holds it"
            if tid in seen.unread_holders:
                because = f"who holds it could not be read ({seen.unread_holders[tid]})"
            elif lock.records_owner is not False:
                because = (
                    "no holder is recorded" if lock.records_owner else "it is not known whether this lock records its holder"
                )
            answers.append(unknown("lock-owner-alive", because, how, tid))
            answers.append(unknown("lock-owner-is-self", because, how, tid))
            continue
        own = owner.pid == seen.pid
        who = _who(owner.tid, owner.pid, seen.unread_holders.get(tid))
        answers.append(yes_no("lock-owner-is-self", own and owner.tid == tid, who, how, tid))
        answers.append(answer("lock-owner-alive", _alive(own, owner.orphaned, owner.pid, shared), who, how, tid))
    return answers


def _alive(own: bool, orphaned: bool | None, pid: int | None, shared: Holds) -> Holds:
    if own:
        return "yes"
    if orphaned and shared == "no":
        return "no"
    if shared == "yes":
        return "yes" if pid is not None else "unknown"
    return "unknown"


def _who(tid: int | None, pid: int | None, unread: str | None) -> str:
    if unread is not None:
        return f"the holder is none of the threads here; which one it is could not be read ({unread})"
    if tid is None:
        return "the holder has no thread id: it has exited"
    return f"the holder is thread {tid} of process {pid}" if pid else f"the holder is thread {tid}, which is not here"
