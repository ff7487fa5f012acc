"""What to do about what could not be told, by who reads it: with the process at hand, with a core, or with a text only.

Whoever holds a text can get more from its reporter alone, so the advice names what to ask for; whoever holds a core can give
the files of the machine that it came from.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.model import CaptureMethod, Thread

ALL_STACKS = "gdb -p PID -batch -ex 'thread apply all bt'"
"""The command of which a reporter sends the output."""
_KERNEL = "[kernel]"


def whole_stack(method: CaptureMethod) -> str:
    """Frames are missing where they would decide."""
    if method == "trace":
        return f"ask for the whole stack, with debug symbols ({ALL_STACKS})."
    if method == "core":
        return "name the program and the files of its machine (--exe, --sysroot), or install the debug symbols."
    return "take the whole stack (gdb: set backtrace limit unlimited; install debug symbols)."


def who_holds_it(method: CaptureMethod) -> str:
    """A lock is waited for, and its holder is not known."""
    if method == "trace":
        return f"who holds it? Ask for the stacks of all its threads, and of its parent ({ALL_STACKS})."
    if method == "core":
        files = "name the files of its machine (--exe, --sysroot) or install debug symbols"
        return f"who holds it? Look at the other threads, and {files}."
    return "who holds it? Look at the other threads, and install the debug symbols of libc and the program."


def names(method: CaptureMethod) -> str:
    """No frame has a name."""
    if method == "trace":
        return f"ask for the stack with debug symbols (gdb: set debuginfod enabled on; {ALL_STACKS})."
    return "install the debug symbols, or name the program with --exe."


def only_seen_from_the_kernel(thread: Thread) -> str | None:
    """For a thread of a text whose frames are the kernel's, or that has only a system call; None where user frames are."""
    if any(frame.module != _KERNEL for frame in thread.frames):
        return None
    if thread.frames:
        inside = thread.wait.text if thread.wait is not None else f"something in the kernel ({thread.frames[0].function})"
    elif thread.wait is not None:
        inside = thread.wait.text
    else:
        return None
    return f"waits for {inside}; what that is, only its own stack tells: ask for that ({ALL_STACKS})."


def more_than_possible(signature: str, method: CaptureMethod, missing: Sequence[str]) -> str:
    """What would make a possible finding more than that."""
    if method == "trace":
        return (
            f"{signature} fits the stack; a text proves nothing: ask for the report of «hanganalyze PID» made while it hangs, "
            "or for a core (gcore PID)."
        )
    if missing:
        return f"{signature} fits the stack; what could not be answered: {', '.join(missing)}."
    return f"{signature} fits the stack, and no fact makes it more than possible."
