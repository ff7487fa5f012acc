"""Capture by attaching gdb. The target stands still from ``-target-attach`` to ``-target-detach``; only what needs that is
asked in between, in batches of one round trip each, and the answers are parsed afterwards."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Sequence

from analyzer.capture import gdb
from analyzer.capture.architecture import Architecture
from analyzer.capture.early import StartedGdb
from analyzer.capture.gdbmi import Answer
from analyzer.capture.restore import Target
from analyzer.capture.stacks import INNER_FRAMES, OUTER_FRAMES, Stacks, ThreadStack, parse_frames
from analyzer.errors import DebuggerDied, DebuggerFailed, PauseTooLong, ProcessGone

_PREPARE_S = 60.0
_DETACH_S = 5.0
_DEEPEST = 20_000
"""Frames counted at most: counting means unwinding, and the target waits for it."""
_CHUNK = 64
"""Threads asked in one batch, so that the pause can be watched between batches."""
_THREAD = re.compile(rb'\bid="(\d+)",target-id="([^"]*)"')
_TID = re.compile(rb"(?:LWP|process) (\d+)")
# An exact symbol; the locks of the dynamic linker lie inside one large structure, so they keep their offset.
_SYMBOL = re.compile(r"<([^<>+]+|_rtld_(?:global|local)\+\d+)>$")


class Attach:
    """One gdb for one process: ``prepare`` (nothing stops), ``photograph`` (the pause), ``close`` (always)."""

    def __init__(self, target: Target, name: str, started: StartedGdb, *, max_pause: float) -> None:
        self._target, self._name, self._started, self._max_pause = target, name, started, max_pause
        self._session = started.session
        self._attached = False
        self._version: str | None = None

    def prepare(self) -> None:
        """Wait until gdb has loaded what it can load while the target still runs: its executable's symbols."""
        deadline = time.monotonic() + _PREPARE_S
        answers = [self._session.wait(token, deadline, "loading symbols") for token in self._started.tokens]
        match = re.search(rb"GNU gdb.*?(\d+\.\d+(?:\.\d+)?)(?:-\S*)?\\n", answers[0].console)
        self._version = match.group(1).decode() if match else None
        if self._version is not None:
            gdb.check_version(self._started.path, self._version)

    def photograph(self, architecture: Architecture | None, first: Sequence[int], addresses: Sequence[int]) -> Stacks:
        """Stop the process, list every thread's frames, let it go. Parsed after it runs again.

        ``first`` are the thread ids that matter most: asked first, in case the pause runs out. ``addresses`` are to be
        named. Raises PauseTooLong, DebuggerDied, DebuggerFailed, ProcessGone.
        """
        stacks = Stacks(debugger_version=self._version)
        began = time.monotonic()
        limit = began + self._max_pause
        try:
            self._attach(limit)
            raw = self._ask_threads(architecture, first, limit, stacks)
            named = self._session.batch(
                ["-data-evaluate-expression &main_arena"]
                + [f'-data-evaluate-expression "(void*){address:#x}"' for address in addresses],
                limit,
                "naming addresses",
            )
        except DebuggerFailed as error:
            if time.monotonic() >= limit:
                raise PauseTooLong(self._target.pid, self._max_pause, self._name) from error
            raise
        finally:
            self._detach()
        stacks.stopped_ms = round((time.monotonic() - began) * 1000, 1)
        stacks.libc_debug_info = not named[0].failed
        for address, answer in zip(addresses, named[1:], strict=True):
            symbol = _SYMBOL.search(str(answer.payload().get("value", "")))
            if symbol:
                stacks.symbols[address] = symbol.group(1)
        _parse_threads(raw, architecture, stacks)
        return stacks

    def _attach(self, limit: float) -> None:
        self._attached = True
        answer = self._session.ask(f"-target-attach {self._target.pid}", limit, "attaching")
        if answer.failed:
            self._attached = False
            message = answer.message()
            if "No such process" in message or "no such process" in message:
                raise ProcessGone(self._target.pid, "it ended before gdb could attach")
            raise DebuggerFailed(f"gdb could not attach to process {self._target.pid}: {message}")
        self._session.wait_stopped(limit)

    def _ask_threads(
        self, architecture: Architecture | None, first: Sequence[int], limit: float, stacks: Stacks
    ) -> dict[int, list[Answer]]:
        info = self._session.ask("-thread-info", limit, "listing threads")
        numbers: dict[int, int] = {}
        for match in _THREAD.finditer(info.line):
            kernel_id = _TID.search(match.group(2))
            if kernel_id:
                numbers[int(kernel_id.group(1))] = int(match.group(1))
        order = [tid for tid in first if tid in numbers]
        order += [tid for tid in numbers if tid not in set(order)]
        raw: dict[int, list[Answer]] = {}
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
            answers = self._session.batch(commands, limit, "listing stacks")
            width = 1 + len(expressions)
            for position, tid in enumerate(chunk):
                raw[tid] = answers[position * width : (position + 1) * width]
            self._ask_deep_ends(raw, chunk, numbers, limit)
        return raw

    def _ask_deep_ends(self, raw: dict[int, list[Answer]], tids: Sequence[int], numbers: dict[int, int], limit: float) -> None:
        """Stacks with more frames than we keep: count them, and fetch their outer end."""
        for tid in tids:
            if raw[tid][0].line.count(b"frame={") <= INNER_FRAMES + OUTER_FRAMES:
                continue
            number = numbers[tid]
            depth = self._session.ask(f"-stack-info-depth --thread {number} {_DEEPEST}", limit, "counting frames")
            raw[tid].append(depth)
            total = int(depth.payload().get("depth", 0)) if not depth.failed else 0
            if total:
                command = f"-stack-list-frames --thread {number} {total - OUTER_FRAMES} {total - 1}"
                raw[tid].append(self._session.ask(command, limit, "listing outer frames"))

    def _detach(self) -> None:
        """Whatever happened: the target must go on. A gdb that does not let go is killed; the kernel then releases."""
        if not self._attached:
            return
        try:
            self._session.ask("-target-detach", time.monotonic() + _DETACH_S, "detaching")
        except (DebuggerDied, DebuggerFailed):
            self._session.kill()
        self._attached = False

    def abort(self) -> None:
        """End gdb at once, from another thread: whoever waits for its answers gets DebuggerDied."""
        self._session.abort()

    def dismiss(self) -> None:
        """Tell gdb to end and do not wait for it: ``close`` does that, later."""
        self._session.dismiss()

    def close(self) -> None:
        """End gdb; never raises."""
        with contextlib.suppress(Exception):
            self._session.close()


def _parse_threads(raw: dict[int, list[Answer]], architecture: Architecture | None, stacks: Stacks) -> None:
    """Answers to stacks. Threads in the same place give the same text, which is parsed once."""
    parsed: dict[bytes, dict[str, object]] = {}
    width = len(architecture.thread_pointer_expressions) if architecture else 0
    for tid, answers in raw.items():
        listing, registers, deep = answers[0], answers[1 : 1 + width], answers[1 + width :]
        if listing.line not in parsed:
            parsed[listing.line] = listing.payload()
        frames = parse_frames(parsed[listing.line])
        total: int | None = len(frames)
        if deep:
            counted = int(deep[0].payload().get("depth", 0) or 0)
            total = counted if 0 < counted < _DEEPEST else None
            outer = parse_frames(deep[1].payload()) if len(deep) > 1 else ()
            frames = frames[:INNER_FRAMES] + outer
        stacks.threads[tid] = ThreadStack(
            frames=frames,
            total=total,
            thread_pointer=_thread_pointer(registers, architecture),
            problem=f"gdb could not unwind: {listing.message()}" if listing.failed else None,
        )


def _thread_pointer(registers: Sequence[Answer], architecture: Architecture | None) -> int | None:
    values = []
    for answer in registers:
        try:
            values.append(int(str(answer.payload()["value"]).split()[0], 0))
        except (KeyError, ValueError, IndexError):
            return None
    return architecture.thread_pointer(tuple(values)) if architecture and values else None
