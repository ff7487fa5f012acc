"""Memory of a process kept page by page: photographed at one moment, completed on demand, read afterwards."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator

from analyzer.capture.memory import Memory, MemoryUnreadable

PAGE = mmap.PAGESIZE
_PIECE = 1 << 20


class Pages:
    """Pages that were taken, and behind them the living process for what nobody thought of; that is kept as well.

    What is asked for later is what facts need: code and symbol tables, which do not change, or the thread that a lock names.
    """

    def __init__(self, behind: Memory) -> None:
        self._behind: Memory | None = behind
        self._pages: dict[int, bytes] = {}

    def take(self, start: int, end: int) -> None:
        """Keep these addresses, to whole pages; what cannot be read is left out."""
        at = start // PAGE * PAGE
        while at < end:
            size = min(_PIECE, -(-(end - at) // PAGE) * PAGE)
            data = self._get(at, size)
            if data is not None:
                for offset in range(0, size, PAGE):
                    self._pages[(at + offset) // PAGE] = data[offset : offset + PAGE]
            elif size > PAGE:
                for page in range(at, at + size, PAGE):
                    piece = self._get(page, PAGE)
                    if piece is not None:
                        self._pages[page // PAGE] = piece
            at += size

    def keep(self, start: int, data: bytes) -> None:
        """Pages that were read elsewhere; ``start`` and the length are whole pages."""
        for offset in range(0, len(data) // PAGE * PAGE, PAGE):
            self._pages[(start + offset) // PAGE] = data[offset : offset + PAGE]

    def _get(self, address: int, size: int) -> bytes | None:
        if self._behind is None:
            return None
        try:
            return self._behind.read(address, size)
        except MemoryUnreadable:
            return None

    def read(self, address: int, size: int) -> bytes:
        """See Memory.read."""
        if size <= 0 or address < 0:
            raise MemoryUnreadable(f"memory at {address:#x} is not readable")
        first, last = address // PAGE, (address + size - 1) // PAGE
        for page in range(first, last + 1):
            if page not in self._pages:
                data = self._get(page * PAGE, PAGE)
                if data is None:
                    raise MemoryUnreadable(f"memory at {page * PAGE:#x} is not readable")
                self._pages[page] = data
        whole = b"".join(self._pages[page] for page in range(first, last + 1))
        return whole[address - first * PAGE :][:size]

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """(address, bytes) of every run of pages, in order."""
        run: list[int] = []
        for page in sorted(self._pages):
            if run and page != run[-1] + 1:
                yield run[0] * PAGE, b"".join(self._pages[number] for number in run)
                run = []
            run.append(page)
        if run:
            yield run[0] * PAGE, b"".join(self._pages[number] for number in run)

    @property
    def size(self) -> int:
        """Bytes kept."""
        return len(self._pages) * PAGE


def merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges (start, end) to whole pages, in order, without overlaps."""
    result: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        low, high = start // PAGE * PAGE, -(-end // PAGE) * PAGE
        if result and low <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], high))
        else:
            result.append((low, high))
    return result
