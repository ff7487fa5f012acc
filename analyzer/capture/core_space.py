"""The address space of a core: which file lies where (NT_FILE), and the memory between the files."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.capture.core_file import Segment
from analyzer.capture.maps import AddressSpace, Mapping

AT_PHDR, AT_ENTRY, AT_RANDOM = 3, 9, 25


def core_space(files: Sequence[Mapping], segments: Sequence[Segment], auxv: dict[int, int]) -> AddressSpace:
    """Files as NT_FILE names them; everything else is anonymous, but for the main thread's stack, where the kernel puts the
    bytes that AT_RANDOM points to."""
    named = AddressSpace(files)
    mappings = list(named.mappings)
    random = auxv.get(AT_RANDOM, 0)
    for segment in segments:
        if named.at(segment.start) is None:
            name = "[stack]" if segment.start <= random < segment.end else ""
            mappings.append(Mapping(segment.start, segment.end, segment.permissions, 0, name))
    return AddressSpace(mappings)


def executable_path(space: AddressSpace, auxv: dict[int, int]) -> str | None:
    """The mapped file that holds the program's entry point."""
    for key in (AT_ENTRY, AT_PHDR):
        mapping = space.at(auxv[key]) if key in auxv else None
        if mapping is not None and mapping.path.startswith("/"):
            return mapping.path
    return None
