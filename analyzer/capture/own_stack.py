"""Does a thread run on the stack it was copied with? A sign, for a core, that its process does not share memory with another.

A process that shares its memory (CLONE_VM) needs a stack of its own, made for it, and its first function is called by clone();
one that a fork-like clone copied goes on in the frames of its caller, out to main() or a thread's start. Only a vfork child
shares memory and goes on in its caller's frames too; that cannot be told from a core.
"""

from __future__ import annotations

from analyzer.capture.seen import Seen

_BEGINNINGS = {"main", "_start", "__libc_start_main", "__libc_start_main_impl", "__libc_start_call_main", "start_thread"}
_CLONES = {"clone", "__clone", "__GI___clone", "clone3", "__clone3", "__GI___clone3", "thread_start", "__thread_start"}


def runs_on_copied_stack(seen: Seen, tid: int) -> bool:
    """True where its frames lead to the beginning of a program or thread, or where its stack is that of the thread whose
    control block it has; False where it may have been given a stack of its own."""
    frames = seen.frames(tid)
    names = [(frame.function or "").partition("@")[0] for frame in frames]
    if any(name in _BEGINNINGS for name in names):
        return True
    if names and names[-1] in _CLONES:
        return False
    syscall, pointer = seen.syscalls.get(tid), seen.thread_pointer(tid)
    if syscall is None or syscall.stack_pointer is None or pointer is None or seen.space is None:
        return False
    stack = seen.space.at(int(syscall.stack_pointer, 16))
    return stack is not None and (stack.path == "[stack]" or stack == seen.space.at(pointer))
