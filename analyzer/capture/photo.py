"""A photograph of a process: its threads' registers as far as they are known, and the memory that a debugger and the facts
need of it. How it was taken (``no_stop``, ``stop``) makes no difference to what is done with it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

from analyzer.capture.architecture import ByteOrder
from analyzer.capture.maps import AddressSpace, Mapping
from analyzer.capture.memory import MemoryUnreadable, unsigned
from analyzer.capture.pages import Pages, merged
from analyzer.capture.return_address import Caller
from analyzer.lean_dataclass import dataclass, field
from analyzer.model import Syscall

_SMALL, _SMALL_NAMELESS = 1 << 20, 1 << 17
"""A private writable mapping up to this size is taken whole: libc's data, a small heap. Nameless ones of more than 128 KiB are
malloc's arenas, one a thread, of which only the locks matter."""
_MOST_DATA = 16 << 20
LARGEST_LOCK = 2400
"""malloc's arena and struct pthread are about as large."""
_RED_ZONE = 512
"""Below the stack pointer a leaf function may keep data (128 bytes on x86_64, up to 512 on ppc64)."""
_STACKS_IN_ALL, _STACK_LEAST, _STACK_MOST = 32 << 20, 32 << 10, 1 << 20


@dataclass(frozen=True)
class PhotoThread:
    """One thread in a photograph."""

    tid: int
    registers: bytes | None = None
    """As NT_PRSTATUS holds them; None where only the stack pointer and the program counter are known."""
    stack_pointer: int | None = None
    program_counter: int | None = None
    """None where the thread ran."""
    call: Syscall | None = None
    """The system call it waits in."""
    others: dict[int, bytes] = field(default_factory=dict)
    """Further register notes, by kind."""
    frame_pointer: int | None = None
    """Where it was worked out and not read."""
    caller: Caller | None = None
    """Who called the innermost function; likewise."""
    problem: str | None = None
    """Why its stack is not to be had; it has no place in a core then."""
    moved: bool = False
    """It ran while the photograph was taken."""


@dataclass
class Photo:
    """A process at one moment."""

    threads: dict[int, PhotoThread]
    pages: Pages
    auxv: bytes
    stopped_ms: float
    consistent: bool
    """Every thread that is in it stood still while it was taken."""
    notes: list[str] = field(default_factory=list)


def take_locks(pages: Pages, addresses: Iterable[int], byte_order: ByteOrder) -> None:
    """The locks at these addresses, which threads wait for, and the threads that these may name as their holders: facts ask for
    them later, and they should be of the same moment."""
    for address in set(addresses):
        pages.take(address, address + LARGEST_LOCK)
        with contextlib.suppress(MemoryUnreadable):
            owner = unsigned(pages, address + 8, 8, byte_order)
            if owner >> 12:
                pages.take(owner, owner + LARGEST_LOCK)


def wanted_data(space: AddressSpace) -> list[tuple[int, int]]:
    """What a debugger needs to find the libraries, as (start, end), besides the stacks. It hardly ever changes.

    Small private writable mappings; the pages made read-only after relocation, which lie right before a file's writable
    part and hold DT_DEBUG; every file's first page, with its build id; the vdso.
    """
    return merged(_data(space.mappings))


def wanted_stacks(space: AddressSpace, stack_pointers: Sequence[int]) -> list[tuple[int, int]]:
    """Each stack from its pointer outwards, as (start, end): small enough to be read in a moment."""
    return merged(_stacks(space, stack_pointers))


def _data(mappings: Sequence[Mapping]) -> Iterable[tuple[int, int]]:
    taken = 0
    for position, mapping in enumerate(mappings):
        size = mapping.end - mapping.start
        before = mappings[position - 1] if position else None
        # What follows a file's data without a gap is its .bss.
        belongs = bool(mapping.path) or (before is not None and before.end == mapping.start and bool(before.path))
        limit = _SMALL if belongs else _SMALL_NAMELESS
        following = mappings[position + 1] if position + 1 < len(mappings) else None
        relocated = (
            following is not None
            and mapping.permissions == "r--p"
            and following.permissions == "rw-p"
            and mapping.path == following.path != ""
            and mapping.end == following.start
        )
        writable = mapping.permissions.startswith("rw") and mapping.permissions.endswith("p") and mapping.path != "[stack]"
        if ((writable or relocated) and size <= limit and taken + size <= _MOST_DATA) or mapping.path == "[vdso]":
            taken += size
            yield mapping.start, mapping.end
        elif mapping.offset == 0 and mapping.path.startswith("/") and mapping.permissions.startswith("r"):
            yield mapping.start, mapping.start + 1


def _stacks(space: AddressSpace, stack_pointers: Sequence[int]) -> Iterable[tuple[int, int]]:
    each = max(_STACK_LEAST, min(_STACK_MOST, _STACKS_IN_ALL // max(1, len(stack_pointers))))
    for pointer in stack_pointers:
        mapping = space.at(pointer)
        if mapping is not None:
            yield max(mapping.start, pointer - _RED_ZONE), min(mapping.end, pointer + each)
