"""A photograph without stopping anything, and without any ptrace call.

A blocked thread's stack pointer and program counter stand in /proc/PID/task/TID/syscall, its memory in /proc/PID/mem. That it
stood still meanwhile is not assumed but measured, thread by thread: context switches, processor time and the line itself,
before and after. A thread that ran has no stack here, only a reason.
"""

from __future__ import annotations

import time

from analyzer.capture import procfs
from analyzer.capture.bulk_read import read_pieces
from analyzer.capture.maps import address_space
from analyzer.capture.memory import ProcessMemory
from analyzer.capture.pages import Pages
from analyzer.capture.photo import Photo, PhotoThread, take_locks, wanted_data, wanted_stacks
from analyzer.capture.seen import Seen
from analyzer.capture.waits import futex_wait, parse_syscall
from analyzer.model import Syscall

TRIES = 5
_BETWEEN_TRIES_S = 0.01
_Sample = dict[int, procfs.Counters | None]


def take(seen: Seen) -> Photo:
    """A photograph of a live process; tries again a few times while threads move, and keeps the stillest.

    Threads that are known before are in it, and those born since. Raises NoSuchProcess, OSError (not permitted).
    """
    best: Photo | None = None
    for attempt in range(TRIES):
        if attempt:
            time.sleep(_BETWEEN_TRIES_S)
        photo = take_once(seen)
        if best is None or _still(photo) > _still(best):
            best = photo
        if photo.consistent:
            break
    assert best is not None
    return best


def _still(photo: Photo) -> int:
    return sum(thread.program_counter is not None for thread in photo.threads.values())


def take_once(seen: Seen) -> Photo:
    """One photograph, with the threads that moved meanwhile marked. Raises as ``take``."""
    before = _sample(seen.pid)
    # The map may have changed since the first look: a stack of a new thread would be missing.
    seen.space = address_space(seen.pid) or seen.space
    space = seen.space
    calls = {tid: parse_syscall(counters.syscall, seen.architecture) for tid, counters in before.items() if counters}
    pointers = [int(call.stack_pointer, 16) for call in calls.values() if call is not None and call.stack_pointer]
    memory = ProcessMemory(seen.pid)
    pages = Pages(memory)
    if space is not None:
        for start, data in read_pieces(procfs.door(seen.pid), wanted_stacks(space, pointers)):
            pages.keep(start, data)
    if seen.architecture is not None:
        waits = (futex_wait(call) for call in calls.values())
        take_locks(pages, (wait.address for wait in waits if wait is not None), seen.architecture.byte_order)
    after = _sample(seen.pid)
    for start, end in wanted_data(space) if space is not None else ():
        pages.take(start, end)
    threads = {tid: _thread(tid, before, after, calls.get(tid)) for tid in {**before, **after}}
    return Photo(
        threads=threads,
        pages=pages,
        auxv=read_bytes(f"/proc/{procfs.door(seen.pid)}/auxv"),
        stopped_ms=0.0,
        consistent=not any(thread.moved for thread in threads.values()),
    )


def _sample(pid: int) -> _Sample:
    return {tid: procfs.thread_counters(pid, tid) for tid in procfs.thread_ids(pid)}


def _thread(tid: int, before: _Sample, after: _Sample, call: Syscall | None) -> PhotoThread:
    one, two = before.get(tid), after.get(tid)
    if one is None or two is None:
        return PhotoThread(tid, problem="it began or ended while the photograph was taken", moved=True)
    if one.syscall == "running" or one.state == "R":
        return PhotoThread(tid, problem="it runs: without a stop its stack cannot be seen (--capture stop can)", moved=True)
    if one.state in {"Z", "X"}:
        return PhotoThread(tid, problem="it has ended: it has no stack any more")
    if one.syscall is None:
        return PhotoThread(tid, problem="the kernel does not show its registers")
    if one != two:
        return PhotoThread(tid, problem="it ran while the photograph was taken, so its stack would be made up", moved=True)
    fields = one.syscall.split()
    # «-1 SP PC» is a thread that is blocked outside of any call: a page fault, or stopped by a signal.
    try:
        stack_pointer, counter = int(fields[-2], 16), int(fields[-1], 16)
    except (ValueError, IndexError):
        return PhotoThread(tid, problem="the kernel does not show its registers")
    return PhotoThread(tid, stack_pointer=stack_pointer, program_counter=counter, call=call)


def read_bytes(path: str) -> bytes:
    """A small file of /proc; empty where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(1 << 16)
    except OSError:
        return b""
