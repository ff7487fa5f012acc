"""Writing a photograph as an ELF core, which any debugger can read: a few hundred KB instead of the whole process.

Registers that are not known hold UNKNOWN: no address anybody could map, so a debugger that needs one cannot go on, and nobody
takes it for a value. (A core has no way to leave one register out of NT_PRSTATUS.) What a core cannot say in its own words
stands in a note of our own; its text is described in ``own_note``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import IO

from analyzer.capture.architecture import Architecture
from analyzer.capture.core_notes import NT_AUXV, NT_FILE, NT_PRPSINFO, NT_PRSTATUS, REGISTERS_AT
from analyzer.capture.maps import AddressSpace
from analyzer.capture.pages import PAGE
from analyzer.capture.photo import Photo, PhotoThread
from analyzer.capture.procfs import ProcessSample
from analyzer.model import Syscall

UNKNOWN = 0x8BADDA7A0000DEAD
"""«bad data ... dead»: not canonical on x86_64, and in nobody's user space elsewhere."""
OWNER, OWN_NOTE = b"hanganalyze", 1
_ET_CORE, _PT_LOAD, _PT_NOTE = 4, 1, 4


def write_core(
    target: IO[bytes],
    architecture: Architecture,
    before: ProcessSample,
    space: AddressSpace,
    photo: Photo,
    pointers: Mapping[int, int],
    own_note: bytes,
) -> None:
    """The photograph as a core. ``pointers`` are the addresses of struct pthread, where known; ``own_note`` is JSON, or empty."""
    notes = _notes(architecture, before, space, photo, pointers, own_note)
    order = "<" if architecture.byte_order == "little" else ">"
    loads = list(_loads(space, photo))
    offset = 64 + 56 * (len(loads) + 1)
    if len(loads) + 1 >= 0xFFFF:
        raise ValueError("more pieces of memory than a core can list")
    headers = [struct.pack(order + "IIQQQQQQ", _PT_NOTE, 4, offset, 0, 0, len(notes), 0, 4)]
    offset = -(-(offset + len(notes)) // PAGE) * PAGE
    placed = []
    for start, size, flags, data in loads:
        headers.append(struct.pack(order + "IIQQQQQQ", _PT_LOAD, flags, offset, start, 0, len(data), size, PAGE))
        placed.append((offset, data))
        offset += len(data)
    endianness = 1 if architecture.byte_order == "little" else 2
    identity = b"\x7fELF" + bytes([2, endianness, 1]) + bytes(9)
    fields = (_ET_CORE, architecture.elf_machine, 1, 0, 64, 0, architecture.elf_flags, 64, 56, len(headers), 0, 0, 0)
    target.write(identity + struct.pack(order + "HHIQQQIHHHHHH", *fields) + b"".join(headers) + notes)
    for place, data in placed:
        target.seek(place)
        target.write(data)
    target.truncate(offset)
    target.flush()


def _loads(space: AddressSpace, photo: Photo) -> Iterable[tuple[int, int, int, bytes]]:
    """(address, size, flags, bytes): every mapping, as the kernel lists them, cut where bytes begin and end."""
    pieces = list(photo.pages.pieces())
    position = 0
    for mapping in space.mappings:
        flags = sum(bit for letter, bit in (("r", 4), ("w", 2), ("x", 1)) if letter in mapping.permissions)
        at = mapping.start
        while position < len(pieces) and pieces[position][0] + len(pieces[position][1]) <= at:
            position += 1
        for start, data in pieces[position:]:
            if start >= mapping.end:
                break
            low, high = max(start, at), min(start + len(data), mapping.end)
            if low > at:
                yield at, low - at, flags, b""
            if high > low:
                yield low, high - low, flags, data[low - start : high - start]
                at = high
        if at < mapping.end and mapping.path not in {"[vsyscall]", "[vvar]", "[vvar_vclock]"}:
            yield at, mapping.end - at, flags, b""


def _note(owner: bytes, kind: int, data: bytes, order: str) -> bytes:
    name = owner + b"\0"
    return struct.pack(order + "III", len(name), len(data), kind) + name + bytes(-len(name) % 4) + data + bytes(-len(data) % 4)


def _notes(
    architecture: Architecture,
    before: ProcessSample,
    space: AddressSpace,
    photo: Photo,
    pointers: Mapping[int, int],
    own_note: bytes,
) -> bytes:
    order = "<" if architecture.byte_order == "little" else ">"
    threads = [thread for thread in photo.threads.values() if thread.program_counter is not None and thread.problem is None]
    parts = []
    for position, thread in enumerate(sorted(threads, key=lambda thread: (thread.tid != before.pid, thread.tid))):
        call, pointer = thread.call, pointers.get(thread.tid)
        registers = thread.registers or _known_registers(architecture, thread, call, pointer)
        status = bytearray(REGISTERS_AT)
        struct.pack_into(order + "iiii", status, 32, thread.tid, before.ppid, 0, 0)
        parts.append(_note(b"CORE", NT_PRSTATUS, bytes(status) + registers + bytes(8), order))
        if position == 0:
            parts.append(_note(b"CORE", NT_PRPSINFO, _psinfo(before, order), order))
            parts.append(_note(b"CORE", NT_AUXV, photo.auxv, order))
            parts.append(_note(b"CORE", NT_FILE, _files(space, order), order))
        for kind, data in (thread.others or _known_notes(architecture, call, pointer)).items():
            parts.append(_note(b"LINUX", kind, data, order))
    if own_note:
        parts.append(_note(OWNER, OWN_NOTE, own_note, order))
    return b"".join(parts)


def _psinfo(before: ProcessSample, order: str) -> bytes:
    letter = before.state[:1].encode("ascii", "replace") or b"S"
    fixed = struct.pack(order + "x1s14xIIiiii", letter, before.uid, 0, before.pid, before.ppid, 0, 0)
    return fixed + before.name.encode("utf-8", "replace")[:15].ljust(16, b"\0") + bytes(80)


def _files(space: AddressSpace, order: str) -> bytes:
    files = [mapping for mapping in space.mappings if mapping.path.startswith("/")]
    table = struct.pack(order + "QQ", len(files), PAGE)
    table += b"".join(struct.pack(order + "QQQ", m.start, m.end, m.offset // PAGE) for m in files)
    return table + b"".join(mapping.path.encode("utf-8", "backslashreplace") + b"\0" for mapping in files)


def _known_registers(architecture: Architecture, thread: PhotoThread, call: Syscall | None, pointer: int | None) -> bytes:
    """What /proc shows of a blocked thread; everything else is UNKNOWN."""
    order = "<" if architecture.byte_order == "little" else ">"
    layout = architecture.registers
    raw = bytearray(struct.pack(order + "Q", UNKNOWN) * (layout.size // 8))

    def put(offset: int, value: int, size: int = 8) -> None:
        raw[offset : offset + size] = (value % (1 << 8 * size)).to_bytes(size, architecture.byte_order)

    for offset, value in layout.constant:
        put(offset, value)
    put(layout.stack_pointer, thread.stack_pointer or 0)
    put(layout.program_counter, thread.program_counter or 0)
    if call is not None:
        if layout.syscall is not None:
            put(layout.syscall, call.number)
        for offset, argument in zip(layout.arguments, call.arguments, strict=False):
            put(offset, int(argument, 16))
    if thread.frame_pointer is not None and layout.frame_pointer is not None:
        put(layout.frame_pointer, thread.frame_pointer)
    if thread.caller is not None and layout.return_address is not None:
        put(layout.return_address, thread.caller.returns_to)
    if layout.trap is not None:
        put(layout.trap, 0xC00)
    if pointer is not None and layout.thread_pointer:
        value = pointer - architecture.thread_pointer_bias
        if len(layout.thread_pointer) == 1:
            put(layout.thread_pointer[0][0], value)
        else:
            for (offset, size), part in zip(layout.thread_pointer, (value >> 32, value), strict=True):
                put(offset, part, size)
    return bytes(raw)


def _known_notes(architecture: Architecture, call: Syscall | None, pointer: int | None) -> dict[int, bytes]:
    layout, notes = architecture.registers, {}
    if layout.syscall_note is not None and call is not None:
        notes[layout.syscall_note] = call.number.to_bytes(4, architecture.byte_order)
    if layout.thread_pointer_note is not None and pointer is not None:
        notes[layout.thread_pointer_note] = (pointer - architecture.thread_pointer_bias).to_bytes(8, architecture.byte_order)
    return notes
