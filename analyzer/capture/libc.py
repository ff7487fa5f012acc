"""Which C library a process uses, and which version: read from what is mapped, not from what lies on disk."""

from __future__ import annotations

import re

from analyzer.capture.loaded_elf import LoadedElf
from analyzer.capture.maps import AddressSpace
from analyzer.capture.memory import Memory, MemoryUnreadable
from analyzer.lean_dataclass import dataclass, field
from analyzer.model import Libc

_GLIBC = re.compile(r"/libc(?:-(?P<version>\d+\.\d+))?\.so(?:\.6(?:\.1)?)?(?: \(deleted\))?$")
_MUSL = re.compile(r"/(?:ld-musl-[^/]*|libc\.musl-[^/]*)\.so(?:\.\d+)?(?: \(deleted\))?$")
_BANNER = re.compile(rb"GNU C Library [^\n]*?version (\d+\.\d+)")
_MOST_READ = 8 << 20


@dataclass(frozen=True)
class LibcSeen:
    """The C library, and its exported symbols where its memory could be read."""

    value: Libc = field(default_factory=lambda: Libc("unknown"))
    elf: LoadedElf | None = None
    why_unknown: str = "the mappings of the process could not be read"


def find_libc(space: AddressSpace | None, memory: Memory | None, executable: str | None) -> LibcSeen:
    """The C library mapped into an address space. Never raises: what cannot be read stays unknown, with the reason."""
    if space is None:
        return LibcSeen()
    for path in space.paths():
        if _MUSL.search(path):
            return LibcSeen(Libc("musl", path=path), None, "its C library is musl, not glibc")
        match = _GLIBC.search(path)
        if match is None:
            continue
        loaded = elf = _loaded(memory, space.base(path))
        try:
            if elf is not None and elf.symbol("gnu_get_libc_version") is None:
                continue
        except MemoryUnreadable:
            elf = None  # a core holds the first page at most, and the file is not here: no symbols
        version = match.group("version") or _version(space, memory, path)
        return LibcSeen(Libc("glibc", version, path, _build_id(loaded)), elf, "")
    return _static(space, memory, executable)


def _static(space: AddressSpace, memory: Memory | None, executable: str | None) -> LibcSeen:
    """No libc is mapped on its own: a static program. glibc leaves its banner in it only when it is linked in whole."""
    path = executable if executable and space.base(executable) is not None else None
    if path is None:
        return LibcSeen(Libc("unknown"), None, "no C library is mapped, and the executable is unknown")
    version = _version(space, memory, path)
    if version is not None:
        return LibcSeen(Libc("glibc", version, path), None, "glibc is linked statically, so its symbols cannot be looked up")
    return LibcSeen(Libc("none"), None, "the program is static and has no glibc that we recognise (musl, Go, or none)")


def _loaded(memory: Memory | None, base: int | None) -> LoadedElf | None:
    if memory is None or base is None:
        return None
    try:
        return LoadedElf(memory, base)
    except MemoryUnreadable:
        return None


def _build_id(elf: LoadedElf | None) -> str | None:
    try:
        return elf.build_id if elf is not None else None
    except MemoryUnreadable:
        return None


def _version(space: AddressSpace, memory: Memory | None, path: str) -> str | None:
    """From the banner in its read-only data: «GNU C Library (...) stable release version 2.36.»."""
    if memory is None:
        return None
    # Read-only data has a mapping of its own on some architectures, and lies beside the code on others (s390x).
    own = [mapping for mapping in space.mappings if mapping.path == path and mapping.permissions.startswith("r-")]
    for mapping in sorted(own, key=lambda mapping: "x" in mapping.permissions):
        if "w" not in mapping.permissions:
            try:
                match = _BANNER.search(memory.read(mapping.start, min(mapping.end - mapping.start, _MOST_READ)))
            except MemoryUnreadable:
                continue
            if match:
                return match.group(1).decode()
    return None
