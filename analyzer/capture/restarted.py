"""Which call a thread resumes in restart_syscall(2).

A debugger's stop interrupts poll, nanosleep, clock_nanosleep and a timed futex wait; when the thread goes on, the kernel resumes
them under a number of its own, so that /proc no longer names the call. Its arguments are still there, and wchan mostly says where
in the kernel it sleeps. Where the two leave more than one answer, there is none.
"""

from __future__ import annotations

from collections.abc import Sequence

_LEAST_POINTER, _KERNEL = 0x10000, 1 << 63
_BITSET_WAITS, _ANY_BIT = {0x09, 0x89, 0x109, 0x189}, 0xFFFFFFFF
"""FUTEX_WAIT_BITSET, private or shared, with either clock: what every timed wait of glibc is."""


def original_call(arguments: Sequence[int], wchan: str | None) -> str | None:
    """The name of the call; None where it cannot be told."""
    where = wchan or ""
    if "poll" in where:
        return "poll"
    if "futex" in where:
        return "futex"
    first_is_pointer = _is_pointer(arguments[0])
    if "nanosleep" in where:
        return "nanosleep" if first_is_pointer else "clock_nanosleep"
    return _of_pointer(arguments) if first_is_pointer else _of_number(arguments)


def _of_pointer(arguments: Sequence[int]) -> str | None:
    """futex(word, operation, value, timeout, -, mask), poll(descriptors, count, milliseconds) or nanosleep(time, rest)."""
    word, second, _, timeout, _, mask = arguments
    if second in _BITSET_WAITS and word % 4 == 0 and _is_pointer(timeout) and mask & _ANY_BIT == _ANY_BIT:
        return "futex"
    if _is_pointer(second):
        return "nanosleep"
    # Registers beyond a call's own arguments hold anything: with these numbers it might be a futex wait or a nanosleep too.
    return None if second in {0, 0x80} or second in _BITSET_WAITS else "poll"


def _of_number(arguments: Sequence[int]) -> str | None:
    """clock_nanosleep(clock, flags, time, rest), or a poll without descriptors that only waits for time to pass."""
    if _is_pointer(arguments[2]) and arguments[1] in {0, 1}:
        return "clock_nanosleep"
    return "poll" if arguments[0] == 0 and arguments[1] == 0 else None


def _is_pointer(value: int) -> bool:
    return _LEAST_POINTER <= value < _KERNEL
