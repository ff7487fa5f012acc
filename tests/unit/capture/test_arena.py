"""A malloc arena is known by its empty bins, which point to themselves: libc's own, and those in heaps that malloc mapped."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import pytest

from analyzer.capture.architecture import ARCHITECTURES
from analyzer.capture.libc import LibcSeen
from analyzer.capture.lock_name import lock_name
from analyzer.capture.maps import AddressSpace, Mapping
from analyzer.capture.memory import MemoryUnreadable
from analyzer.capture.procfs import ProcessSample
from analyzer.capture.seen import Seen
from analyzer.model import Libc

LIBC, LIBC_AT, HEAP_AT = "/lib/libc.so.6", 0x7F00_0000_0000, 0x7E00_0400_0000
SAMPLE = ProcessSample(1, 0, "p", "S", 0, 0.0, 0, 0, (1,), False, (), 0.0)


@dataclass(frozen=True)
class Bytes:
    """Memory that is one piece."""

    start: int
    content: bytes

    def read(self, address: int, size: int) -> bytes:
        if not self.start <= address <= address + size <= self.start + len(self.content):
            raise MemoryUnreadable("not here")
        return self.content[address - self.start : address - self.start + size]


def arena(address: int, *, empty: int = 127) -> bytes:
    """struct malloc_state as of glibc 2.26, held and waited for, ``empty`` of its 127 bins empty."""
    words = [2, 0, *[0] * 10, 0x1234560, 0]  # mutex and flags, have_fastchunks, fastbins, top, last_remainder
    for number in range(127):
        own = address + 8 * len(words) - 16
        words += [own, own] if number < empty else [0x5550, 0x5560]
    return struct.pack(f"<{len(words)}Q", *words).ljust(4096, b"\0")


def name_at(address: int, content: bytes) -> str | None:
    mappings = [Mapping(LIBC_AT, LIBC_AT + 0x10000, "rw-p", 0, LIBC), Mapping(HEAP_AT, HEAP_AT + 0x21000, "rw-p", 0, "")]
    seen = Seen(
        SAMPLE, ARCHITECTURES["x86_64"], AddressSpace(mappings), Bytes(address, content), LibcSeen(Libc("glibc", "2.36", LIBC))
    )
    return lock_name(seen, 1, address)[0]


def test_libc_has_the_main_arena() -> None:
    assert name_at(LIBC_AT + 0x1AC0, arena(LIBC_AT + 0x1AC0)) == "main_arena"


@pytest.mark.parametrize("behind", [0x20, 0x30])
def test_a_mapped_heap_begins_with_another_arena(behind: int) -> None:
    assert name_at(HEAP_AT + behind, arena(HEAP_AT + behind)) == "a malloc arena"


def test_somewhere_else_in_a_heap_is_none() -> None:
    assert name_at(HEAP_AT + 0x1030, arena(HEAP_AT + 0x1030)) is None


def test_few_empty_bins_are_no_arena() -> None:
    assert name_at(HEAP_AT + 0x30, arena(HEAP_AT + 0x30, empty=20)) is None
    assert name_at(LIBC_AT + 0x1AC0, bytes(4096)) is None


def test_memory_that_cannot_be_read_has_no_name() -> None:
    assert name_at(HEAP_AT + 0x30, b"short") is None
