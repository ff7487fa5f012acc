"""The few ptrace(2) requests that a short stop needs, through ctypes. The only file that makes them.

A tracer is a thread: every request must come from the one that seized, and when it ends the kernel lets all its tracees go.
"""

from __future__ import annotations

import ctypes
import os

_CONT_SEIZE, _INTERRUPT, _GETREGSET, _DETACH = 0x4206, 0x4207, 0x4204, 17
NT_PRSTATUS = 1
EVENT_STOP = 128
WALL = 0x40000000
"""__WALL: threads, and children made with any clone flags."""
_MOST_REGISTERS = 4096

# PyDLL keeps the interpreter to itself: these calls do not wait, and another thread that got in between would be a pause.
_libc = ctypes.PyDLL(None, use_errno=True)
_ptrace = _libc.ptrace
_ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_ptrace.restype = ctypes.c_long


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


_buffer = ctypes.create_string_buffer(_MOST_REGISTERS)
_vector = _Vector(ctypes.addressof(_buffer), _MOST_REGISTERS)


def _request(number: int, tid: int, address: int, data: object) -> None:
    if _ptrace(number, tid, address, data) == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def seize(tid: int) -> None:
    """Become the thread's tracer; it does not stop. Raises OSError."""
    _request(_CONT_SEIZE, tid, 0, 0)


def interrupt(tid: int) -> None:
    """Ask a seized thread to stop. Raises OSError (ESRCH: it has ended)."""
    _request(_INTERRUPT, tid, 0, 0)


def detach(tid: int, signal: int) -> None:
    """Let a stopped thread go on, with the signal that it was about to get (0 for none). Raises OSError."""
    _request(_DETACH, tid, 0, signal)


def registers(tid: int, kind: int) -> bytes:
    """A register set (a note's kind) of a stopped thread. Raises OSError."""
    _vector.length = _MOST_REGISTERS
    _request(_GETREGSET, tid, kind, ctypes.byref(_vector))
    return _buffer.raw[: _vector.length]
