"""A core that our own capture wrote: its note brings back what the kernel knew while the process lived."""

from __future__ import annotations

from analyzer.capture.core_file import CoreFile
from analyzer.capture.own_note import OwnNote, decode
from analyzer.capture.photo_stacks import without_guesses
from analyzer.capture.procfs import Counters, ThreadSample
from analyzer.capture.seen import Seen
from analyzer.capture.small_core import OWN_NOTE, OWNER
from analyzer.capture.stacks import ThreadStack
from analyzer.capture.waits import describe, parse_syscall
from analyzer.errors import CoreUnreadable
from analyzer.lean_dataclass import replace


def own_note_of(core: CoreFile) -> OwnNote | None:
    """The note, where there is one. Raises CoreUnreadable where it is damaged."""
    for note in core.notes:
        if note.owner == OWNER and note.kind == OWN_NOTE:
            return decode(note.data, core.named)
    return None


def add_own_note(seen: Seen, own: OwnNote, named: str) -> None:
    """Threads without registers, ids of the innermost namespace, states, and whether each moved."""
    if {thread.tid for thread in seen.before.threads} != {thread.tid for thread in own.threads if thread.problem is None}:
        raise CoreUnreadable(named, "its threads are not those of the note that hanganalyze left in it")
    samples = []
    for thread in own.threads:
        counters = Counters(thread.state, None, None, None, thread.syscall)
        samples.append(ThreadSample(thread.tid, thread.namespace_tid, thread.name, thread.wchan, counters))
        if thread.moved is not None:
            seen.later[thread.tid] = None if thread.moved else counters
        if seen.syscalls.get(thread.tid) is None:
            call = parse_syscall(thread.syscall, seen.architecture, thread.wchan)
            seen.syscalls[thread.tid] = call if not thread.problem else None
        seen.waits[thread.tid] = describe(seen.syscalls[thread.tid], thread.state)
    seen.before = replace(
        seen.before,
        name=own.name,
        ppid=own.ppid,
        uid=own.uid,
        state=own.state,
        namespace_pids=own.namespace_pids,
        threads=tuple(samples),
    )
    seen.between_samples_s = own.between_samples_s
    seen.robust_list_unregistered, seen.shares_memory = own.robust_list_unregistered, own.shares_memory
    taken = "without stopping the process" if own.method == "no-stop" else f"while it stood still for {own.stopped_ms:g} ms"
    seen.notes.append(f"hanganalyze took this core {taken}")


def correct_stacks(seen: Seen, own: OwnNote) -> None:
    """Thread pointers that no register shows; stacks cut where a register was not known."""
    for thread in own.threads:
        stack = seen.stacks.threads.get(thread.tid, ThreadStack())
        if thread.problem is not None:
            stack = ThreadStack(problem=thread.problem)
        elif not thread.whole:
            stack = without_guesses(seen, stack)
        seen.stacks.threads[thread.tid] = replace(stack, thread_pointer=thread.pointer)
