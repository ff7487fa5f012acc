"""Two questions that only system calls answer and that libc has no function for: get_robust_list(2) and kcmp(2).

Both need the right to ptrace the process they ask about; neither touches it.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os

KCMP_VM = 1
"""linux/kcmp.h: compare the address spaces."""


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def robust_list_head(tid: int, number: int) -> int | str:
    """The robust list head that a thread has registered, or why it cannot be had. ``number`` is that of the system call."""
    libc = _libc()
    head, size = ctypes.c_void_p(), ctypes.c_size_t()
    if libc.syscall(ctypes.c_long(number), ctypes.c_int(tid), ctypes.byref(head), ctypes.byref(size)) == 0:
        return head.value or 0
    code = ctypes.get_errno()
    return "not permitted" if code == errno.EPERM else os.strerror(code)


def same_memory(pid: int, other: int, number: int) -> bool | str:
    """Whether two processes have the same address space, or why the kernel does not say."""
    libc = _libc()
    result = libc.syscall(
        ctypes.c_long(number),
        ctypes.c_int(pid),
        ctypes.c_int(other),
        ctypes.c_int(KCMP_VM),
        ctypes.c_long(0),
        ctypes.c_long(0),
    )
    if result >= 0:
        return bool(result == 0)
    code = ctypes.get_errno()
    if code == errno.ENOSYS:
        return "this kernel lacks kcmp"
    return "not permitted" if code == errno.EPERM else os.strerror(code)
