"""wait4, waitid and vfork: which child is waited for."""

from __future__ import annotations

from analyzer.capture.architecture import ARCHITECTURES
from analyzer.capture.peers.answer import Answer
from analyzer.capture.peers.descriptor import Descriptor
from analyzer.capture.procfs import children, numbers, process_state, read_text, status_fields
from analyzer.model import Syscall, ThreadRef

_P_ALL, _P_PID, _P_PGID, _P_PIDFD = range(4)
_CLONE_VFORK = 0x4000


def waited_for(pid: int, syscall: Syscall) -> Answer:
    """The child or children that a wait4 or waitid of process ``pid`` is for."""
    first, second = (int(argument, 16) for argument in syscall.arguments[:2])
    if syscall.name == "wait4":
        number = first & 0xFFFFFFFF
        number -= (number & 0x80000000) << 1
        group = -number if number < -1 else 0
        return _children(pid, number if number > 0 else None, group)
    if first == _P_PIDFD:
        return by_pidfd(Descriptor(pid, second & 0xFFFFFFFF, "process", ""))
    return _children(pid, second & 0xFFFFFFFF if first == _P_PID else None, second & 0xFFFFFFFF if first == _P_PGID else 0)


def by_pidfd(end: Descriptor) -> Answer:
    """The process that a pidfd speaks of."""
    ids = numbers(" ".join(end.info("Pid")))
    if not ids or ids[0] <= 0:
        return Answer(f"a process to end (pidfd, file descriptor {end.number})")
    return Answer(f"process {ids[0]} to end (pidfd, file descriptor {end.number})", (ThreadRef(ids[0]),))


def vfork_child(pid: int, tid: int, syscall: Syscall, architecture: str | None) -> Answer | None:
    """The child for whose exec or end a vfork waits; None for a clone that does not wait."""
    if syscall.name == "clone":
        known = ARCHITECTURES.get(architecture or "")
        flags = int(syscall.arguments[known.clone_flags if known else 0], 16)
        if not flags & _CLONE_VFORK:
            return None
    own = numbers(read_text(f"/proc/{pid}/task/{tid}/children"))
    return Answer("its child to call exec or to end (vfork)", tuple(ThreadRef(child) for child in own[-1:]))


def _children(pid: int, number: int | None, group: int) -> Answer:
    """``number`` is a pid in the waiter's own namespace; None = any child, of ``group`` if that is not 0."""
    alive = [child for child in children(pid) if process_state(child) not in {None, "Z", "X"}]
    if number is not None:
        chosen = [child for child in alive if number in _numbers(child, "NSpid")]
        text = f"its child {number} to end"
    elif group:
        chosen = [child for child in alive if group in _numbers(child, "NSpgid")]
        text = f"any of its children in process group {group} to end"
    else:
        chosen, text = alive, "any of its children to end"
    return Answer(text, tuple(ThreadRef(child) for child in chosen), "" if chosen else "of which none is left that runs")


def _numbers(pid: int, field: str) -> tuple[int, ...]:
    return numbers(status_fields(read_text(f"/proc/{pid}/status") or "").get(field)) or (pid,)
