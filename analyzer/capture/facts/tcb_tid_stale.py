"""tcb-tid-stale: does glibc believe in another thread id than the kernel gives?

glibc's fork and thread start write the kernel's id into struct pthread; a raw clone leaves the parent's there. Compared with
the id in the innermost pid namespace, which is what gettid() returns. It lies towards «no»: in a new pid namespace the new
number may happen to equal the old one. A vfork child shares its parent's structure, so it reads stale too; that is what
address-space-shared is for.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.capture.facts.answer import unknown, yes_no
from analyzer.capture.facts.commands import stored_tid
from analyzer.capture.glibc_threads import not_copied
from analyzer.capture.memory import MemoryUnreadable
from analyzer.capture.seen import Seen
from analyzer.model import Fact

_NAME = "tcb-tid-stale"


def measure(seen: Seen, family: Mapping[int, Seen]) -> list[Fact]:  # noqa: ARG001 - every fact has the same form
    """One answer for the process, from its main thread."""
    pointer = seen.thread_pointer(seen.pid)
    how = stored_tid(seen, pointer)
    if seen.libc.value.kind != "glibc":
        return [unknown(_NAME, seen.libc.why_unknown or "not glibc", how)]
    leader = seen.leader
    if leader is None or pointer is None:
        return [unknown(_NAME, "the main thread's thread pointer was not read", how)]
    try:
        stored = seen.stored_tid(pointer)
    except MemoryUnreadable as error:
        return [unknown(_NAME, str(error), how)]
    value = f"glibc says {stored}, the kernel says {leader.namespace_tid}"
    if seen.foreign_numbers and stored != leader.namespace_tid:
        # gdb's gcore notes the ids that gdb sees, which are others if the process has a pid namespace of its own. What no
        # namespace explains is a thread that glibc lists with an id and that is not here.
        left_behind = not_copied(seen)
        if not left_behind:
            because = "gdb wrote this core, and its ids may be those of another pid namespace"
            return [unknown(_NAME, f"{because}: {value}", how)]
        value += f"; and glibc lists {len(left_behind)} with ids that are not here, such as {left_behind[0].tid}"
    return [yes_no(_NAME, stored != leader.namespace_tid, value, how)]
