"""An ELF file as it is mapped in a process: build id and exported symbols, read from the process's own memory.

Memory, not the file: the file on disk may have been replaced, deleted, or be hostile. What the process runs with is what
counts. Only the dynamic symbols are there (.symtab and debug information are not mapped); they are looked up through
DT_GNU_HASH as the dynamic linker does. Format: the ELF specification (gABI) and its GNU extensions.
"""

from __future__ import annotations

import struct
from functools import cached_property
from typing import Literal

from analyzer.capture.architecture import ByteOrder
from analyzer.capture.memory import Memory, MemoryUnreadable

_PT_DYNAMIC, _PT_NOTE, _PT_LOAD = 2, 4, 1
_DT_STRTAB, _DT_SYMTAB, _DT_GNU_HASH = 5, 6, 0x6FFFFEF5
_NT_GNU_BUILD_ID = 3
_MAX_HEADERS, _MAX_DYNAMIC, _MAX_CHAIN, _MAX_NOTES = 128, 512, 4096, 1 << 16


class LoadedElf:
    """One mapped 64-bit ELF file. Raises MemoryUnreadable when the memory is not an ELF file or cannot be read."""

    def __init__(self, memory: Memory, base: int) -> None:
        self._memory = memory
        self.base = base
        header = memory.read(base, 64)
        if header[:4] != b"\x7fELF" or header[4] != 2:
            raise MemoryUnreadable(f"no 64-bit ELF header at {base:#x}")
        self.byte_order: ByteOrder = "big" if header[5] == 2 else "little"
        self._order: Literal["<", ">"] = ">" if header[5] == 2 else "<"
        (self.machine,) = struct.unpack_from(self._order + "H", header, 18)
        (offset,) = struct.unpack_from(self._order + "Q", header, 32)
        size, count = struct.unpack_from(self._order + "HH", header, 54)
        if size != 56 or count > _MAX_HEADERS:
            raise MemoryUnreadable(f"unusable program headers at {base:#x}")
        table = memory.read(base + offset, size * count)
        # type, flags, offset, vaddr, paddr, filesz, memsz, align
        self._headers = list(struct.iter_unpack(self._order + "IIQQQQQQ", table))
        first = next((h for h in self._headers if h[0] == _PT_LOAD), None)
        # Position independent files are linked at 0; others (static, non-PIE) at their own address.
        self._bias = base - (first[3] - first[2] if first else 0)

    @cached_property
    def build_id(self) -> str | None:
        """GNU build id, hexadecimal; None where the file has none."""
        for kind, _, _, vaddr, _, size, _, _ in self._headers:
            if kind != _PT_NOTE or size > _MAX_NOTES:
                continue
            notes, position = self._memory.read(self._bias + vaddr, size), 0
            while position + 12 <= len(notes):
                name_size, desc_size, note_type = struct.unpack_from(self._order + "III", notes, position)
                name_at = position + 12
                desc_at = name_at + (name_size + 3 & ~3)
                if note_type == _NT_GNU_BUILD_ID and notes[name_at : name_at + 4] == b"GNU\0":
                    return notes[desc_at : desc_at + desc_size].hex()
                position = desc_at + (desc_size + 3 & ~3)
        return None

    @cached_property
    def _dynamic(self) -> dict[int, int]:
        for kind, _, _, vaddr, _, _, size, _ in self._headers:
            if kind == _PT_DYNAMIC:
                table = self._memory.read(self._bias + vaddr, min(size, _MAX_DYNAMIC * 16) // 16 * 16)
                entries: dict[int, int] = {}
                for tag, value in struct.iter_unpack(self._order + "QQ", table):
                    if tag == 0:
                        break
                    entries.setdefault(tag, value)
                return entries
        return {}

    def _table(self, tag: int) -> int | None:
        """Address of a dynamic table. glibc has relocated most of them already; musl and the vdso leave them as linked."""
        value = self._dynamic.get(tag)
        if value is None:
            return None
        return value if value >= self.base else self._bias + value

    def symbol(self, name: str) -> tuple[int, int] | None:
        """Address and size of an exported symbol; None where the file does not export it."""
        tables = (self._table(_DT_GNU_HASH), self._table(_DT_SYMTAB), self._table(_DT_STRTAB))
        hashes, symbols, strings = tables
        if hashes is None or symbols is None or strings is None:
            return None
        wanted, raw = _gnu_hash(name), name.encode()
        buckets, first, bloom, _ = struct.unpack(self._order + "IIII", self._memory.read(hashes, 16))
        if not buckets or bloom > 1 << 20 or buckets > 1 << 24:
            return None
        bucket_table = hashes + 16 + bloom * 8
        begin = self._word(bucket_table + 4 * (wanted % buckets))
        chain_table = bucket_table + 4 * buckets
        for index in range(begin, begin + _MAX_CHAIN):
            if index < first:
                return None
            value = self._word(chain_table + 4 * (index - first))
            if value | 1 == wanted | 1:
                entry = self._memory.read(symbols + 24 * index, 24)
                name_at, _, _, section, address, size = struct.unpack(self._order + "IBBHQQ", entry)
                if section and self._memory.read(strings + name_at, len(raw) + 1) == raw + b"\0":
                    return self._bias + address, size
            if value & 1:
                return None
        return None

    def _word(self, address: int) -> int:
        word: int = struct.unpack(self._order + "I", self._memory.read(address, 4))[0]
        return word

    def words(self, address: int, count: int) -> tuple[int, ...]:
        """``count`` 32-bit words at ``address`` in the file's byte order."""
        return struct.unpack(f"{self._order}{count}I", self._memory.read(address, 4 * count))

    def pointer(self, address: int) -> int:
        """A 64-bit pointer at ``address``."""
        value: int = struct.unpack(self._order + "Q", self._memory.read(address, 8))[0]
        return value


def _gnu_hash(name: str) -> int:
    value = 5381
    for byte in name.encode():
        value = (value * 33 + byte) & 0xFFFFFFFF
    return value
