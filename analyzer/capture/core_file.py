"""A core file taken apart: its notes and segments, whoever wrote it (the kernel, gdb, or our own capture).

A core may come from anybody, be cut off, or be made to harm: every number in it is checked before it is used, and every loop
has an end. Nothing is read before it is asked for. Format: the ELF specification; the notes: fs/binfmt_elf.c of the kernel.
"""

from __future__ import annotations

import mmap
import os
import stat
import struct
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from analyzer.capture.architecture import Architecture, by_elf
from analyzer.capture.memory import MemoryUnreadable
from analyzer.errors import CoreUnreadable
from analyzer.lean_dataclass import dataclass

_ET_CORE, _PT_LOAD, _PT_NOTE, _PN_XNUM = 4, 1, 4, 0xFFFF
_MOST_SEGMENTS, _MOST_NOTES, _LARGEST_NOTES = 1 << 18, 1 << 18, 256 << 20


@dataclass(frozen=True)
class Note:
    """One note."""

    owner: bytes
    """CORE, LINUX, GDB or a name of somebody's own."""
    kind: int
    data: bytes


@dataclass(frozen=True)
class Segment:
    """A piece of the address space."""

    start: int
    size: int
    """In memory; what the core leaves out of it is not zero, it is not known."""
    offset: int
    saved: int
    """Bytes the core says it holds of it."""
    present: int
    """Bytes of those that the file really has; less where it is cut off."""
    permissions: str
    """As in /proc/PID/maps."""

    @property
    def end(self) -> int:
        """Behind the last byte."""
        return self.start + self.size


class CoreFile:
    """A 64-bit ELF core. Raises CoreUnreadable when it is none, or when its notes (threads, registers) are not complete."""

    def __init__(self, path: Path, named: str | None = None) -> None:
        """``named`` is what a person calls it, where ``path`` is only our unpacked copy."""
        self.path, self.named = path, named or str(path)
        self._data = self._map()
        try:
            self._read_header()
            self.notes = tuple(self._read_notes())
        except BaseException:
            self.close()
            raise

    def _fail(self, reason: str) -> CoreUnreadable:
        return CoreUnreadable(self.named, reason)

    def _map(self) -> mmap.mmap:
        try:
            # O_NONBLOCK: opening a FIFO must not wait for somebody to write into it.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            raise self._fail(getattr(error, "strerror", None) or str(error)) from error
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise self._fail("it is not a regular file")
            if status.st_size < 64:
                raise self._fail("it is empty" if not status.st_size else "it is too short for any header")
            return mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
        except OSError as error:
            raise self._fail(error.strerror or str(error)) from error
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Unmap it."""
        self._data.close()

    def _bytes(self, offset: int, size: int) -> bytes:
        if size < 0 or offset < 0 or offset + size > len(self._data):
            raise self._fail(f"it is cut off: {size} bytes at {offset:#x} are missing")
        return self._data[offset : offset + size]

    def _read_header(self) -> None:
        header = self._bytes(0, 64)
        if header[:4] != b"\x7fELF":
            raise self._fail("it is not an ELF file")
        if header[4] != 2:
            raise self._fail("it is of a 32-bit process, for which there are no tables here")
        self.big_endian = header[5] == 2
        self.order = ">" if self.big_endian else "<"
        kind, self.machine = struct.unpack_from(self.order + "HH", header, 16)
        if kind != _ET_CORE:
            raise self._fail("it is an ELF file but not a core (a program or a library?)")
        (offset,), (sections,) = (
            struct.unpack_from(self.order + "Q", header, 32),
            struct.unpack_from(self.order + "Q", header, 40),
        )
        size, count, _, section_count = struct.unpack_from(self.order + "HHHH", header, 54)
        # The kernel writes no section headers (but one, where there are too many segments to count); gdb writes them all.
        self.by_debugger = section_count > 1
        if count == _PN_XNUM:
            (count,) = struct.unpack_from(self.order + "I", self._bytes(sections, 64), 44)
        if size != 56 or not 0 < count <= _MOST_SEGMENTS:
            raise self._fail("its program headers make no sense")
        table = self._bytes(offset, size * count)
        loads, self._note_places = [], []
        # type, flags, offset, vaddr, paddr, filesz, memsz, align
        for entry in struct.iter_unpack(self.order + "IIQQQQQQ", table):
            kind, flags, at, start, _, saved, in_memory, _ = entry
            if kind == _PT_NOTE:
                self._note_places.append((at, saved))
            elif kind == _PT_LOAD and max(in_memory, saved) and start + max(in_memory, saved) <= 1 << 64:
                present = max(0, min(saved, len(self._data) - at))
                permissions = "".join(letter if flags & bit else "-" for letter, bit in (("r", 4), ("w", 2), ("x", 1))) + "p"
                loads.append(Segment(start, max(in_memory, saved), at, saved, present, permissions))
        self.segments = tuple(sorted(loads, key=lambda segment: segment.start))

    @property
    def architecture(self) -> Architecture:
        """Whose registers these are. Raises CoreUnreadable for an architecture without a table."""
        found = by_elf(self.machine, "big" if self.big_endian else "little")
        if found is None:
            raise self._fail(f"there is no table for its processor architecture (ELF machine {self.machine})")
        return found

    def _read_notes(self) -> Iterator[Note]:
        if not self._note_places:
            raise self._fail("it has no notes, so neither threads nor registers")
        if sum(size for _, size in self._note_places) > _LARGEST_NOTES:
            raise self._fail("its notes are larger than any process's")
        seen = 0
        for place, size in self._note_places:
            data, position = self._bytes(place, size), 0
            while position + 12 <= size:
                name_size, data_size, kind = struct.unpack_from(self.order + "III", data, position)
                name_at = position + 12
                data_at = name_at + (name_size + 3 & ~3)
                position = data_at + (data_size + 3 & ~3)
                seen += 1
                # A thread lost here would look like a thread that never was, and prove what is not so.
                if data_at + data_size > size or seen > _MOST_NOTES:
                    raise self._fail("its notes are damaged")
                yield Note(data[name_at : name_at + name_size].rstrip(b"\0"), kind, data[data_at : data_at + data_size])

    @property
    def cut_off(self) -> int:
        """Bytes of memory that the file says it holds and does not."""
        return sum(segment.saved - segment.present for segment in self.segments)

    def piece(self, segment: Segment, skip: int, size: int) -> bytes:
        """Bytes of a segment that are present."""
        return self._data[segment.offset + skip : segment.offset + skip + size]


class CoreMemory:
    """The memory that a core holds itself."""

    def __init__(self, core: CoreFile) -> None:
        self._core = core
        self._starts = [segment.start for segment in core.segments]

    def segment(self, address: int) -> Segment | None:
        """The segment an address lies in."""
        position = bisect_right(self._starts, address) - 1
        if position < 0:
            return None
        found = self._core.segments[position]
        return found if address < found.end else None

    def next_start(self, address: int) -> int:
        """Where the first segment behind an address begins; the end of all memory where there is none."""
        position = bisect_right(self._starts, address)
        return self._starts[position] if position < len(self._starts) else 1 << 64

    def lost(self, address: int) -> bool:
        """Whether the core once held this byte and was cut off before it: what a file has there may be something else."""
        found = self.segment(address)
        return found is not None and found.present <= address - found.start < found.saved

    def available(self, address: int) -> int:
        """How many bytes from ``address`` on the core holds in one piece."""
        found = self.segment(address)
        return max(0, found.start + found.present - address) if found else 0

    def read(self, address: int, size: int) -> bytes:
        """See Memory.read; runs over the borders of segments that touch."""
        pieces, at, left = [], address, size
        while left > 0:
            here = min(left, self.available(at))
            segment = self.segment(at)
            if not here or segment is None:
                raise MemoryUnreadable(f"memory at {at:#x} is not in the core")
            pieces.append(self._core.piece(segment, at - segment.start, here))
            at, left = at + here, left - here
        return b"".join(pieces)
