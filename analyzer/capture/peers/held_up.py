"""Threads that the kernel itself holds up: stopped, traced, or asleep where no signal reaches them (state D)."""

from __future__ import annotations

import re

from analyzer.capture.peers.answer import Answer
from analyzer.capture.procfs import read_text
from analyzer.model import ThreadRef

_FUNCTION = re.compile(r"^\[<[^>]*>\]\s+([\w.]+)", re.MULTILINE)
_KERNEL_FRAMES = 4
_ENTRY = ("entry_", "do_syscall", "__do_syscall", "x64_sys_call", "system_call", "el0", "ret_from_")
"""How the kernel is entered, which is the same for everybody."""


def stopped(pid: int) -> Answer:
    """State T: a signal stopped it, and anybody with the right may send the one that continues it."""
    return Answer(f"a signal that continues it (kill -CONT {pid}; in a shell: fg)")


def traced(tracer: int) -> Answer:
    """State t, or stopped while a debugger is attached. ``tracer`` is 0 where it is not visible from here."""
    if not tracer:
        return Answer("its tracer (a debugger)")
    name = (read_text(f"/proc/{tracer}/comm") or "").strip()
    return Answer(f"its tracer, process {tracer} ({name})", (ThreadRef(tracer),))


def kernel_stack(pid: int, tid: int) -> tuple[str, ...]:
    """The innermost functions of the kernel that a thread sleeps in; empty where only root may know."""
    text = read_text(f"/proc/{pid}/task/{tid}/stack") or ""
    functions = (name for name in _FUNCTION.findall(text) if not name.startswith(_ENTRY))
    return tuple(functions)[:_KERNEL_FRAMES]


def in_kernel(pid: int, tid: int, wchan: str | None) -> str:
    """Where a thread in state D is, in words."""
    functions = kernel_stack(pid, tid) or ((wchan,) if wchan else ())
    where = f" in {' <- '.join(functions)}" if functions else ""
    return f"uninterruptible{where}"
