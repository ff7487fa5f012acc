"""glibc's own list of its threads, read from memory without symbols.

Every struct pthread hangs by its ``list`` member in one of two rings: ``_dl_stack_used`` (threads whose stack glibc made) and
``_dl_stack_user`` (the main thread, and threads on stacks of their own). Since 2.34 the heads of both lie side by side in the
dynamic linker's data, so from any one thread all are found. Source: glibc nptl/allocatestack.c, sysdeps/generic/ldsodefs.h.

A thread that has ended has 0 for its id there (the kernel clears it), and so have, after glibc's own fork, the threads that
were not copied. An id above 0 of a thread that does not exist means: this memory was copied past glibc.
"""

from __future__ import annotations

import re
import struct

from analyzer.capture.loaded_elf import LoadedElf
from analyzer.capture.memory import MemoryUnreadable, unsigned
from analyzer.capture.seen import Seen
from analyzer.lean_dataclass import dataclass

_MOST_THREADS = 1 << 16
_NODE = 16
"""Size of list_t {next, prev}."""
_SELF = 16
"""Offset of ``self`` in tcbhead_t {tcb, dtv, self, ...}, with which struct pthread begins there."""
_DYNAMIC_LINKER = re.compile(r"/ld(?:64)?(?:-[^/]*)?\.so(?:\.\d+)?$")
_LARGEST_RTLD_GLOBAL = 1 << 16


@dataclass(frozen=True)
class Listed:
    """A thread as glibc lists it."""

    pointer: int
    """Address of its struct pthread."""
    tid: int
    """The id that glibc keeps for it."""


def listed_threads(seen: Seen, known: int) -> list[Listed]:
    """All threads in glibc's lists that have an id, from one struct pthread that is ``known``.

    Empty where the lists cannot be read, or are not of the form we know (before 2.34 only the ring of ``known``).
    """
    architecture = seen.architecture
    if architecture is None or seen.space is None or seen.memory is None:
        return []
    try:
        ring = _ring(seen, known + architecture.list_offset)
    except MemoryUnreadable:
        return []
    head = next((node for node in ring if _in_a_file(seen, node)), None)
    nodes = [node for node in ring if node != head]
    for neighbour in (head - _NODE, head + _NODE) if head is not None else ():
        try:
            nodes += [node for node in _ring(seen, neighbour) if node != neighbour]
        except MemoryUnreadable:
            continue
    threads = []
    for node in dict.fromkeys(nodes):
        pointer = node - architecture.list_offset
        try:
            tid = seen.stored_tid(pointer)
        except MemoryUnreadable:
            continue
        if tid > 0:
            threads.append(Listed(pointer, tid))
    return threads


def all_listed(seen: Seen) -> tuple[list[Listed], list[Listed]]:
    """(threads on stacks that glibc made, the main thread and threads on stacks of their own), without knowing any of them.

    The heads of both rings lie in ``_rtld_global``, which the dynamic linker exports; their offset there differs by version,
    so they are found by their form: two rings side by side whose members are control blocks. Empty where nothing has it.
    """
    if seen.space is None or seen.memory is None or seen.architecture is None:
        return [], []
    for path in seen.space.paths():
        if not _DYNAMIC_LINKER.search(path):
            continue
        try:
            symbol = LoadedElf(seen.memory, seen.space.base(path) or 0).symbol("_rtld_global")
            if symbol is None or not 0 < symbol[1] <= _LARGEST_RTLD_GLOBAL:
                continue
            data = seen.memory.read(*symbol)
        except MemoryUnreadable:
            continue
        order = "<" if seen.architecture.byte_order == "little" else ">"
        words = struct.unpack(f"{order}{len(data) // 8}Q", data[: len(data) // 8 * 8])
        for index in range(len(words) - 3):
            if words[index] and words[index + 2] and words[index + 3]:
                head = symbol[0] + 8 * index
                used, user = _members(seen, head), _members(seen, head + _NODE)
                if used is not None and user:
                    return used, user
    return [], []


def _members(seen: Seen, head: int) -> list[Listed] | None:
    """The threads of the ring at ``head``; None where it is no ring, or one of something else."""
    assert seen.architecture is not None
    threads = []
    try:
        for node in _ring(seen, head)[1:]:
            pointer = node - seen.architecture.list_offset
            if self_pointer(seen, pointer) is False:
                return None
            threads.append(Listed(pointer, seen.stored_tid(pointer)))
    except MemoryUnreadable:
        return None
    return threads


def pthread_size(seen: Seen) -> int | None:
    """sizeof(struct pthread) as glibc says it to debuggers (exported since 2.34)."""
    try:
        symbol = seen.libc.elf.symbol("_thread_db_sizeof_pthread") if seen.libc.elf else None
        size = seen.libc.elf.words(symbol[0], 1)[0] if symbol and seen.libc.elf else None
    except MemoryUnreadable:
        return None
    return size if size is not None and 0 < size < 1 << 16 else None


def self_pointer(seen: Seen, pointer: int) -> bool | None:
    """Whether the control block at ``pointer`` points to itself, as it does on x86_64 and s390x; None for the others."""
    if seen.memory is None or seen.architecture is None:
        raise MemoryUnreadable("the memory of this process was not readable")
    if not seen.architecture.self_pointer:
        return None
    return unsigned(seen.memory, pointer + _SELF, 8, seen.architecture.byte_order) == pointer


def _ring(seen: Seen, start: int) -> list[int]:
    """The nodes of a doubly linked ring, ``start`` first. Raises MemoryUnreadable where it is no ring."""
    assert seen.memory is not None
    assert seen.architecture is not None
    order = seen.architecture.byte_order
    nodes, node = [start], start
    while len(nodes) < _MOST_THREADS:
        following = unsigned(seen.memory, node, 8, order)
        if unsigned(seen.memory, following + 8, 8, order) != node:
            raise MemoryUnreadable(f"glibc's list of threads is torn at {node:#x}")
        if following == start:
            return nodes
        nodes.append(following)
        node = following
    raise MemoryUnreadable("glibc's list of threads has no end")


def _in_a_file(seen: Seen, address: int) -> bool:
    """List heads lie in the data of the dynamic linker (of libpthread before 2.34), threads in memory of their own."""
    return seen.space is not None and seen.space.module(address) is not None


def not_copied(seen: Seen) -> list[Listed]:
    """Threads that glibc still lists with an id and that do not exist here; empty unless every thread's pointer is known."""
    pointers = {seen.thread_pointer(thread.tid) for thread in seen.before.threads}
    if None in pointers or not pointers:
        return []
    first = seen.thread_pointer(seen.pid)
    if first is None:
        return []
    return [thread for thread in listed_threads(seen, first) if thread.pointer not in pointers]
