"""Facts that follow from the rest of the snapshot: who holds the locks that others wait for."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.model import CaptureMethod, Fact, Holds, Lock, Process, Thread
from analyzer.model.facts import FACTS

_LOCKS_SHOWN = 8
Rule = Callable[[Process, Thread, Lock | None], tuple[Holds, str]]


def derive(name: str, process: Process, thread: Thread, lock: Lock | None, method: CaptureMethod) -> Fact:
    """The answer to a derived fact for one thread, which waits for ``lock`` (None: not known)."""
    holds, value = _RULES[name](process, thread, lock)
    return Fact(name, FACTS[name].asked, holds, value, _how(name, process, thread, lock, method), tid=thread.tid)


def _how(name: str, process: Process, thread: Thread, lock: Lock | None, method: CaptureMethod) -> str:
    """The command that shows what the answer rests on."""
    if method == "trace":
        return "in the text that was given"
    if method != "core" and name == "single-thread":
        return f"ls /proc/{process.pid}/task"
    if method != "core" and name == "futex-private":
        return f"cat /proc/{process.pid}/task/{thread.tid}/syscall"
    # A mutex: lock word, count, thread id of its holder. A circle takes as many as have a waiter.
    locks = process.locks[:_LOCKS_SHOWN] if name == "lock-cycle" else (lock,) if lock is not None else ()
    shown = " ".join(f"-ex 'x/3dw {one.address}'" for one in locks) or "-ex 'thread apply all bt'"
    return f"gdb -batch {shown} PROGRAM CORE" if method == "core" else f"gdb -p {process.pid} -batch {shown}"


def _single_thread(process: Process, _thread: Thread, _lock: Lock | None) -> tuple[Holds, str]:
    count = max(process.threads_total or 0, len(process.threads))
    if count > 1:
        return "no", f"{count} threads were seen"
    return "unknown", "one thread was seen; whether there are more was not asked"


_FUTEX_PRIVATE = 0x80  # linux/futex.h


def _futex_private(_process: Process, thread: Thread, _lock: Lock | None) -> tuple[Holds, str]:
    call = thread.syscall
    if call is None or call.name != "futex" or len(call.arguments) < 2:
        return "unknown", "its futex call was not seen"
    try:
        operation = int(call.arguments[1], 0)
    except ValueError:
        return "unknown", f"the call's operation is {call.arguments[1]}"
    return ("yes" if operation & _FUTEX_PRIVATE else "no"), f"futex operation {operation:#x}"


def _owner_elsewhere(process: Process, _thread: Thread, lock: Lock | None) -> tuple[Holds, str]:
    if lock is None:
        return "unknown", "the lock it waits for is not known"
    owner = lock.owner
    if owner is None or owner.tid is None:
        return "unknown", "the lock's holder is not known"
    if owner.pid is None:
        if owner.orphaned is None:
            return "unknown", f"where thread {owner.tid} lives is not known"
        return "no", f"no process that was looked at has a thread {owner.tid}"
    if owner.pid == process.pid:
        return "no", f"thread {owner.tid} belongs to this process"
    return "yes", f"thread {owner.tid} belongs to process {owner.pid}"


def _cycle(process: Process, thread: Thread, lock: Lock | None) -> tuple[Holds, str]:
    if lock is None:
        return "unknown", "the lock it waits for is not known"
    held_for = {tid: one for one in process.locks for tid in one.waiters}
    members = {one.tid: one for one in process.threads}
    by_namespace = {one.namespace_tid: one.tid for one in process.threads if one.namespace_tid is not None}
    path = [thread.tid]
    following: Lock | None = lock
    while following is not None:
        owner = following.owner
        if owner is None or owner.tid is None:
            return "unknown", f"the holder of the lock at {following.address} is not known"
        tid = owner.tid if owner.tid in members else by_namespace.get(owner.tid, owner.tid)
        if tid in path:
            circle = path[path.index(tid) :]
            first = circle.index(min(circle))  # all members tell it from the same thread on
            told = _arrows([*circle[first:], *circle[: first + 1]])
            if tid != thread.tid:
                return "no", f"it waits for a circle of others: {told}"
            return ("yes", told) if len(circle) > 1 else ("no", "it waits for itself")
        if tid not in members:
            return "no", f"it ends at thread {tid}, which is not in this process"
        path.append(tid)
        following = held_for.get(tid)
    return "no", f"it ends at thread {path[-1]}, which waits for no lock"


def _arrows(tids: list[int]) -> str:
    return " -> ".join(str(tid) for tid in tids)


_RULES: dict[str, Rule] = {
    "single-thread": _single_thread,
    "futex-private": _futex_private,
    "lock-owner-elsewhere": _owner_elsewhere,
    "lock-cycle": _cycle,
}
