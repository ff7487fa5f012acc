"""From where to where a function reaches, without symbols: the table that every program carries for C++ exceptions.

.eh_frame_hdr lists the beginnings of all functions in order; it is mapped, so it is there in a stripped program and in one whose
file was replaced. Format: Linux Standard Base, core specification, chapter 10.6.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from functools import cached_property

from analyzer.capture.architecture import ByteOrder
from analyzer.capture.maps import AddressSpace
from analyzer.capture.memory import Memory, MemoryUnreadable

_PT_GNU_EH_FRAME = 0x6474E550
_COUNT_UDATA4, _TABLE_DATAREL_SDATA4 = 0x03, 0x3B
_ENCODED_SIZE = {0x0: 8, 0x2: 2, 0x3: 4, 0x4: 8, 0xA: 2, 0xB: 4, 0xC: 8}
"""Bytes of a value by the lower half of its encoding."""
_MOST_FUNCTIONS, _MOST_HEADERS = 1 << 20, 128


class Functions:
    """The functions of one mapped file."""

    def __init__(self, memory: Memory, base: int, byte_order: ByteOrder) -> None:
        self._memory, self._base = memory, base
        self._order = ">" if byte_order == "big" else "<"

    def around(self, address: int) -> tuple[int, int] | None:
        """(start, end) of the function that holds the address; None where the file has no such table. Raises MemoryUnreadable.

        Its end is where the next one begins: padding between them counts.
        """
        position = bisect_right(self._starts, address)
        if not 0 < position < len(self._starts):
            return None
        return self._starts[position - 1], self._starts[position]

    @cached_property
    def _starts(self) -> list[int]:
        table = self._header()
        if table is None:
            return []
        version, frame_encoding, count_encoding, table_encoding = self._memory.read(table, 4)
        if (version, count_encoding, table_encoding) != (1, _COUNT_UDATA4, _TABLE_DATAREL_SDATA4):
            return []
        at = table + 4 + _ENCODED_SIZE.get(frame_encoding & 0xF, 4)
        (count,) = struct.unpack(self._order + "I", self._memory.read(at, 4))
        if count > _MOST_FUNCTIONS:
            return []
        entries = self._memory.read(at + 4, 8 * count)
        return sorted(table + start for start, _ in struct.iter_unpack(self._order + "ii", entries))

    def _header(self) -> int | None:
        header = self._memory.read(self._base, 64)
        if header[:4] != b"\x7fELF":
            return None
        (offset,) = struct.unpack_from(self._order + "Q", header, 32)
        size, count = struct.unpack_from(self._order + "HH", header, 54)
        if size != 56 or count > _MOST_HEADERS:
            return None
        headers = list(struct.iter_unpack(self._order + "IIQQQQQQ", self._memory.read(self._base + offset, size * count)))
        first = next((h[3] - h[2] for h in headers if h[0] == 1), 0)
        return next((self._base - first + h[3] for h in headers if h[0] == _PT_GNU_EH_FRAME), None)


def functions_at(memory: Memory, space: AddressSpace, address: int, byte_order: ByteOrder) -> Functions | None:
    """The functions of the file that is mapped at the address; None where no file is."""
    module = space.module(address)
    try:
        return Functions(memory, address - module[1], byte_order) if module is not None else None
    except MemoryUnreadable:
        return None
