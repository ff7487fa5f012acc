"""Where in a function's machine code another function is called directly.

Used to tell which of fork's locks is waited for when libc has no debug information: the locks have a fixed order, and one of
them is taken by an exported function. Encodings: the architecture manuals (x86 ``call rel32``, z/Architecture ``brasl %r14``,
A64 ``bl``, Power ``bl``).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator


def _x86_64(code: bytes, start: int) -> Iterator[tuple[int, int]]:
    position = code.find(b"\xe8")
    while 0 <= position <= len(code) - 5:
        (offset,) = struct.unpack_from("<i", code, position + 1)
        yield start + position, start + position + 5 + offset
        position = code.find(b"\xe8", position + 1)


def _s390x(code: bytes, start: int) -> Iterator[tuple[int, int]]:
    position = code.find(b"\xc0\xe5")
    while 0 <= position <= len(code) - 6:
        (halfwords,) = struct.unpack_from(">i", code, position + 2)
        yield start + position, start + position + 2 * halfwords
        position = code.find(b"\xc0\xe5", position + 1)


def _words(code: bytes, start: int, opcode: int, mask: int, shift: int) -> Iterator[tuple[int, int]]:
    for index, (word,) in enumerate(struct.iter_unpack("<I", code[: len(code) // 4 * 4])):
        if word & mask == opcode:
            offset = (word & 0x03FFFFFF) >> shift << 2
            offset -= (offset & 0x08000000 if not shift else offset & 0x02000000) << 1
            yield start + 4 * index, start + 4 * index + offset


def direct_calls(code: bytes, start: int, architecture: str) -> Iterator[tuple[int, int]]:
    """(address of the call, address called) for what reads like direct calls in ``code``, which lies at ``start``.

    On x86_64 some are no calls at all (bytes of other instructions); looking for one exact target makes that harmless.
    """
    if architecture == "x86_64":
        return _x86_64(code, start)
    if architecture == "s390x":
        return _s390x(code, start)
    if architecture == "aarch64":
        return _words(code, start, 0x94000000, 0xFC000000, 0)
    if architecture == "ppc64le":
        return _words(code, start, 0x48000001, 0xFC000003, 2)
    return iter(())
