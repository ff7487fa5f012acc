"""The names by which the dynamic linker opened its libraries: its own list (struct link_map), read from the core's memory.

NT_FILE has the names that the kernel knows, after all symbolic links; a debugger looks for those of this list.
"""

from __future__ import annotations

import struct

from analyzer.capture.architecture import Architecture
from analyzer.capture.core_space import AT_PHDR
from analyzer.capture.maps import AddressSpace
from analyzer.capture.memory import Memory, MemoryUnreadable

_AT_PHNUM = 5
_PT_DYNAMIC, _PT_PHDR, _DT_DEBUG = 2, 6, 21
_MOST_LIBRARIES, _LONGEST_NAME = 4096, 4096


def link_names(memory: Memory, space: AddressSpace, auxv: dict[int, int], architecture: Architecture) -> dict[str, str]:
    """Name in the dynamic linker's list -> path of the mapped file; empty where the list cannot be read (static programs)."""
    names: dict[str, str] = {}
    order = "<" if architecture.byte_order == "little" else ">"
    try:
        entry = _first_link(memory, auxv, order)
        for _ in range(_MOST_LIBRARIES):
            if not entry:
                break
            # l_addr, l_name, l_ld, l_next: the part of struct link_map that is fixed by the interface to debuggers
            _, name_at, dynamic, entry = struct.unpack(order + "QQQQ", memory.read(entry, 32))
            mapping = space.at(dynamic)
            name = _text(memory, name_at)
            if mapping is not None and mapping.path.startswith("/") and name.startswith("/"):
                names[name] = mapping.path
    except MemoryUnreadable:
        return names
    return names


def _first_link(memory: Memory, auxv: dict[int, int], order: str) -> int:
    """From the program's headers to DT_DEBUG (struct r_debug) to the first entry; 0 where there is none."""
    place, count = auxv.get(AT_PHDR, 0), auxv.get(_AT_PHNUM, 0)
    if not place or not 0 < count <= 128:
        return 0
    headers = list(struct.iter_unpack(order + "IIQQQQQQ", memory.read(place, 56 * count)))
    bias = next((place - header[3] for header in headers if header[0] == _PT_PHDR), 0)
    for kind, _, _, address, _, _, size, _ in headers:
        if kind != _PT_DYNAMIC or size > 1 << 16:
            continue
        for tag, value in struct.iter_unpack(order + "QQ", memory.read((bias + address) % (1 << 64), size // 16 * 16)):
            if tag == _DT_DEBUG and value:
                (first,) = struct.unpack(order + "Q", memory.read(value + 8, 8))
                return int(first)
    return 0


def _text(memory: Memory, address: int) -> str:
    """A C string, which may end shortly before memory that cannot be read."""
    data = b""
    while address and len(data) < _LONGEST_NAME and b"\0" not in data:
        data += memory.read(address + len(data), 16)
    return data.partition(b"\0")[0].decode("utf-8", "backslashreplace")
