"""Where the innermost function of a thread that was not stopped returns to, worked out from the stack and the code (s390x).

/proc shows a blocked thread's stack pointer but not r14, and a function that calls nothing, as glibc's wait for a lock, keeps
its return address nowhere else. Its caller is found by what that one left on the stack: every function with a frame stores
r6..r15 or part of them in its own caller's save area, so the word that ought to hold the stack pointer at its entry does hold
just that address, and the word before it is a return address behind a ``brasl`` that names the function. That is a calculation,
not yet a proof: it counts only if that function makes a frame of this very size and calls the innermost one.
Sources: the s390x ELF ABI (register save area), z/Architecture Principles of Operation (encodings).
"""

from __future__ import annotations

from analyzer.capture.calls import direct_calls
from analyzer.capture.function_extent import functions_at
from analyzer.capture.maps import AddressSpace
from analyzer.capture.memory import Memory, MemoryUnreadable, unsigned
from analyzer.lean_dataclass import dataclass

_R14_AT, _R15_AT = 112, 120
"""Where a function saves these registers, from its caller's stack pointer."""
_SMALLEST_FRAME, _LARGEST_FRAME = 160, 1 << 14
_BRASL, _BRASL_SIZE = b"\xc0\xe5", 6
_PROLOGUE, _LARGEST_FUNCTION = 96, 1 << 16


@dataclass(frozen=True)
class Caller:
    """Who called the innermost function."""

    function: int
    """Where the calling function begins."""
    returns_to: int
    """The address behind its call."""
    certain: bool
    """It makes this call in one place only. If not, any of them may be the one; function and frame are the same."""


def caller(memory: Memory, space: AddressSpace, counter: int, stack_pointer: int) -> Caller | None:
    """Who called the function without a frame in which ``counter`` lies; None where it cannot be told with certainty."""
    try:
        callee = _function(memory, space, counter)
        if callee is None:
            return None
        stack = memory.read(stack_pointer, _available(space, stack_pointer))
        for size in range(_SMALLEST_FRAME, len(stack) - _R15_AT - 8, 8):
            entry = stack_pointer + size
            if int.from_bytes(stack[size + _R15_AT : size + _R15_AT + 8], "big") != entry:
                continue
            returns_to = int.from_bytes(stack[size + _R14_AT : size + _R14_AT + 8], "big")
            found = _called_function(memory, space, returns_to)
            if found is None or not _makes_frame(memory, found, size):
                continue
            return _call_of(memory, space, found, callee[0])
    except MemoryUnreadable:
        return None
    return None


def _available(space: AddressSpace, stack_pointer: int) -> int:
    mapping = space.at(stack_pointer)
    return min(mapping.end - stack_pointer, _LARGEST_FRAME) if mapping is not None else 0


def _function(memory: Memory, space: AddressSpace, address: int) -> tuple[int, int] | None:
    functions = functions_at(memory, space, address, "big")
    return functions.around(address) if functions is not None else None


def _called_function(memory: Memory, space: AddressSpace, returns_to: int) -> int | None:
    """The function that is called by the instruction before a return address, directly or through the PLT."""
    mapping = space.at(returns_to)
    if mapping is None or "x" not in mapping.permissions:
        return None
    call = memory.read(returns_to - _BRASL_SIZE, _BRASL_SIZE)
    if not call.startswith(_BRASL):
        return None
    target = _relative(call, returns_to - _BRASL_SIZE)
    return _jumps_to(memory, space, target) or target


def _relative(instruction: bytes, at: int) -> int:
    return (at + 2 * int.from_bytes(instruction[2:6], "big", signed=True)) % (1 << 64)


def _jumps_to(memory: Memory, space: AddressSpace, stub: int) -> int | None:
    """Where an entry of the PLT leads: larl %r1,slot; lg %r1,0(%r1); br %r1."""
    mapping = space.at(stub)
    if mapping is None or "x" not in mapping.permissions:
        return None
    code = memory.read(stub, 14)
    if code[:2] != b"\xc0\x10" or code[6:] != b"\xe3\x10\x10\x00\x00\x04\x07\xf1":
        return None
    return unsigned(memory, _relative(code, stub), 8, "big")


def _makes_frame(memory: Memory, function: int, size: int) -> bool:
    """Whether the function's first instructions lower the stack pointer by so much: aghi %r15,-N or lay %r15,-N(%r15)."""
    code = memory.read(function, _PROLOGUE)
    low, high = -size & 0xFFF, -size >> 12 & 0xFF
    lay = bytes([0xE3, 0xF0, 0xF0 | low >> 8, low & 0xFF, high, 0x71])
    short = b"\xa7\xfb" + (-size & 0xFFFF).to_bytes(2, "big")
    return (size <= 1 << 15 and short in code) or lay in code


def _call_of(memory: Memory, space: AddressSpace, function: int, callee: int) -> Caller | None:
    extent = _function(memory, space, function)
    if extent is None or extent[0] != function or extent[1] - function > _LARGEST_FUNCTION:
        return None
    code = memory.read(function, extent[1] - function)
    places = [
        place + _BRASL_SIZE
        for place, target in direct_calls(code, function, "s390x")
        if target == callee or (space.at(target) is not None and _jumps_to(memory, space, target) == callee)
    ]
    return Caller(function, places[0], len(places) == 1) if places else None
