"""Many pieces of another process's memory in one system call: process_vm_readv(2). While a process stands still for us, every
call counts. The right needed is that of ptrace; nothing is stopped by it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence

_MOST_PIECES = 1024
"""IOV_MAX of the kernel."""


class _Piece(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


_read = ctypes.CDLL(None, use_errno=True).process_vm_readv
_read.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong]
_read.restype = ctypes.c_ssize_t


def read_pieces(pid: int, ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, bytes]]:
    """(start, bytes) of each range (start, end) that can be read whole, in order; what cannot is left out."""
    position = 0
    while position < len(ranges):
        batch = ranges[position : position + _MOST_PIECES]
        total = sum(end - start for start, end in batch)
        buffer = ctypes.create_string_buffer(total)
        remote = (_Piece * len(batch))(*(_Piece(start, end - start) for start, end in batch))
        local = _Piece(ctypes.addressof(buffer), total)
        count = _read(pid, ctypes.byref(local), 1, ctypes.byref(remote), len(batch), 0)
        view, at, done = memoryview(buffer), 0, 0
        for start, end in batch:
            if at + end - start > max(count, 0):
                break
            yield start, bytes(view[at : at + end - start])
            at, done = at + end - start, done + 1
        # The kernel ends at the first piece that it cannot read: leave that one out and go on behind it.
        position += done if done == len(batch) else done + 1
