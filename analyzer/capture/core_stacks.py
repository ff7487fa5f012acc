"""Stacks from a core through gdb: the same questions as to a live process, and nobody waits for the answers."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from analyzer.capture.gdbmi import MiSession
from analyzer.capture.questions import ask_names, ask_threads, take_names, take_threads, thread_numbers
from analyzer.capture.stacks import INNER_FRAMES, OUTER_FRAMES, Stacks
from analyzer.errors import CoreUnreadable
from analyzer.lean_dataclass import replace

READ_S = 120.0
"""Large cores with much debug information take long; nobody's process stands still."""
_PLACE = re.compile(r"0x[0-9a-f]+ <.*\+(\d+)>$")
_FUNCTION = re.compile(rb',func="([^"\\]*)"')
_BEGINNINGS = {b"clone", b"clone3", b"__clone", b"__clone3", b"__GI___clone", b"__GI___clone3", b"thread_start"}
_CHUNK = 64
_COULD_NOT = "gdb could not go on: "
_STOPPED = re.compile(rb"Backtrace stopped: ([^\\\n\"]+)")


def photograph(
    session: MiSession,
    core: Path,
    first: Sequence[int],
    addresses: Sequence[int],
    *,
    named: str | None = None,
    alike_once: bool = False,
) -> Stacks:
    """Open ``core`` in a prepared session and list every thread's frames; see ``attach.photograph``.

    Thread pointers are not asked for: the notes have them. ``alike_once``: of threads with the same frames only one is asked why
    its stack ends where it does, and the others are given its answer, whose address is not theirs; ``explain_ends`` asks them.
    Raises CoreUnreadable when gdb refuses the file.
    """
    stacks = Stacks(stopped_ms=0.0)
    limit = time.monotonic() + READ_S
    answer = session.ask(f"-target-select core {core}", limit, "opening the core")
    if answer.failed:
        raise CoreUnreadable(named or str(core), f"gdb says: {answer.message()}")
    # Without the program itself gdb finds the libraries, but leaves their symbols unread.
    session.ask('-interpreter-exec console "sharedlibrary"', limit, "loading symbols")
    raw = ask_threads(session, None, first, limit, stacks)
    named_addresses = ask_names(session, addresses, limit)
    take_names(named_addresses, addresses, stacks)
    take_threads(raw, None, stacks)
    open_ended = [tid for tid, answers in raw.items() if not _begins_a_thread(answers[0].line)]
    asked: dict[object, list[int]] = {}
    for tid in open_ended:
        alike = tuple(frame.address for frame in stacks.threads[tid].frames) if alike_once else tid
        asked.setdefault(alike, []).append(tid)
    ends = _ask_ends(session, [tids[0] for tids in asked.values()], limit)
    for tids in asked.values():
        for tid in tids if tids[0] in ends else ():
            _explain(stacks, tid, ends[tids[0]])
    return stacks


def explain_ends(session: MiSession, stacks: Stacks) -> None:
    """After ``photograph`` with ``alike_once``: to every thread its own answer."""
    explained = [tid for tid, stack in stacks.threads.items() if (stack.problem or "").startswith(_COULD_NOT)]
    for tid, reason in _ask_ends(session, explained, time.monotonic() + READ_S).items():
        stacks.threads[tid] = replace(stacks.threads[tid], problem=_COULD_NOT + reason)


def _explain(stacks: Stacks, tid: int, reason: str) -> None:
    stack = stacks.threads[tid]
    if stack.problem is None:
        stacks.threads[tid] = replace(stack, total=None, problem=_COULD_NOT + reason)


def _ask_ends(session: MiSession, tids: Sequence[int], limit: float) -> dict[int, str]:
    """Why gdb gave up on a stack, for those that do not end by themselves: memory or a register that the core lacks."""
    numbers = thread_numbers(session, limit) if tids else {}
    reasons: dict[int, str] = {}
    began = time.monotonic()
    for start in range(0, len(tids), _CHUNK):
        chunk = tids[start : start + _CHUNK]
        now = time.monotonic()
        if start and now + 2 * (now - began) * len(chunk) / start > limit:
            return reasons | dict.fromkeys(tids[start:], "there was no time left to look for more")
        commands = [f'-interpreter-exec --thread {numbers[tid]} console "backtrace -1"' for tid in chunk]
        for tid, answer in zip(chunk, session.batch(commands, limit, "looking for the ends of stacks"), strict=True):
            match = _STOPPED.search(answer.console)
            if match:
                reasons[tid] = match.group(1).decode("utf-8", "backslashreplace").strip()
    return reasons


def _begins_a_thread(listing: bytes) -> bool:
    """Whether a list of frames ends where every thread begins: then gdb need not say why it ends there."""
    functions = _FUNCTION.findall(listing)
    whole = listing.count(b"frame={") < INNER_FRAMES + OUTER_FRAMES
    return whole and bool(functions) and functions[-1] in _BEGINNINGS and listing.rfind(b"frame={") < listing.rfind(b",func=")


def ask_places(session: MiSession, frames: Mapping[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """For one frame (its level and its address) of each thread: where its function begins, and its stack pointer."""
    limit = time.monotonic() + READ_S
    numbers = thread_numbers(session, limit)
    tids = [tid for tid in frames if tid in numbers]
    addresses = list(dict.fromkeys(frames[tid][1] for tid in tids))
    commands = [f"-data-evaluate-expression (void*){address:#x}" for address in addresses]
    commands += [f"-data-evaluate-expression --thread {numbers[tid]} --frame {frames[tid][0]} (long)$sp" for tid in tids]
    values = [str(answer.payload().get("value", "")) for answer in session.batch(commands, limit, "looking for frame pointers")]
    begins = {
        address: address - int(match.group(1))
        for address, value in zip(addresses, values, strict=False)
        if (match := _PLACE.search(value))
    }
    pointers = dict(zip(tids, values[len(addresses) :], strict=True))
    return {
        tid: (begins[frames[tid][1]], int(pointer))
        for tid, pointer in pointers.items()
        if pointer.isdigit() and frames[tid][1] in begins
    }
