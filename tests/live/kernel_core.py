"""Cores that the kernel writes of processes that block every signal, as the bundled loader's hung child does."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
from pathlib import Path

from tests.live.test_targets import until

_SEIZE, _INTERRUPT, _SETSIGMASK, _DETACH = 0x4206, 0x4207, 0x420B, 17
_WALL = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def _ptrace(request: int, tid: int, address: int = 0, data: int = 0) -> None:
    if _libc.ptrace(request, tid, address, data) == -1:
        code = ctypes.get_errno()
        raise OSError(code, f"ptrace {request:#x} of {tid}: {os.strerror(code)}")


def let_signals_through(pid: int) -> None:
    """Unblock every signal of a process's first thread. Its memory stays as it is: nothing of it is run or written."""
    nothing_blocked = ctypes.c_uint64(0)
    _ptrace(_SEIZE, pid)
    _ptrace(_INTERRUPT, pid)
    os.waitpid(pid, _WALL)
    _ptrace(_SETSIGMASK, pid, ctypes.sizeof(nothing_blocked), ctypes.addressof(nothing_blocked))
    _ptrace(_DETACH, pid)


def aborted(pid: int, pattern: str) -> Path:
    """The core of the process PID, which is ended by it. PATTERN: a core_pattern that leaves it in its working directory."""
    folder = Path(os.readlink(f"/proc/{pid}/cwd"))
    let_signals_through(pid)
    resource.prlimit(pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    os.kill(pid, signal.SIGABRT)
    # The kernel ends the process when it has written the whole core.
    until("it has ended", lambda: _ended(pid))
    (core,) = folder.glob(f"{pattern}*")
    return core


def _ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ESRCH):
            return True
        raise
