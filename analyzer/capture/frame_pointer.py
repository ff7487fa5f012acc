"""The frame pointer of a thread that was not stopped, worked out from the machine code (x86_64).

/proc shows a blocked thread's stack pointer but not rbp. Most code does without rbp; code compiled without optimisation finds
its caller through it. Such a function begins with ``push %rbp; mov %rsp,%rbp; ...; sub $N,%rsp``, so where it calls another
one, rbp is the stack pointer plus N. That is a calculation, not yet a proof: it counts only if the word above it is a return
address behind a call instruction that calls this very function (or, for a call through a pointer, some function). Otherwise
the stack stays cut. Encodings: Intel 64 manual, volume 2.
"""

from __future__ import annotations

from analyzer.capture.maps import AddressSpace
from analyzer.capture.memory import Memory, MemoryUnreadable, unsigned

_PROLOGUE, _ENDBR64 = b"\x55\x48\x89\xe5", b"\xf3\x0f\x1e\xfa"
_LONGEST = 48


def frame_pointer(memory: Memory, space: AddressSpace, function: int, stack_pointer: int) -> int | None:
    """rbp in the function that begins at ``function``, where it has made a call with this ``stack_pointer`` (the call's
    return address already taken off). None where it cannot be told with certainty."""
    try:
        size = _frame_size(memory.read(function, _LONGEST))
        if size is None:
            return None
        found = stack_pointer + size
        caller = unsigned(memory, found + 8, 8, "little")
        mapping = space.at(caller)
        if mapping is None or "x" not in mapping.permissions or not _calls(memory, caller, function):
            return None
    except MemoryUnreadable:
        return None
    return found


def _frame_size(code: bytes) -> int | None:
    """Bytes between rbp and the stack pointer after the prologue; None for a prologue of another form."""
    if code.startswith(_ENDBR64):
        code = code[4:]
    if not code.startswith(_PROLOGUE):
        return None
    position, size = 4, 0
    while True:
        if code[position : position + 1] in {bytes([0x50 + number]) for number in (0, 1, 2, 3, 6, 7)}:
            position, size = position + 1, size + 8
        elif code[position : position + 1] == b"\x41" and 0x50 <= code[position + 1] <= 0x57:
            position, size = position + 2, size + 8
        else:
            break
    if code[position : position + 3] == b"\x48\x83\xec":
        return size + int.from_bytes(code[position + 3 : position + 4], "little", signed=True)
    if code[position : position + 3] == b"\x48\x81\xec":
        return size + int.from_bytes(code[position + 3 : position + 7], "little", signed=True)
    # and $-N,%rsp: the distance depends on the caller.
    return None if code[position : position + 2] == b"\x48\x83" and code[position + 2] == 0xE4 else size


def _calls(memory: Memory, after: int, function: int) -> bool:
    """Whether the instruction before ``after`` calls ``function``, directly, through the PLT, or through a pointer."""
    code = memory.read(after - 7, 7)
    if code[2] == 0xE8:
        target = (after + int.from_bytes(code[3:7], "little", signed=True)) % (1 << 64)
        return target == function or _jumps_to(memory, target) == function
    # call *reg; call *disp8(reg); call *disp32(reg) or *disp32(%rip)
    direct = code[5] == 0xFF and 0xD0 <= code[6] <= 0xD7
    short = code[4] == 0xFF and code[5] & 0xF8 == 0x50
    long = code[1] == 0xFF and (code[2] & 0xF8 == 0x90 or code[2] == 0x15)
    return direct or short or long


def _jumps_to(memory: Memory, stub: int) -> int | None:
    """Where an entry of the PLT leads: endbr64? bnd? jmp *slot(%rip)."""
    try:
        code, position = memory.read(stub, 11), 0
        if code.startswith(_ENDBR64):
            position = 4
        if code[position] == 0xF2:
            position += 1
        if code[position : position + 2] != b"\xff\x25":
            return None
        offset = int.from_bytes(code[position + 2 : position + 6], "little", signed=True)
        return unsigned(memory, stub + position + 6 + offset, 8, "little")
    except (MemoryUnreadable, IndexError):
        return None
