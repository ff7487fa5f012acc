"""What the notes of a core say: the process, its threads with their registers, which file lay where.

Layouts: struct elf_prstatus and elf_prpsinfo of the kernel (the same on every 64-bit architecture but for the registers),
NT_FILE of fs/binfmt_elf.c.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from analyzer.capture.architecture import Architecture
from analyzer.capture.core_file import CoreFile
from analyzer.capture.maps import Mapping
from analyzer.capture.memory import MemoryUnreadable
from analyzer.capture.waits import call_name
from analyzer.errors import CoreUnreadable
from analyzer.lean_dataclass import dataclass, field
from analyzer.model import Syscall

NT_PRSTATUS, NT_PRPSINFO, NT_AUXV, NT_FILE, NT_SIGINFO = 1, 3, 6, 0x46494C45, 0x53494749
Read = Callable[[int, int], bytes]
REGISTERS_AT = 112
"""Where the registers begin in NT_PRSTATUS."""
_KERNEL = {b"CORE", b"LINUX"}
_RESTARTS = {-4, -38, -512, -513, -514, -516}
"""EINTR, ENOSYS (not yet begun), and the kernel's own ERESTART codes: what a call that was interrupted in its wait returns."""
_SVC = 0xD4000001
"""aarch64's ``svc #0``: the kernel steps back onto it when a call will be started again."""


@dataclass(frozen=True)
class CoreThread:
    """One thread of a core."""

    tid: int
    """In the process's own pid namespace in a kernel's core, in the debugger's in one of gdb's."""
    signal: int
    """The signal that it was dying of, 0 for none."""
    registers: bytes
    """Empty where the core does not have them."""
    others: dict[int, bytes] = field(default_factory=dict)
    """Further notes of this thread, by kind."""


@dataclass(frozen=True)
class CoreProcess:
    """The notes of a core, in order."""

    name: str
    pid: int
    ppid: int | None
    uid: int | None
    state: str | None
    threads: tuple[CoreThread, ...]
    auxv: dict[int, int]
    files: tuple[Mapping, ...]
    fault: str | None
    """What ended it, in words; None where nothing did (gdb's gcore)."""


def read_notes(core: CoreFile) -> CoreProcess:
    """The notes that belong to a process. Raises CoreUnreadable where no thread is in them."""
    architecture = core.architecture
    wanted = REGISTERS_AT + architecture.registers.size
    threads: list[CoreThread] = []
    about: dict[int, bytes] = {}
    for note in core.notes:
        if note.owner not in _KERNEL:
            continue
        if note.kind == NT_PRSTATUS and note.owner == b"CORE":
            if len(note.data) < wanted:
                raise CoreUnreadable(core.named, "a thread's registers are not of the size that its architecture has")
            threads.append(_thread(note.data, core.order, architecture))
        elif note.kind in {NT_PRPSINFO, NT_AUXV, NT_FILE}:
            about.setdefault(note.kind, note.data)
        elif threads:
            # Every thread has one of each. A second one belongs to a thread whose own note was damaged; without it nobody
            # could hold a lock that perhaps it holds.
            if note.kind in threads[-1].others:
                raise CoreUnreadable(core.named, "its notes are damaged: a thread is missing")
            threads[-1].others[note.kind] = note.data
        else:
            about.setdefault(note.kind, note.data)
    if not threads:
        raise CoreUnreadable(core.named, "it has no thread in it")
    if len({thread.tid for thread in threads}) != len(threads):
        raise CoreUnreadable(core.named, "two of its threads have the same id")
    name, pid, ppid, uid, state = _psinfo(about.get(NT_PRPSINFO), core.order)
    first = threads[0]
    return CoreProcess(
        name=name,
        pid=pid if any(thread.tid == pid for thread in threads) else min(thread.tid for thread in threads),
        ppid=ppid,
        uid=uid,
        state=state,
        threads=tuple(threads),
        auxv=auxiliary_vector(about.get(NT_AUXV, b""), core.order),
        files=_files(about.get(NT_FILE, b""), core),
        fault=_signal_name(first.signal) if first.signal else None,
    )


def _thread(data: bytes, order: str, architecture: Architecture) -> CoreThread:
    (signal,) = struct.unpack_from(order + "H", data, 12)
    (tid,) = struct.unpack_from(order + "i", data, 32)
    return CoreThread(tid, signal, data[REGISTERS_AT : REGISTERS_AT + architecture.registers.size])


def _signal_name(number: int) -> str:
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _psinfo(data: bytes | None, order: str) -> tuple[str, int, int | None, int | None, str | None]:
    if data is None or len(data) < 56:
        return "", 0, None, None, None
    # state, sname, zombie, nice, flag, uid, gid, pid, ppid, pgrp, sid, fname
    state, uid, _, pid, ppid = struct.unpack_from(order + "x1s14xIIii", data)
    name = data[40:56].split(b"\0")[0].decode("utf-8", "backslashreplace")
    letter = state.decode("ascii", "replace")
    return name, pid, ppid if ppid > 0 else None, uid, letter if letter in "RSDTtZX" else None


def auxiliary_vector(data: bytes, order: str) -> dict[int, int]:
    """NT_AUXV, or /proc/PID/auxv: key -> value."""
    entries: dict[int, int] = {}
    for key, value in struct.iter_unpack(order + "QQ", data[: len(data) // 16 * 16]):
        if key:
            entries.setdefault(key, value)
    return entries


def _files(data: bytes, core: CoreFile) -> tuple[Mapping, ...]:
    """NT_FILE: count, page size, then (start, end, offset in pages) each, then the names."""
    if len(data) < 16:
        return ()
    count, page = struct.unpack_from(core.order + "QQ", data)
    if count > (len(data) - 16) // 25 or not 0 < page <= 1 << 20:
        raise CoreUnreadable(core.named, "its list of mapped files is damaged")
    names = data[16 + 24 * count :].split(b"\0")
    if len(names) < count:
        raise CoreUnreadable(core.named, "its list of mapped files is damaged")
    permissions = {segment.start: segment.permissions for segment in core.segments}
    mappings = []
    for index in range(count):
        start, end, offset = struct.unpack_from(core.order + "QQQ", data, 16 + 24 * index)
        name = names[index].decode("utf-8", "backslashreplace")
        if start < end:
            mappings.append(Mapping(start, end, permissions.get(start, "r--p"), offset * page, name))
    return tuple(mappings)


def address(thread: CoreThread, offset: int, architecture: Architecture, size: int = 8) -> int:
    """A register's value."""
    return int.from_bytes(thread.registers[offset : offset + size], architecture.byte_order)


def thread_pointer(thread: CoreThread, architecture: Architecture, pthread_size: int | None) -> int | None:
    """Address of the thread's struct pthread. ``pthread_size`` is glibc's own word for it, where it could be read."""
    registers = architecture.registers
    if registers.thread_pointer_note is not None:
        note = thread.others.get(registers.thread_pointer_note, b"")
        value = int.from_bytes(note[:8], architecture.byte_order) if len(note) >= 8 else 0
        bias = -pthread_size if pthread_size else architecture.thread_pointer_bias
        return value + bias if value else None
    if not thread.registers:
        return None
    parts = tuple(address(thread, offset, architecture, size) for offset, size in registers.thread_pointer)
    return architecture.thread_pointer(parts) if any(parts) else None


def system_call(thread: CoreThread, architecture: Architecture, read: Read) -> Syscall | None:
    """The call that the thread waits in; None where it ran, or where its call had already returned.

    ``read`` gives the machine code beside an address, for the architecture whose registers do not tell.
    """
    registers = architecture.registers
    if not thread.registers:
        return None
    counter = address(thread, registers.program_counter, architecture)
    number = _syscall_number(thread, architecture, read, counter)
    if number is None or not 0 <= number < 1 << 16:
        return None
    arguments = [address(thread, offset, architecture) for offset in registers.arguments]
    result = address(thread, registers.result, architecture)
    signed = result - (1 << 64) if result >> 63 else result
    if architecture.name == "ppc64le":
        signed = -abs(signed)  # after `sc` the code is positive, and a condition bit says that it is one; after `scv` it is not
    # aarch64 has put the first argument back where the result was.
    if signed not in _RESTARTS and architecture.name != "aarch64":
        return None
    shown = tuple(f"{value:#x}" for value in arguments)
    return Syscall(
        number,
        call_name(number, shown, architecture, None),
        shown,
        f"{address(thread, registers.stack_pointer, architecture):#x}",
        f"{counter:#x}",
    )


def _word(read: Read, at: int) -> int | None:
    """A little-endian instruction word; None where it is not known."""
    try:
        return int.from_bytes(read(at, 4), "little")
    except MemoryUnreadable:
        return None


def _syscall_number(thread: CoreThread, architecture: Architecture, read: Read, counter: int) -> int | None:
    registers = architecture.registers
    if registers.syscall_note is not None and len(note := thread.others.get(registers.syscall_note, b"")) >= 4:
        number = int.from_bytes(note[:4], architecture.byte_order, signed=True)
        if number > 0 or (number == 0 and architecture.name == "aarch64"):
            return number & 0xFFFF
        if architecture.name != "aarch64":
            return None
    if registers.syscall is None:
        return None
    if registers.trap is not None and address(thread, registers.trap, architecture) & ~0xF not in {0xC00, 0x3000}:
        return None
    if architecture.name == "aarch64" and _SVC not in {_word(read, counter), _word(read, counter - 4)}:
        return None
    number = address(thread, registers.syscall, architecture)
    return None if number >> 63 else number
