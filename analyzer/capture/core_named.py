"""A program that was named with --exe and cannot be compared by build id: does anything speak against it?

Compilers can be told to leave the build id out. Then the only thing left is what the core holds of the file itself, its headers.
That they are the same does not prove the file, so what is read with its help is believed less (core_unread.py).
"""

from __future__ import annotations

import struct
from pathlib import Path

from analyzer.capture.core_file import CoreMemory

_HEADER, _MOST_HEADERS, _PT_INTERP = 64, 128, 3


def begins_alike(core: CoreMemory, base: int, file: Path) -> bool:
    """Whether the file is a program that uses shared libraries, and its ELF and program headers are those in the core's memory
    at ``base``, as far as the core holds them.

    A program with the C library in it is never taken: all that is known of locks would come from the doubtful file.
    """
    try:
        with file.open("rb") as opened:
            header = opened.read(_HEADER)
            if header[:5] != b"\x7fELF\x02":
                return False
            order = ">" if header[5] == 2 else "<"
            (offset,) = struct.unpack_from(order + "Q", header, 32)
            size, count = struct.unpack_from(order + "HH", header, 54)
            if size != 56 or offset != _HEADER or not 0 < count <= _MOST_HEADERS:
                return False
            headers = header + opened.read(size * count)
    except (OSError, struct.error):
        return False
    kinds = [kind for (kind,) in struct.iter_unpack(order + "I52x", headers[_HEADER : _HEADER + size * count // 56 * 56])]
    held = min(core.available(base), len(headers))
    return _PT_INTERP in kinds and core.read(base, held) == headers[:held]
