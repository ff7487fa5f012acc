"""The few ptrace(2) requests that a short stop needs, through ctypes. The only file that makes them.

A tracer is a thread: every request must come from the one that seized, and when it ends the kernel lets all its tracees go.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable, Sequence

from analyzer.capture.architecture import ByteOrder

_CONT_SEIZE, _INTERRUPT, _GETREGSET, _DETACH = 0x4206, 0x4207, 0x4204, 17
NT_PRSTATUS = 1
EVENT_STOP = 128
_WALL = 0x40000000
"""__WALL: threads, and children made with any clone flags."""
_MOST_REGISTERS = 1024

# PyDLL keeps the interpreter to itself: these calls do not wait, and another thread that got in between would be a pause.
_libc = ctypes.PyDLL(None, use_errno=True)
_ptrace = _libc.ptrace
_ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_ptrace.restype = ctypes.c_long
_wait4 = _libc.wait4
_wait4.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
_wait4.restype = ctypes.c_int


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


_status = ctypes.c_int()
_status_at = ctypes.addressof(_status)


def _failed() -> OSError:
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code))


def seize(tid: int) -> None:
    """Become the thread's tracer; it does not stop. Raises OSError."""
    if _ptrace(_CONT_SEIZE, tid, 0, 0) == -1:
        raise _failed()


def refused_to_everybody() -> str | None:
    """Why the kernel refuses the call itself, whoever it is to trace: a seccomp filter does so. None: it does not."""
    try:
        seize(0)  # nobody has this number
    except ProcessLookupError:
        return None
    except OSError as error:
        return error.strerror
    return None


def interrupt(tid: int) -> bool:
    """Ask a seized thread to stop. False: it has ended."""
    return bool(_ptrace(_INTERRUPT, tid, 0, 0) != -1)


def detach(tid: int, signal: int) -> bool:
    """Let a stopped thread go on, with the signal that it was about to get (0 for none). False: it was killed meanwhile."""
    return bool(_ptrace(_DETACH, tid, 0, signal) != -1)


def stopped(tid: int) -> int | None:
    """The status of a traced thread that has stopped or ended since it was asked to, without waiting; None while it has not.
    Raises ChildProcessError where it is no tracee of ours (any more)."""
    found = _wait4(tid, _status_at, _WALL | os.WNOHANG, None)
    if found > 0:
        return _status.value
    if found == -1 and ctypes.get_errno() == errno.ECHILD:
        raise ChildProcessError(errno.ECHILD, os.strerror(errno.ECHILD))
    return None


class RegisterSets:
    """The register sets (kinds of notes, NT_PRSTATUS first) of many threads, in room that is made beforehand: reading them is
    nothing but the system calls."""

    def __init__(self, tids: Iterable[int], kinds: Sequence[int], byte_order: ByteOrder) -> None:
        self._kinds, self._order = kinds, byte_order
        self._rooms: dict[int, list[tuple[ctypes.Array[ctypes.c_char], _Vector, int]]] = {}
        self._refused: dict[int, int] = {}
        for tid in tids:
            self._rooms[tid] = self._room()

    def _room(self) -> list[tuple[ctypes.Array[ctypes.c_char], _Vector, int]]:
        rooms = []
        for _ in self._kinds:
            buffer = ctypes.create_string_buffer(_MOST_REGISTERS)
            vector = _Vector(ctypes.addressof(buffer), _MOST_REGISTERS)
            rooms.append((buffer, vector, ctypes.addressof(vector)))
        return rooms

    def read(self, tid: int) -> None:
        """Those of a stopped thread; what the kernel refuses is kept for ``refused``."""
        rooms = self._rooms.get(tid)
        if rooms is None:
            rooms = self._rooms[tid] = self._room()
        for kind, room in zip(self._kinds, rooms, strict=True):
            if _ptrace(_GETREGSET, tid, kind, room[2]) == -1:
                self._refused[tid] = ctypes.get_errno()

    def value(self, tid: int, offset: int, size: int = 8, kind: int = 0) -> int:
        """A register, of the set at position ``kind``."""
        return int.from_bytes(self._rooms[tid][kind][0].raw[offset : offset + size], self._order)

    def of(self, tid: int) -> list[bytes]:
        """The sets, one for each kind. Raises OSError where they were refused."""
        if tid in self._refused:
            raise OSError(self._refused[tid], os.strerror(self._refused[tid]))
        return [buffer.raw[: vector.length] for buffer, vector, _ in self._rooms[tid]]
