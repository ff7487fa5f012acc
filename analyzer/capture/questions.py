"""What a debugger is asked about the threads of a process, in batches of one round trip each, and what its answers mean.

The process may be standing still meanwhile: ask first, parse afterwards.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from analyzer.capture.architecture import Architecture
from analyzer.capture.gdbmi import Answer, MiSession
from analyzer.capture.stacks import INNER_FRAMES, OUTER_FRAMES, Stacks, ThreadStack, parse_frames

_DEEPEST = 20_000
"""Frames counted at most: counting means unwinding, and the target waits for it."""
_CHUNK = 64
"""Threads asked in one batch, so that the pause can be watched between batches."""
_THREAD = re.compile(rb'\bid="(\d+)",target-id="([^"]*)"')
_TID = re.compile(rb"(?:LWP|process) (\d+)")
# An exact symbol; the locks of the dynamic linker lie inside one large structure, so they keep their offset.
_SYMBOL = re.compile(r"<([^<>+]+|_rtld_(?:global|local)\+\d+)>$")

Raw = dict[int, list[Answer]]
"""By kernel thread id: the frames, the registers, and for deep stacks their number and their outer frames."""


def thread_numbers(session: MiSession, limit: float) -> dict[int, int]:
    """Kernel thread id -> gdb's number of the thread."""
    info = session.ask("-thread-info", limit, "listing threads")
    numbers: dict[int, int] = {}
    for match in _THREAD.finditer(info.line):
        kernel_id = _TID.search(match.group(2))
        if kernel_id:
            numbers[int(kernel_id.group(1))] = int(match.group(1))
    return numbers


def ask_threads(session: MiSession, architecture: Architecture | None, first: Sequence[int], limit: float, stacks: Stacks) -> Raw:
    """Every thread's frames, and the registers that ``architecture`` asks for (None = none).

    ``first`` are the thread ids that matter most: asked first, in case the time runs out.
    """
    numbers = thread_numbers(session, limit)
    order = [tid for tid in dict.fromkeys(first) if tid in numbers]
    order += [tid for tid in numbers if tid not in set(order)]
    raw: Raw = {}
    began = time.monotonic()
    expressions = architecture.thread_pointer_expressions if architecture else ()
    for start in range(0, len(order), _CHUNK):
        chunk = order[start : start + _CHUNK]
        used = time.monotonic() - began
        if start and time.monotonic() + 2 * used * len(chunk) / start > limit:
            stacks.notes.append(
                f"{len(order) - start} of {len(order)} threads were not looked at: the pause would have been too long"
            )
            break
        commands = []
        for tid in chunk:
            commands.append(f"-stack-list-frames --thread {numbers[tid]} 0 {INNER_FRAMES + OUTER_FRAMES}")
            commands += [f"-data-evaluate-expression --thread {numbers[tid]} {name}" for name in expressions]
        answers = session.batch(commands, limit, "listing stacks")
        width = 1 + len(expressions)
        for position, tid in enumerate(chunk):
            raw[tid] = answers[position * width : (position + 1) * width]
        _ask_deep_ends(session, raw, chunk, numbers, limit)
    return raw


def _ask_deep_ends(session: MiSession, raw: Raw, tids: Sequence[int], numbers: dict[int, int], limit: float) -> None:
    """Stacks with more frames than we keep: count them, and fetch their outer end."""
    for tid in tids:
        if raw[tid][0].line.count(b"frame={") <= INNER_FRAMES + OUTER_FRAMES:
            continue
        number = numbers[tid]
        depth = session.ask(f"-stack-info-depth --thread {number} {_DEEPEST}", limit, "counting frames")
        raw[tid].append(depth)
        total = _number(depth.payload().get("depth"))
        if total:
            command = f"-stack-list-frames --thread {number} {total - OUTER_FRAMES} {total - 1}"
            raw[tid].append(session.ask(command, limit, "listing outer frames"))


def ask_names(session: MiSession, addresses: Sequence[int], limit: float) -> list[Answer]:
    """The symbols at addresses, and whether libc has debug information; for ``take_names``."""
    return session.batch(
        ["-data-evaluate-expression &main_arena"] + [f'-data-evaluate-expression "(void*){address:#x}"' for address in addresses],
        limit,
        "naming addresses",
    )


def take_names(answers: Sequence[Answer], addresses: Sequence[int], stacks: Stacks) -> None:
    """The answers to ``ask_names``."""
    stacks.libc_debug_info = not answers[0].failed
    for address, answer in zip(addresses, answers[1:], strict=True):
        symbol = _SYMBOL.search(str(answer.payload().get("value", "")))
        if symbol:
            stacks.symbols[address] = symbol.group(1)


def take_threads(raw: Raw, architecture: Architecture | None, stacks: Stacks) -> None:
    """The answers to ``ask_threads``. Threads in the same place give the same text, which is parsed once."""
    parsed: dict[bytes, dict[str, object]] = {}
    width = len(architecture.thread_pointer_expressions) if architecture else 0
    for tid, answers in raw.items():
        listing, registers, deep = answers[0], answers[1 : 1 + width], answers[1 + width :]
        if listing.line not in parsed:
            parsed[listing.line] = listing.payload()
        frames = parse_frames(parsed[listing.line])
        total: int | None = len(frames)
        if deep:
            counted = _number(deep[0].payload().get("depth"))
            total = counted if 0 < counted < _DEEPEST else None
            outer = parse_frames(deep[1].payload()) if len(deep) > 1 else ()
            frames = frames[:INNER_FRAMES] + outer
        stacks.threads[tid] = ThreadStack(
            frames=frames,
            total=total,
            thread_pointer=_thread_pointer(registers, architecture),
            problem=_problem(listing) if not frames else None,
        )


def _problem(listing: Answer) -> str:
    """Why there is not one frame."""
    return f"gdb could not unwind: {listing.message()}" if listing.failed else "gdb's list of its frames makes no sense"


def _number(value: object) -> int:
    """gdb's decimal number; 0 where it is none."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10 else 0


def _thread_pointer(registers: Sequence[Answer], architecture: Architecture | None) -> int | None:
    values = []
    for answer in registers:
        try:
            values.append(int(str(answer.payload()["value"]).split()[0], 0))
        except (KeyError, ValueError, IndexError):
            return None
    return architecture.thread_pointer(tuple(values)) if architecture and values else None
