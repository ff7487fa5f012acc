"""Which way of capturing a process, and why: a sentence for the report."""

from __future__ import annotations

from typing import Literal

from analyzer.capture.memory import MemoryUnreadable
from analyzer.capture.seen import Seen

Choice = Literal["auto", "attach", "stop", "no-stop"]
Method = Literal["attach", "stop", "no-stop"]


def choose(seen: Seen, wanted: Choice) -> tuple[Method, str]:
    """The method for one process, after its second sample."""
    leader = seen.leader
    if wanted in {"auto", "attach"} and leader is not None and leader.counters.state in {"Z", "X"}:
        return "stop", "its main thread has ended, and gdb attaches to a process by its main thread only"
    if wanted != "auto":
        return wanted, "it was asked for"
    doomed = ended_by_a_stop(seen)
    if doomed is not None:
        return "no-stop", f"thread {doomed} waits for a word that can no longer be read, and a stop would end the process"
    moved = [thread.tid for thread in seen.before.threads if seen.moved(thread.tid) is not False]
    if not moved:
        return "attach", "nothing of it moved between two samples, so standing still costs it nothing, and gdb sees most live"
    if seen.architecture is None or seen.libc.value.kind != "glibc":
        return "attach", "some of its threads work, but only gdb knows this kind of program"
    count = f"{len(moved)} of its {len(seen.before.threads)} threads work"
    if seen.pid in moved:
        return "stop", f"{count}, the main one among them, so it was stopped as shortly as can be"
    if seen.architecture.returns_by_register:
        # It is in a register that /proc does not show; working it out succeeds often, not always.
        return "stop", f"{count}, and without a stop {seen.architecture.name} does not show where a thread returns to"
    return "no-stop", f"{count}, so it was photographed without stopping it"


def ended_by_a_stop(seen: Seen) -> int | None:
    """A thread whose futex call cannot be made again, as its word was unmapped meanwhile: after any stop the kernel restarts the
    call, which then fails, and libc aborts. None: there is none that we know of."""
    if seen.memory is None or seen.space is None:
        return None
    good: set[int] = set()
    for tid in seen.syscalls:
        wait = seen.futex(tid)
        if wait is None or wait.address in good or seen.moved(tid) is not False:
            continue
        mapping = seen.space.at(wait.address)
        if mapping is None or not mapping.permissions.startswith("r"):
            return tid
        try:
            seen.memory.read(wait.address, 4)
        except MemoryUnreadable:
            return tid
        good.add(wait.address)
    return None


def needs_stop(seen: Seen, important: list[int]) -> str | None:
    """After a photograph without a stop: whether a stack that matters was not to be had, and which."""
    missing = [tid for tid in important if (stack := seen.stacks.threads.get(tid)) is None or stack.problem is not None]
    if not missing:
        return None
    named = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
    return f"without a stop the stack of thread {named} could not be seen whole"
