"""The lock that a thread waits for: its word, what it is called, who holds it, and whether that thread exists here.

glibc's kinds (glibc-internal ``lowlevellock.h``, ``stdio-lock.h``, ``pthreadtypes``): a plain int (0 free, 1 held, 2 held and
somebody waits); a recursive stdio lock {int lock; int count; struct pthread *owner}; a pthread mutex {int lock; unsigned
count; int owner tid; ...; int kind}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analyzer.capture.lock_name import lock_name
from analyzer.capture.memory import MemoryUnreadable
from analyzer.capture.seen import Seen
from analyzer.model import Lock, Owner

_RECURSIVE = {"list_all_lock", "proc_file_chain_lock", "_IO_stdfile_0_lock", "_IO_stdfile_1_lock", "_IO_stdfile_2_lock"}
_RECORDS_NOBODY = {
    "atfork_lock", "list_lock", "free_list_lock", "envlock", "tzset_lock", "syslog_lock", "__exit_funcs_lock", "main_arena",
    "nss_module_list_lock", "__default_pthread_attr_lock", "global_database_state->lock", "a malloc arena", "lock",
    "_dl_stack_cache_lock",
}  # fmt: skip
_LARGEST_TID = 1 << 22
"""PID_MAX_LIMIT of include/linux/threads.h: the largest that a kernel of 64 bits gives."""
_MUTEX_CALLS = {"__pthread_mutex_lock", "___pthread_mutex_lock", "pthread_mutex_lock", "__pthread_mutex_lock_full"}


def find_locks(seen: Seen, family: Mapping[int, Seen]) -> None:
    """Put the lock behind every untimed futex wait of a process into ``seen.locks``. Of one that cannot be made sense of a note
    is left: the locks of the other threads are still to be had."""
    for tid in seen.syscalls:
        try:
            lock = find_lock(seen, tid, family)
        except Exception as error:
            seen.notes.append(f"the lock that thread {tid} waits for could not be read: {error!r}")
            continue
        if lock is not None:
            seen.locks[tid] = lock


def find_lock(seen: Seen, tid: int, family: Mapping[int, Seen]) -> Lock | None:
    """The lock behind a thread's untimed futex wait; None when it is in no such wait."""
    futex = seen.futex(tid)
    if futex is None or futex.timed:
        return None
    symbol, named_by = lock_name(seen, tid, futex.address)
    word = _word(seen, futex.address)
    kind = _kind(seen, tid, futex.address, symbol, family)
    owner = None
    try:
        if kind == "recursive":
            owner = _pointer_owner(seen, tid, futex.address, family)
        elif kind == "mutex":
            owner = _mutex_owner(seen, futex.address, family)
    except MemoryUnreadable as error:
        seen.unread_holders[tid] = str(error)
    waiters = [other for other in seen.syscalls if (wait := seen.futex(other)) and wait.address == futex.address]
    return Lock(
        address=f"{futex.address:#x}",
        symbol=symbol,
        named_by=named_by,
        word=word,
        records_owner={"recursive": True, "mutex": True, "int": False}.get(kind),
        owner=owner,
        waiters=tuple(sorted(waiters)),
    )


def _word(seen: Seen, address: int) -> int | None:
    try:
        return _integer(seen, address, 4)
    except MemoryUnreadable:
        return None


def _integer(seen: Seen, address: int, size: int) -> int:
    if seen.memory is None or seen.architecture is None:
        raise MemoryUnreadable("the memory of this process was not readable")
    return int.from_bytes(seen.memory.read(address, size), seen.architecture.byte_order)


def _kind(seen: Seen, tid: int, address: int, symbol: str | None, family: Mapping[int, Seen]) -> str:
    if symbol in _RECURSIVE:
        return "recursive"
    if symbol in _RECORDS_NOBODY:
        return "int"
    if any(frame.function in _MUTEX_CALLS for frame in seen.frames(tid)[:4]):
        return "mutex"
    # A FILE's own lock lies in the heap and has no name: it shows by the pointer beside it, which leads to a struct pthread
    # that one of the threads of the family really has.
    try:
        pointer = _integer(seen, address + 8, 8)
    except MemoryUnreadable:
        return "unknown"
    if pointer and pointer % 16 == 0 and _thread_with_pointer(pointer, family.values()) is not None:
        return "recursive"
    return "unknown"


def _thread_with_pointer(pointer: int, processes: Iterable[Seen]) -> tuple[Seen, int] | None:
    """The process and thread whose struct pthread lies at ``pointer``."""
    for process in processes:
        for tid, stack in process.stacks.threads.items():
            if stack.thread_pointer == pointer:
                return process, tid
    return None


def _pointer_owner(seen: Seen, tid: int, address: int, family: Mapping[int, Seen]) -> Owner | None:
    """The holder of {int lock; int count; struct pthread *owner}.

    A null owner under a held lock is legal (the holder is between taking the lock and noting its name), so it is «not
    recorded», never «nobody». Raises MemoryUnreadable where the pointer itself cannot be read.
    """
    pointer = _integer(seen, address + 8, 8)
    if not pointer:
        return None
    own = _thread_with_pointer(pointer, (seen,))
    if own is not None:
        return Owner(f"{pointer:#x}", own[1], seen.pid, orphaned=False, function=start_routine(seen, own[1]))
    try:
        stored = seen.stored_tid(pointer)
        if stored > _LARGEST_TID:
            raise MemoryUnreadable(f"{stored} is no thread id")
    except MemoryUnreadable as error:
        seen.unread_holders[tid] = str(error)
        return Owner(f"{pointer:#x}")
    pointers = [seen.thread_pointer(thread.tid) for thread in seen.before.threads]
    known = all(value is not None for value in pointers) and bool(pointers)
    # A raw-clone child whose own pointer is not known may itself be the holder, under its parent's number. And a number that
    # one of its threads has speaks for that thread, whatever its pointer is: a damaged core, or a new namespace's coincidence.
    here = stored in {thread.namespace_tid for thread in seen.before.threads}
    orphaned = True if known and not here else None
    return _elsewhere(f"{pointer:#x}", stored, orphaned, pointer, seen, family)


def _mutex_owner(seen: Seen, address: int, family: Mapping[int, Seen]) -> Owner | None:
    """The holder of a pthread mutex: a thread id in the numbers of its own pid namespace. Raises MemoryUnreadable."""
    stored = _integer(seen, address + 8, 4)
    if not stored:
        return None
    if stored > _LARGEST_TID:
        raise MemoryUnreadable(f"{stored:#x} is no thread id")
    # Compare what glibc calls its threads, not what the kernel does: in a raw-clone child the two differ.
    for thread in seen.before.threads:
        pointer = seen.thread_pointer(thread.tid)
        if pointer is None:
            continue
        try:
            if seen.stored_tid(pointer) == stored:
                return Owner(f"{stored:#x}", thread.tid, seen.pid, orphaned=False, function=start_routine(seen, thread.tid))
        except MemoryUnreadable:
            continue
    known = all(seen.thread_pointer(thread.tid) is not None for thread in seen.before.threads)
    here = stored in {thread.namespace_tid for thread in seen.before.threads}
    if here:
        tid = next(thread.tid for thread in seen.before.threads if thread.namespace_tid == stored)
        return Owner(f"{stored:#x}", tid, seen.pid, orphaned=None if not known else False)
    return _elsewhere(f"{stored:#x}", stored, True if known else None, None, seen, family)


def _elsewhere(
    address: str, stored: int, orphaned: bool | None, pointer: int | None, seen: Seen, family: Mapping[int, Seen]
) -> Owner:
    """An owner that is no thread of this process: look for it in the process from which the memory was copied."""
    for process in family.values():
        if process.pid == seen.pid:
            continue
        for thread in process.before.threads:
            same_place = pointer is None or process.thread_pointer(thread.tid) in {None, pointer}
            if thread.namespace_tid == stored and same_place:
                return Owner(
                    address,
                    thread.tid,
                    process.pid,
                    orphaned,
                    start_routine(process, thread.tid),
                    innermost_named(process, thread.tid),
                )
    return Owner(address, stored if stored > 0 else None, None, orphaned)


STARTERS = {"start_thread", "clone", "__clone", "clone3", "__clone3", "__GI___clone", "__GI___clone3", "_start",
             "__libc_start_main", "__libc_start_main_impl", "__libc_start_call_main", "__libc_start_main@@GLIBC_2.34",
             "thread_start", "__thread_start"}  # fmt: skip


def start_routine(seen: Seen, tid: int) -> str | None:
    """The function a thread was started with: the outermost named one that is not libc's own scaffolding."""
    for frame in reversed(seen.frames(tid)):
        module = seen.space.module(frame.address) if seen.space and frame.address is not None else None
        in_libc = module is not None and module[0] == seen.libc.value.path
        if frame.function and not in_libc and frame.function not in STARTERS:
            return frame.function
    return None


def innermost_named(seen: Seen, tid: int) -> str | None:
    """What a thread does now: the innermost function that has a name."""
    return next((frame.function for frame in seen.frames(tid) if frame.function), None)
