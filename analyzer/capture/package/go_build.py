"""What the Go linker writes into every executable since Go 1.13; strip does not remove it.

Format (Go's package debug/buildinfo): the section .go.buildinfo begins with a magic of 14 bytes, the pointer size and flags.
Flag 2 (Go 1.18 on): two strings with their lengths as varints follow at offset 32, the compiler's version and the module text;
without it two pointers to Go strings stand at offset 16. The module text lies between two marks of 16 bytes.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

from analyzer.model import GoBuild

_MAGIC = b"\xff Go buildinf:"
_MOST_SECTIONS, _MOST_NAMES, _MOST_SECTION, _MOST_TEXT = 65536, 1 << 20, 1 << 20, 1 << 20
_MARK = 16


class _NotGo(Exception):
    """The file has no readable build information."""


def find(executable: int) -> GoBuild | None:
    """The build information of an open ELF file of 64 bits; None where it is no Go program. Raises OSError."""
    try:
        elf = _Elf(executable)
        compiler, text = _strings(elf)
    except (_NotGo, struct.error):
        return None
    return _parse(compiler, text)


class _Elf:
    """Just enough of an ELF file, read piece by piece."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        header = self.read(0, 64)
        if header[:5] != b"\x7fELF\x02":
            raise _NotGo
        self.order = ">" if header[5] == 2 else "<"
        self._programs, self._sections = struct.unpack_from(self.order + "QQ", header, 32)
        self._program_count, _, self._section_count, self._names = struct.unpack_from(self.order + "HHHH", header, 56)

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self._descriptor, size, offset) if offset < 1 << 62 else b""

    def section(self, wanted: bytes) -> bytes:
        """Content of the section of this name."""
        rows = list(self._rows())
        if self._names >= len(rows):
            raise _NotGo
        names = self.read(rows[self._names][4], min(rows[self._names][5], _MOST_NAMES))
        for row in rows:
            if names[row[0] : row[0] + len(wanted) + 1] == wanted + b"\0":
                return self.read(row[4], min(row[5], _MOST_SECTION))
        raise _NotGo

    def _rows(self) -> Iterator[tuple[int, ...]]:
        # name, type, flags, address, offset, size, link, info, alignment, entry size
        table = self.read(self._sections, min(self._section_count, _MOST_SECTIONS) * 64)
        return struct.iter_unpack(self.order + "IIQQQQIIQQ", table[: len(table) // 64 * 64])

    def at(self, address: int, size: int) -> bytes:
        """What is loaded at an address."""
        table = self.read(self._programs, self._program_count * 56)
        rows = struct.iter_unpack(self.order + "IIQQQQQQ", table[: len(table) // 56 * 56])
        for kind, _, offset, start, _, length, _, _ in rows:
            if kind == 1 and start <= address and address + size <= start + length:
                return self.read(offset + address - start, size)
        raise _NotGo


def _strings(elf: _Elf) -> tuple[bytes, bytes]:
    """The compiler's version and the module text."""
    data = elf.section(b".go.buildinfo")
    if not data.startswith(_MAGIC) or len(data) < 32:
        raise _NotGo
    if data[15] & 2:
        compiler, position = _varint_string(data, 32)
        return compiler, _varint_string(data, position)[0]
    if data[14] != 8:
        raise _NotGo
    order = ">" if data[15] & 1 else "<"
    pointers = struct.unpack_from(order + "QQ", data, 16)
    first, second = (_go_string(elf, order, pointer) for pointer in pointers)
    return first, second


def _go_string(elf: _Elf, order: str, address: int) -> bytes:
    if not address:
        return b""
    start, length = struct.unpack(order + "QQ", elf.at(address, 16))
    return elf.at(start, min(length, _MOST_TEXT)) if length else b""


def _varint_string(data: bytes, position: int) -> tuple[bytes, int]:
    length = shift = 0
    while True:
        if position >= len(data) or shift > 28:
            raise _NotGo
        byte = data[position]
        position, length, shift = position + 1, length | (byte & 0x7F) << shift, shift + 7
        if byte < 0x80:
            return data[position : position + length], position + length


def _parse(compiler: bytes, marked: bytes) -> GoBuild:
    text = marked[_MARK:-_MARK].decode("utf-8", "backslashreplace") if len(marked) > 2 * _MARK else ""
    path = module = version = None
    settings: dict[str, str] = {}
    for line in text.splitlines():
        word, _, rest = line.partition("\t")
        if word == "path":
            path = rest
        elif word == "mod":
            module, version = (*rest.split("\t"), "")[:2]
        elif word == "build":
            key, _, value = rest.partition("=")
            settings.setdefault(key, value)
    modified = settings.get("vcs.modified")
    return GoBuild(
        path=path,
        module=module,
        version=version if version and version != "(devel)" else None,
        revision=settings.get("vcs.revision"),
        modified=None if modified is None else modified == "true",
        compiler=compiler.decode("utf-8", "backslashreplace") or None,
    )
