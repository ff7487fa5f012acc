"""The files that a core was made with: found here, compared by build id, and only then used.

A kernel's core leaves out what the files hold (code, symbol tables). Those are read from the files on this machine, but only
from one whose build id is the one that the core itself has in its memory. The debugger gets a folder of links to exactly these
files as its root: so it sees no other libc, and a core from a stranger cannot make it open anything else.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from pathlib import Path

from analyzer.capture.core_file import CoreMemory
from analyzer.capture.core_named import begins_alike
from analyzer.capture.loaded_elf import LoadedElf
from analyzer.capture.maps import AddressSpace, Mapping
from analyzer.capture.memory import MemoryUnreadable
from analyzer.capture.regular_file import open_if_regular
from analyzer.lean_dataclass import dataclass, field

_MOST_LINKS = 40
_MOST_FILES = 4096
_MOST_HEADERS = 4096


@dataclass
class FoundFiles:
    """Which mapped files are here as the core had them."""

    matching: dict[str, Path] = field(default_factory=dict)
    """Path in the core -> file here with the same build id."""
    other: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Path in the core -> (build id in the core, build id of the file here)."""
    missing: list[str] = field(default_factory=list)
    """Not here at all."""
    unproven: list[str] = field(default_factory=list)
    """Here, but the core does not hold the build id to compare."""
    believed: dict[str, Path] = field(default_factory=dict)
    """The program that a person named, without a build id to compare: used, and believed less."""


def find_files(space: AddressSpace, core: CoreMemory, sysroot: Path, executable: tuple[str, Path] | None) -> FoundFiles:
    """Look for every mapped ELF file below ``sysroot``; ``executable`` is (its path in the core, the file given for it)."""
    found = FoundFiles()
    for path in space.paths()[:_MOST_FILES]:
        base = space.base(path)
        given = executable[1] if executable and executable[0] == path else inside(sysroot, path)
        if base is None:
            continue
        wanted = _id_in_core(core, base)
        if wanted is None:
            if core.available(base) >= 4 and core.read(base, 4) != b"\x7fELF":
                continue
            _without_id(found, core, base, path, given if executable and executable[0] == path else None)
            continue
        have = build_id_of(given) if given else None
        if given is None or not given.exists():
            found.missing.append(path)
        elif have == wanted:
            found.matching[path] = given
        else:
            found.other[path] = (wanted, have or "none")
    return found


def _without_id(found: FoundFiles, core: CoreMemory, base: int, path: str, named: Path | None) -> None:
    """Nothing to compare: only a file that a person named is used, and only if nothing speaks against it."""
    have = build_id_of(named) if named is not None else None
    if named is None:
        found.unproven.append(path)
    elif (have is None or not core.available(base)) and begins_alike(core, base, named):
        found.believed[path] = named
    else:
        found.other[path] = ("none", have or "none, and it begins with other headers")


def _id_in_core(core: CoreMemory, base: int) -> str | None:
    try:
        return LoadedElf(core, base).build_id
    except MemoryUnreadable:
        return None


def build_id_of(path: Path) -> str | None:
    """Build id of an ELF file; None where it has none or is no ELF file."""
    from elftools.common.utils import struct_parse
    from elftools.elf.elffile import ELFFile
    from elftools.elf.segments import NoteSegment

    try:
        descriptor = _open_regular(path)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        try:
            elf = ELFFile(file)
            if elf.num_segments() > _MOST_HEADERS:
                return None
            for number in range(elf.num_segments()):
                # iter_segments() would read the whole dynamic section, which takes longer than all the rest.
                header = struct_parse(elf.structs.Elf_Phdr, file, elf["e_phoff"] + number * elf["e_phentsize"])
                for note in NoteSegment(header, file, elf).iter_notes() if header["p_type"] == "PT_NOTE" else ():
                    if note["n_type"] == "NT_GNU_BUILD_ID":
                        return str(note["n_desc"])
        except Exception:  # pyelftools raises whatever a field that makes no sense leads to
            return None
    return None


def _open_regular(path: Path) -> int:
    found = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        return open_if_regular(found)
    finally:
        os.close(found)


def inside(root: Path, path: str) -> Path | None:
    """``path`` as a process with this root would find it: its symbolic links never lead out of ``root``."""
    left = [part for part in posixpath.normpath("/" + path).split("/") if part]
    done: list[str] = []
    for _ in range(_MOST_LINKS * 16):
        if not left:
            return root.joinpath(*done)
        part = left.pop(0)
        if part == "..":
            done = done[:-1]
            continue
        here = root.joinpath(*done, part)
        try:
            target = os.readlink(here)
        except (OSError, ValueError):
            done.append(part)
            continue
        if target.startswith("/"):
            done = []
        left = [piece for piece in target.split("/") if piece not in {"", "."}] + left
    return None


def lay_out(files: FoundFiles, links: Dictionary[str, str], folder: Path) -> None:
    """A root for the debugger in ``folder``: links to the matching files at the places where the core had them, and under
    the names of the dynamic linker's list (name -> path in the core)."""
    wanted = {path: path for path in files.matching} | dict(links)
    for name, path in wanted.items():
        file = files.matching.get(path)
        parts = [part for part in posixpath.normpath("/" + name).split("/") if part]
        if file is None or not parts:
            continue
        link = folder.joinpath(*parts)
        try:
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink():
                link.symlink_to(file.absolute())
        except (OSError, ValueError):
            continue


class FilledMemory:
    """The core's memory, and what it leaves out from the files that match. Bytes that a cut-off core lost stay unknown."""

    def __init__(self, core: CoreMemory, files: FoundFiles, mappings: Sequence[Mapping]) -> None:
        self._core = core
        self._files = files.matching
        self._space = AddressSpace(mappings)
        self._open: dict[str, int] = {}

    def read(self, address: int, size: int) -> bytes:
        """See Memory.read."""
        pieces, at, left = [], address, size
        while left > 0:
            here = min(left, self._core.available(at))
            piece = self._core.read(at, here) if here else self._from_file(at, left)
            pieces.append(piece)
            at, left = at + len(piece), left - len(piece)
        return b"".join(pieces)

    def _from_file(self, address: int, size: int) -> bytes:
        mapping = self._space.at(address)
        file = self._files.get(mapping.path) if mapping else None
        if mapping is None or file is None or self._core.lost(address):
            raise MemoryUnreadable(f"memory at {address:#x} is not in the core")
        segment = self._core.segment(address)
        # What could be written may differ from the file; gdb leaves out whole mappings, but only those that nobody changed.
        if segment is not None and "w" in segment.permissions:
            raise MemoryUnreadable(f"memory at {address:#x} could be written, and the core does not hold it")
        end = min(mapping.end, segment.end if segment is not None else self._core.next_start(address))
        try:
            if mapping.path not in self._open:
                self._open[mapping.path] = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
            data = os.pread(self._open[mapping.path], min(size, end - address), mapping.offset + address - mapping.start)
        except (OSError, OverflowError, ValueError) as error:  # an offset from the core may be any number
            raise MemoryUnreadable(f"{file} cannot be read there: {error}") from error
        if not data:
            raise MemoryUnreadable(f"memory at {address:#x} lies behind the end of {file}")
        return data

    def close(self) -> None:
        """Close the files."""
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()
