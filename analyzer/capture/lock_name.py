"""What a lock is called in glibc's source, from its address first and from the frames second.

In order of trust: debug information or an exported symbol at the address; the exported function that takes only this lock;
the structure around the address; the place in fork's code from which it is taken. The last two matter where libc has no debug
information: then ``main_arena``, ``list_lock``, ``atfork_lock`` and the nss lock all read ``__lll_lock_wait_private <- ?? <-
fork``.
"""

from __future__ import annotations

import struct

from analyzer.capture.calls import direct_calls
from analyzer.capture.memory import MemoryUnreadable
from analyzer.capture.seen import Seen
from analyzer.capture.stacks import RawFrame

_TAKEN_BY = {
    # Exported functions that wait for one lock only.
    "_IO_list_lock": "list_all_lock",
    "_IO_proc_file_chain_lock": "proc_file_chain_lock",
    "_IO_link_in": "list_all_lock",
    "_IO_un_link": "list_all_lock",
    "__nss_database_fork_prepare_parent": "global_database_state->lock",
    "__add_to_environ": "envlock",
    "__run_prefork_handlers": "atfork_lock",
}
_LINKER = {
    "_dl_open": "_dl_load_lock", "_dl_close": "_dl_load_lock", "__dlsym": "_dl_load_lock", "__dlvsym": "_dl_load_lock",
    "_dl_addr": "_dl_load_lock", "__dl_iterate_phdr": "_dl_load_write_lock", "dl_iterate_phdr": "_dl_load_write_lock",
    "__pthread_create_2_1": "_dl_stack_cache_lock", "pthread_create": "_dl_stack_cache_lock",
    "allocate_stack": "_dl_stack_cache_lock", "__nptl_setxid": "_dl_stack_cache_lock",
}  # fmt: skip
"""Locks inside _rtld_global, by the call that waits for them."""
_FORK = {"fork", "__fork", "__libc_fork"}
_LARGEST_FORK = 16384
# Heaps beside the main one begin at multiples of a megabyte or more, with struct heap_info (longer from 2.35 on); then the arena.
_HEAP_ALIGNMENT, _ARENA_IN_HEAP = 1 << 20, {0x20, 0x30}


def lock_name(seen: Seen, tid: int, address: int) -> tuple[str | None, str | None]:
    """(name, how it was found) of the lock at ``address`` that thread ``tid`` waits for; (None, None) if nothing tells."""
    symbol = seen.stacks.symbols.get(address)
    if symbol and symbol.startswith("_rtld_"):
        linker = next((_LINKER[name] for frame in seen.frames(tid)[:6] if (name := _bare(frame.function)) in _LINKER), symbol)
        return linker, "the dynamic linker's own structure at its address, and the waiting call"
    if symbol:
        return symbol, "the symbol at its address (debug information or the symbol table)"
    frames = seen.frames(tid)[:6]
    for frame in frames:
        name = _bare(frame.function)
        if name in _TAKEN_BY:
            return _TAKEN_BY[name], f"the waiting call: {name} takes no other lock"
    arena = _arena(seen, address)
    if arena is not None:
        return arena, "the structure at its address: empty bins of a malloc arena point to themselves"
    place = _place_in_fork(seen, frames, address)
    return (place, "the place in fork's code from which it is taken") if place else (None, None)


def _bare(function: str | None) -> str:
    return (function or "").removeprefix("__GI_")


def _arena(seen: Seen, address: int) -> str | None:
    """malloc_state: mutex, flags, have_fastchunks (2.26+), fastbins[10], top, last_remainder, bins[254].

    An empty bin's forward and backward pointers are its own address minus two words. At least 32 bins of that form in a
    row, in libc's own data or at the head of a heap that malloc has mapped, is nothing else.
    """
    if seen.memory is None or seen.space is None or seen.architecture is None:
        return None
    module = seen.space.module(address)
    if module is None and address % _HEAP_ALIGNMENT not in _ARENA_IN_HEAP:
        return None
    if module is not None and module[0] != seen.libc.value.path:
        return None
    try:
        data = seen.memory.read(address, 2200)
    except MemoryUnreadable:
        return None
    order = "<" if seen.architecture.byte_order == "little" else ">"
    words = struct.unpack(f"{order}{len(data) // 8}Q", data[: len(data) // 8 * 8])
    empty = 0
    for index in range(10, len(words) - 1):
        own = address + 8 * index - 16
        if words[index] == words[index + 1] == own:
            empty += 1
    if empty < 32:
        return None
    return "main_arena" if module is not None else "a malloc arena"


def _place_in_fork(seen: Seen, frames: tuple[RawFrame, ...], address: int) -> str | None:
    """fork takes atfork_lock and the nss lock before it calls the exported _IO_list_lock, malloc's list_lock after it."""
    elf, memory, architecture = seen.libc.elf, seen.memory, seen.architecture
    if elf is None or memory is None or architecture is None or seen.space is None:
        return None
    position, in_fork = next(((n, f) for n, f in enumerate(frames) if _bare(f.function) in _FORK), (0, None))
    fork, list_lock = elf.symbol("fork"), elf.symbol("_IO_list_lock")
    if in_fork is None or in_fork.address is None or position == 0 or fork is None or list_lock is None:
        return None
    # Its very beginning: which of its calls it is could not be told.
    if not fork[0] < in_fork.address < fork[0] + fork[1] or fork[1] > _LARGEST_FORK:
        return None
    try:
        calls = list(direct_calls(memory.read(fork[0], fork[1]), fork[0], architecture.name))
    except MemoryUnreadable:
        return None
    takes_list_lock = [place for place, target in calls if target == list_lock[0]]
    if not takes_list_lock:
        return None
    in_libc = seen.space.module(address)
    in_data = in_libc is not None and in_libc[0] == seen.libc.value.path
    if in_fork.address <= takes_list_lock[0] + architecture.call_size - 1:
        return "atfork_lock" if in_data else "global_database_state->lock"
    return "list_lock" if in_data else "a malloc arena"
