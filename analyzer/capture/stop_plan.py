"""What can be done before a short stop, so that little is left to do in it: which threads stand still anyway, the room for their
registers, the list of the memory to be read.

A thread that waits does not notice when it stands still; one that works does. So those that wait are stopped first and let go
last, and the time that those at work lose is that of their own stop and of one system call which reads all the memory. What is
foreseen here is only a guess at what to read: the registers decide, and what they ask for besides is read in the stop too.
"""

from __future__ import annotations

import contextlib

from analyzer.capture import procfs
from analyzer.capture.architecture import Architecture
from analyzer.capture.bulk_read import Batch
from analyzer.capture.memory import Memory, MemoryUnreadable, unsigned
from analyzer.capture.pages import Pages, merged
from analyzer.capture.photo import LARGEST_LOCK, PhotoThread, wanted_stacks
from analyzer.capture.ptrace import NT_PRSTATUS, RegisterSets
from analyzer.capture.seen import Seen
from analyzer.capture.waits import futex_wait, parse_syscall


class Plan:
    """Made for threads that are seized and still run."""

    def __init__(self, seen: Seen, architecture: Architecture, memory: Memory, tids: list[int]) -> None:
        layout = architecture.registers
        self._seen, self._architecture = seen, architecture
        self._kinds = [
            NT_PRSTATUS, *(kind for kind in (layout.thread_pointer_note, layout.syscall_note) if kind is not None)
        ]  # fmt: skip
        self._registers = RegisterSets(tids, self._kinds, architecture.byte_order)
        self.standing: list[int] = []
        """They waited for as long as we know them."""
        self.working: list[int] = []
        self._pointers: dict[int, int] = {}
        words: set[int] = set()
        for tid in tids:
            counters = procfs.thread_counters(seen.pid, tid)
            known = seen.before.thread(tid)
            stood = counters is not None and known is not None and counters == known.counters and counters.state != "R"
            (self.standing if stood and not seen.moved(tid) else self.working).append(tid)
            fields = (counters.syscall or "").split() if counters is not None else []
            with contextlib.suppress(ValueError, IndexError):  # «running», or not permitted
                self._pointers[tid] = int(fields[-2], 16)
            wait = futex_wait(parse_syscall(counters.syscall, architecture)) if counters is not None else None
            if wait is not None:
                words.add(wait.address)
        self._words = words
        self._unforeseen: list[int] = []
        self._batch = Batch(procfs.door(seen.pid), self._ranges(memory))

    def _ranges(self, memory: Memory) -> list[tuple[int, int]]:
        space = self._seen.space
        if space is None:
            return []
        places = list(self._words)
        for word in self._words:
            with contextlib.suppress(MemoryUnreadable):
                owner = unsigned(memory, word + 8, 8, self._architecture.byte_order)
                if owner >> 12:
                    places.append(owner)
        mapped = ((place, space.at(place)) for place in places)
        locks = [(place, min(place + LARGEST_LOCK, mapping.end)) for place, mapping in mapped if mapping is not None]
        return merged([*wanted_stacks(space, list(self._pointers.values())), *locks])

    def read_registers(self, tid: int) -> None:
        """Those of a stopped thread; whatever they ask for and nobody foresaw is noted."""
        registers = self._registers
        registers.read(tid)
        pointer = registers.value(tid, self._architecture.registers.stack_pointer)
        if self._pointers.get(tid) != pointer:
            self._unforeseen.append(pointer)
        word = self._futex_word(tid)
        if word is not None:
            self._words.add(word)

    def read_memory(self, pages: Pages) -> None:
        """While everybody stands still: what was foreseen in one go, then the rest."""
        batch, byte_order = self._batch, self._architecture.byte_order
        batch.read()
        space = self._seen.space
        if space is not None and self._unforeseen:
            for start, end in wanted_stacks(space, self._unforeseen):
                if not batch.covers(start, end):
                    pages.take(start, end)
        for word in self._words:
            if not batch.covers(word, word + LARGEST_LOCK):
                pages.take(word, word + LARGEST_LOCK)
            with contextlib.suppress(MemoryUnreadable):
                data = batch.get(word + 8, 8)
                owner = int.from_bytes(data if data is not None else pages.read(word + 8, 8), byte_order)
                if owner >> 12 and not batch.covers(owner, owner + LARGEST_LOCK):
                    pages.take(owner, owner + LARGEST_LOCK)

    def keep(self, pages: Pages) -> None:
        """Afterwards: what was read in one go becomes pages."""
        for start, data in self._batch.pieces():
            pages.keep(start, data)

    def outside(self) -> bool:
        """Whether a stack pointer leads nowhere that the map knows: a thread born after the map was read."""
        space = self._seen.space
        return space is None or any(space.at(pointer) is None for pointer in self._unforeseen)

    def thread(self, tid: int) -> PhotoThread:
        """The registers of a thread that was stopped, as a photograph has them."""
        layout = self._architecture.registers
        try:
            raw, *others = self._registers.of(tid)
        except OSError as error:
            return PhotoThread(tid, problem=f"its registers could not be read: {error.strerror}")
        if len(raw) < layout.size:
            return PhotoThread(tid, problem="it is a 32-bit thread, whose registers have no table here")
        stack_pointer, program_counter = (
            self._registers.value(tid, offset) for offset in (layout.stack_pointer, layout.program_counter)
        )
        notes = dict(zip(self._kinds[1:], others, strict=True))
        return PhotoThread(tid, raw[: layout.size], stack_pointer, program_counter, others=notes)

    def _futex_word(self, tid: int) -> int | None:
        """The word that a thread waits for, if its call is a futex call: only a look, while everybody stands still."""
        layout = self._architecture.registers
        if layout.syscall is not None:
            number = self._registers.value(tid, layout.syscall)
        elif layout.syscall_note is not None:
            number = self._registers.value(tid, 0, 4, self._kinds.index(layout.syscall_note)) & 0xFFFF
        else:
            return None
        if self._architecture.syscalls.get(number) not in {"futex", "futex_wait"}:
            return None
        return self._registers.value(tid, layout.arguments[0])
