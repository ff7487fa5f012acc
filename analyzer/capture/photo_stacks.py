"""From a photograph to stacks: gdb reads it as a core while the process goes on. Nothing in it is written to a disk."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from analyzer.capture import core_stacks
from analyzer.capture.frame_pointer import frame_pointer
from analyzer.capture.gdbmi import MiSession
from analyzer.capture.own_note import NotedThread, OwnNote, encode
from analyzer.capture.photo import Photo
from analyzer.capture.return_address import Caller, caller
from analyzer.capture.seen import Seen
from analyzer.capture.small_core import UNKNOWN, write_core
from analyzer.capture.stacks import SIGNAL, RawFrame, Stacks, ThreadStack
from analyzer.lean_dataclass import replace
from analyzer.model import Fact

_NEEDS_REGISTER = "its outer frames need a register that only a stopped thread shows (--capture stop)"


def stacks_of(
    session: MiSession, seen: Seen, photo: Photo, pointers: Mapping[int, int], first: Sequence[int], addresses: Sequence[int]
) -> Stacks:
    """The stacks in a photograph, with the thread pointers that are known of it. See ``core_stacks.photograph``."""
    stacks = Stacks(stopped_ms=photo.stopped_ms)
    if any(thread.program_counter is not None and thread.problem is None for thread in photo.threads.values()):
        stacks = _read(session, seen, photo, pointers, first, addresses, alike_once=True)
    if _find_registers(session, seen, photo, stacks):
        stacks = _read(session, seen, photo, pointers, first, addresses, alike_once=False)
    else:
        core_stacks.explain_ends(session, stacks)
    stacks.stopped_ms = photo.stopped_ms
    stacks.notes += photo.notes
    for tid, thread in photo.threads.items():
        stack = stacks.threads.get(tid)
        if thread.problem is not None:
            stacks.threads[tid] = ThreadStack(problem=thread.problem)
        elif stack is not None and thread.registers is None:
            stacks.threads[tid] = _without_uncertain_line(without_guesses(seen, stack), thread.caller)
    for tid, pointer in pointers.items():
        stacks.threads[tid] = replace(stacks.threads.get(tid, ThreadStack()), thread_pointer=pointer)
    return stacks


def _read(
    session: MiSession,
    seen: Seen,
    photo: Photo,
    pointers: Mapping[int, int],
    first: Sequence[int],
    addresses: Sequence[int],
    *,
    alike_once: bool,
) -> Stacks:
    with _in_memory(session) as (file, path):
        write(file, seen, photo, pointers, b"")
        return core_stacks.photograph(session, path, first, addresses, alike_once=alike_once)


def _find_registers(session: MiSession, seen: Seen, photo: Photo, stacks: Stacks) -> bool:
    """For stacks that end where a register is needed: work it out. Whether any was found, so that looking again is worth it."""
    if seen.architecture is None or seen.memory is None or seen.space is None:
        return False
    unfinished = {
        tid: stack
        for tid, stack in stacks.threads.items()
        if stack.frames and not _complete(stack) and (stack.problem or not _is_code(seen, stack.frames[-1]))
        if tid in photo.threads and photo.threads[tid].registers is None
    }
    before = dict(photo.threads)
    if seen.architecture.name == "x86_64":
        for tid, (function, stack_pointer) in _places(session, photo, unfinished).items():
            pointer = frame_pointer(seen.memory, seen.space, function, stack_pointer)
            photo.threads[tid] = replace(photo.threads[tid], frame_pointer=pointer)
    elif seen.architecture.name == "s390x":
        for tid, stack in unfinished.items():
            thread = photo.threads[tid]
            counter, pointer = thread.program_counter, thread.stack_pointer
            # Only the innermost function can lack it; functions inlined into it have its address, too.
            ended = all(frame.address == counter for frame in stack.frames if _is_code(seen, frame))
            if counter is not None and pointer is not None and ended:
                photo.threads[tid] = replace(thread, caller=caller(seen.memory, seen.space, counter, pointer))
    return photo.threads != before


def _places(session: MiSession, photo: Photo, stacks: Mapping[int, ThreadStack]) -> dict[int, tuple[int, int]]:
    """Where the outermost function of each stack begins, and its stack pointer.

    gdb is asked once for all threads with the same frames: what could be unwound without the frame pointer lies at the same
    distance from the innermost frame in all of them. Not so beyond a signal's frame, which brings registers of its own.
    """
    groups: dict[object, list[int]] = {}
    for tid, stack in stacks.items():
        signal = any(frame.function == SIGNAL for frame in stack.frames)
        groups.setdefault(tid if signal else tuple(frame.address for frame in stack.frames), []).append(tid)
    outermost: dict[int, tuple[int, int]] = {}
    for first, *_ in groups.values():
        frame = stacks[first].frames[-1]
        if frame.address is not None:
            outermost[first] = (len(stacks[first].frames) - 1, frame.address)
    places = {}
    asked = core_stacks.ask_places(session, outermost)
    for first, *others in groups.values():
        innermost = photo.threads[first].stack_pointer
        if first in asked and innermost is not None:
            function, pointer = places[first] = asked[first]
            for tid in others:
                if (own := photo.threads[tid].stack_pointer) is not None:
                    places[tid] = function, own + pointer - innermost
    return places


def _without_uncertain_line(stack: ThreadStack, found: Caller | None) -> ThreadStack:
    """A caller that makes the same call in several places: which function it is is known, where in it is not."""
    if found is None or found.certain:
        return stack

    def plain(frame: RawFrame) -> RawFrame:
        return replace(frame, address=found.function, line=None) if frame.address == found.returns_to else frame

    return replace(stack, frames=tuple(plain(frame) for frame in stack.frames))


def _complete(stack: ThreadStack) -> bool:
    """gdb lists nothing beyond main(), so what it cannot see there is no loss."""
    return bool(stack.frames) and stack.frames[-1].function == "main"


def without_guesses(seen: Seen, stack: ThreadStack) -> ThreadStack:
    """A stack from registers that are not all known, cut where a frame's address is no code: it came from one of the others."""
    frames = stack.frames
    kept = next((position for position, frame in enumerate(frames) if not _is_code(seen, frame)), len(frames))
    problem = _NEEDS_REGISTER if kept < len(frames) or (stack.problem and not _complete(stack)) else None
    if kept == len(frames) and problem is None and stack.problem:
        return replace(stack, total=len(frames), problem=None)
    total = stack.total if kept == len(frames) and problem is None else None
    return replace(stack, frames=frames[:kept], total=total, problem=problem)


def _is_code(seen: Seen, frame: RawFrame) -> bool:
    if frame.address is None or frame.address == UNKNOWN:
        return False
    mapping = seen.space.at(frame.address) if seen.space else None
    return mapping is not None and "x" in mapping.permissions


@contextmanager
def _in_memory(session: MiSession) -> Iterator[tuple[IO[bytes], Path]]:
    """A file without a name: the process's memory may hold secrets, and this goes with us whatever happens."""
    if session.scratch:
        descriptor = session.scratch.pop()
        path = Path(f"/proc/self/fd/{descriptor}")  # gdb's own
    else:
        descriptor = os.memfd_create("hanganalyze-core", os.MFD_CLOEXEC)
        path = Path(f"/proc/{os.getpid()}/fd/{descriptor}")
    with os.fdopen(descriptor, "wb") as file:
        yield file, path


def write(file: IO[bytes], seen: Seen, photo: Photo, pointers: Mapping[int, int], own_note: bytes) -> None:
    """The photograph as a core; ``own_note`` may be empty."""
    assert seen.architecture is not None
    assert seen.space is not None
    write_core(file, seen.architecture, seen.before, seen.space, photo, pointers, own_note)


def note_of(seen: Seen, photo: Photo, method: str, facts: Sequence[Fact]) -> OwnNote:
    """What a core cannot say in its own words."""
    before = seen.before
    answers = {fact.name: {"yes": True, "no": False}.get(fact.holds) for fact in facts if fact.tid is None}
    threads = []
    for thread in before.threads:
        taken = photo.threads.get(thread.tid)
        threads.append(
            NotedThread(
                tid=thread.tid,
                namespace_tid=thread.namespace_tid,
                name=thread.name,
                state=thread.counters.state,
                wchan=thread.wchan,
                syscall=thread.counters.syscall,
                moved=seen.moved(thread.tid),
                pointer=seen.thread_pointer(thread.tid),
                whole=taken is not None and taken.registers is not None,
                problem=taken.problem if taken else "it ended before the photograph was taken",
            )
        )
    return OwnNote(
        method=method,
        consistent=photo.consistent,
        stopped_ms=photo.stopped_ms,
        name=before.name,
        ppid=before.ppid,
        uid=before.uid,
        state=before.state,
        namespace_pids=before.namespace_pids,
        between_samples_s=seen.between_samples_s,
        robust_list_unregistered=answers.get("robust-list-unregistered"),
        shares_memory=answers.get("address-space-shared"),
        threads=tuple(threads),
    )


def core_of(seen: Seen, photo: Photo, method: str, facts: Sequence[Fact]) -> bytes:
    """The photograph as a core to be kept, with the note."""
    _take_links(seen, photo)
    file = io.BytesIO()
    pointers = {tid: stack.thread_pointer for tid, stack in seen.stacks.threads.items() if stack.thread_pointer is not None}
    write(file, seen, photo, pointers, encode(note_of(seen, photo, method, facts)))
    return file.getvalue()


def _take_links(seen: Seen, photo: Photo) -> None:
    """The dynamic linker's list of libraries, wherever it has grown to: without one of its entries a debugger knows no library.

    Here gdb was told of libc beforehand; whoever reads the core later was not. What is read stays in the photograph.
    """
    from analyzer.capture.core_links import link_names
    from analyzer.capture.core_notes import auxiliary_vector

    if seen.space is not None and seen.architecture is not None:
        order = "<" if seen.architecture.byte_order == "little" else ">"
        link_names(photo.pages, seen.space, auxiliary_vector(photo.auxv, order), seen.architecture)
