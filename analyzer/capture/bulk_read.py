"""Many pieces of another process's memory in one system call: process_vm_readv(2). While a process stands still for us, every
call counts. The right needed is that of ptrace; nothing is stopped by it."""

from __future__ import annotations

import ctypes
import mmap
from bisect import bisect_right
from collections.abc import Iterator, Sequence

_MOST_PIECES = 1024
"""IOV_MAX of the kernel."""


class _Piece(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


# PyDLL keeps the interpreter to itself: another thread of ours that got in between would be a pause of the target's.
_read = ctypes.PyDLL(None, use_errno=True).process_vm_readv
_read.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong]
_read.restype = ctypes.c_ssize_t


class Batch:
    """Pieces (start, end) of a process's memory that are going to be read at one moment: everything is laid out beforehand, and
    the room for them, so that in that moment there is nothing but the system calls. Pieces are in order and do not overlap."""

    def __init__(self, pid: int, ranges: Sequence[tuple[int, int]]) -> None:
        self._pid, self._ranges = pid, ranges
        self._starts = [start for start, _ in ranges]
        self._places = [0]
        for start, end in ranges:
            self._places.append(self._places[-1] + end - start)
        populated = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
        self._room = mmap.mmap(-1, max(1, self._places[-1]), flags=populated)
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._room))
        self._remote = (_Piece * len(ranges))(*(_Piece(start, end - start) for start, end in ranges))
        self._local = _Piece()
        self._missing: set[int] = set(range(len(ranges)))

    def read(self) -> None:
        """Read them all; a piece that cannot be read whole is left out."""
        position, count = 0, len(self._ranges)
        while position < count:
            until = min(count, position + _MOST_PIECES)
            place = self._places[position]
            self._local.base, self._local.length = self._address + place, self._places[until] - place
            remote = ctypes.byref(self._remote, position * ctypes.sizeof(_Piece))
            got = _read(self._pid, ctypes.byref(self._local), 1, remote, until - position, 0)
            whole = bisect_right(self._places, place + max(0, got)) - 1
            self._missing.difference_update(range(position, whole))
            # The kernel ends at the first piece that it cannot read: leave that one out and go on behind it.
            position = whole if whole == until else whole + 1

    def covers(self, start: int, end: int) -> bool:
        """Whether these addresses are in one piece that was read."""
        position = bisect_right(self._starts, start) - 1
        return position >= 0 and position not in self._missing and end <= self._ranges[position][1]

    def get(self, start: int, size: int) -> bytes | None:
        """What was read there; None where nothing was."""
        if not self.covers(start, start + size):
            return None
        position = bisect_right(self._starts, start) - 1
        place = self._places[position] + start - self._ranges[position][0]
        return self._room[place : place + size]

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """(start, bytes) of each piece that was read, in order."""
        for position, (start, _) in enumerate(self._ranges):
            if position not in self._missing:
                yield start, self._room[self._places[position] : self._places[position + 1]]


def read_pieces(pid: int, ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, bytes]]:
    """(start, bytes) of each range (start, end) that can be read whole, in order; what cannot is left out."""
    batch = Batch(pid, ranges)
    batch.read()
    return batch.pieces()
