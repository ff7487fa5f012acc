"""The first look at a process: everything that can be had from outside, without stopping it."""

from __future__ import annotations

from analyzer.capture import procfs
from analyzer.capture.architecture import Architecture, by_elf
from analyzer.capture.libc import find_libc
from analyzer.capture.loaded_elf import LoadedElf
from analyzer.capture.maps import AddressSpace, address_space
from analyzer.capture.memory import Memory, MemoryUnreadable, ProcessMemory
from analyzer.capture.seen import Seen
from analyzer.capture.waits import describe, parse_syscall


def look(before: procfs.ProcessSample) -> Seen:
    """What /proc tells about one process. What the kernel refuses stays None and is noted."""
    pid = before.pid
    seen = Seen(before, space=address_space(pid))
    try:
        seen.memory = ProcessMemory(pid)
    except OSError:
        seen.notes.append("its memory could not be read: not permitted, or it has ended")
    executable = procfs.link(pid, "exe")
    seen.architecture = architecture_of(seen.space, seen.memory, executable)
    if seen.architecture is None:
        seen.notes.append("its processor architecture has no table here (a 32-bit program?): glibc's facts stay unknown")
    seen.libc = find_libc(seen.space, seen.memory, executable)
    for thread in before.threads:
        syscall = parse_syscall(thread.counters.syscall, seen.architecture, thread.wchan)
        seen.syscalls[thread.tid] = syscall
        seen.waits[thread.tid] = describe(syscall, thread.counters.state)
    return seen


def architecture_of(space: AddressSpace | None, memory: Memory | None, executable: str | None) -> Architecture | None:
    """From the ELF header of the mapped executable; None where it cannot be read or has no table."""
    if space is None or memory is None:
        return None
    for path in filter(None, [executable, *space.paths()]):
        base = space.base(path)
        if base is None:
            continue
        try:
            elf = LoadedElf(memory, base)
        except MemoryUnreadable:
            continue
        return by_elf(elf.machine, elf.byte_order)
    return None


def sample_again(seen: Seen) -> None:
    """The second sample: which threads moved since the first."""
    import time

    for thread in seen.before.threads:
        seen.later[thread.tid] = procfs.thread_counters(seen.pid, thread.tid)
    seen.between_samples_s = time.monotonic() - seen.before.taken
