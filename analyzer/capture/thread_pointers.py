"""Where each thread's struct pthread lies, without its registers: nothing is stopped, no ptrace call is made.

An ordinary thread: glibc registers its robust list with the kernel, and the list's head is a member of struct pthread, so
get_robust_list(2) gives the address. A thread whose list is not registered (after a raw clone): it has the control block of
the thread that made the clone, which is the one on whose stack it runs. glibc lists all control blocks; that of a thread
lies at the upper end of its stack, in the same mapping; the main thread's is the only one that is not on any stack. Where that
leads to no single answer, there is none. Offsets: ``architecture``; rings: ``glibc_threads``.
"""

from __future__ import annotations

import os

from analyzer.capture.architecture import ARCHITECTURES
from analyzer.capture.glibc_threads import Listed, all_listed, self_pointer
from analyzer.capture.kernel_calls import robust_list_head
from analyzer.capture.memory import MemoryUnreadable
from analyzer.capture.seen import Seen

_UNUSED = 0


def thread_pointers(seen: Seen) -> dict[int, int]:
    """By thread id; threads whose pointer cannot be told are missing. For a live process with glibc."""
    ours, architecture = ARCHITECTURES.get(os.uname().machine), seen.architecture
    if ours is None or architecture is None or seen.libc.value.kind != "glibc":
        return {}
    pointers: dict[int, int] = {}
    unregistered: list[int] = []
    for thread in seen.before.threads:
        head = robust_list_head(thread.tid, ours.get_robust_list)
        if isinstance(head, str):
            continue
        if head == _UNUSED:
            unregistered.append(thread.tid)
        elif _is_its_own(seen, head - architecture.robust_head_offset, thread.namespace_tid):
            pointers[thread.tid] = head - architecture.robust_head_offset
    for tid in unregistered:
        pointer = _by_stack(seen, tid)
        if pointer is not None and pointer not in pointers.values():
            pointers[tid] = pointer
    return pointers


def _is_its_own(seen: Seen, pointer: int, namespace_tid: int) -> bool:
    """A control block points to itself where the architecture has that; else glibc's id in it has to be the kernel's."""
    try:
        points_to_itself = self_pointer(seen, pointer)
        return points_to_itself if points_to_itself is not None else seen.stored_tid(pointer) == namespace_tid
    except MemoryUnreadable:
        return False


def _by_stack(seen: Seen, tid: int) -> int | None:
    """The control block of the thread on whose stack ``tid`` runs."""
    syscall = seen.syscalls.get(tid)
    if syscall is None or syscall.stack_pointer is None or seen.space is None:
        return None
    stack_pointer = int(syscall.stack_pointer, 16)
    stack = seen.space.at(stack_pointer)
    if stack is None:
        return None
    used, user = all_listed(seen)
    if stack.path == "[stack]":
        return _only(user)
    return _only([one for one in used if stack_pointer < one.pointer and seen.space.at(one.pointer) == stack])


def _only(found: list[Listed]) -> int | None:
    return found[0].pointer if len(found) == 1 else None
