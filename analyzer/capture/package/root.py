"""Files of the target's own root, read without trusting it.

The target may have made its root hostile: links that lead out of it, pipes that never answer, devices that act when they are
opened, files without an end. A path is therefore resolved by the kernel inside the root (openat2(2), RESOLVE_IN_ROOT); a file
is looked at before it is opened for reading, and only a regular one is; no more is read than asked for.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import itertools
import os
import stat
from collections.abc import Iterator

from analyzer.capture.procfs import door
from analyzer.capture.regular_file import open_if_regular

MOST_ENTRIES = 200_000
_OPENAT2 = 437  # the same on every architecture
_RESOLVE_NO_MAGICLINKS, _RESOLVE_IN_ROOT = 0x02, 0x10
_NOT_THERE = {errno.ENOSYS, errno.EPERM}  # a kernel before 5.6; a container whose seccomp filter does not know the call


class _OpenHow(ctypes.Structure):
    """struct open_how of openat2(2)."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


class TargetRoot:
    """The root directory of a process. Every method raises OSError where the kernel refuses or the file is none to read."""

    def __init__(self, pid: int) -> None:
        self._fd = os.open(f"/proc/{door(pid)}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> TargetRoot:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def is_ours(self) -> bool:
        """Whether it is the same directory as the root of this process."""
        return os.path.samestat(os.fstat(self._fd), os.stat("/"))

    def stat(self, path: str) -> os.stat_result:
        """What lies at ``path``, links followed inside the root."""
        with self._at(path) as found:
            return os.fstat(found)

    def read(self, path: str, limit: int) -> bytes:
        """The first ``limit`` bytes of a regular file."""
        with self._at(path) as found:
            return _read(found, limit)

    @contextlib.contextmanager
    def folder(self, path: str) -> Iterator[TargetFolder]:
        """A directory whose files are to be read one after the other."""
        with self._at(path) as found:
            yield TargetFolder(found)

    @contextlib.contextmanager
    def _at(self, path: str) -> Iterator[int]:
        found = _resolve(self._fd, path)
        try:
            yield found
        finally:
            os.close(found)


class TargetFolder:
    """A directory inside a root."""

    def __init__(self, found: int) -> None:
        self._fd = found

    def names(self) -> list[str]:
        """Names of its entries, at most MOST_ENTRIES."""
        # An O_PATH descriptor cannot be listed; opened again by way of /proc it is the same directory, not a new look-up.
        listed = os.open(f"/proc/self/fd/{self._fd}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with os.scandir(listed) as entries:
                return [entry.name for entry in itertools.islice(entries, MOST_ENTRIES)]
        finally:
            os.close(listed)

    def read(self, name: str, limit: int) -> bytes:
        """The first ``limit`` bytes of a regular file in it; a link is none."""
        found = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._fd)
        try:
            return _read(found, limit)
        finally:
            os.close(found)


def _read(found: int, limit: int) -> bytes:
    opened = open_if_regular(found)
    try:
        return os.read(opened, min(limit, os.fstat(opened).st_size))
    finally:
        os.close(opened)


def _resolve(root: int, path: str) -> int:
    """A descriptor (O_PATH) of what lies at ``path`` inside the root."""
    how = _OpenHow(os.O_PATH | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS)
    libc = ctypes.CDLL(None, use_errno=True)
    found = libc.syscall(
        ctypes.c_long(_OPENAT2), ctypes.c_int(root), os.fsencode(path), ctypes.byref(how), ctypes.c_size_t(ctypes.sizeof(how))
    )
    if found >= 0:
        return int(found)
    code = ctypes.get_errno()
    if code in _NOT_THERE:
        return _walk(root, path)
    raise OSError(code, os.strerror(code), path)


def _walk(root: int, path: str) -> int:
    """Without openat2: one name after the other, and no link at all."""
    here = os.dup(root)
    for name in path.split("/"):
        if name in {"", "."}:
            continue
        try:
            if name == "..":
                raise OSError(errno.EXDEV, "leads out of the root", path)
            inner = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here)
        finally:
            os.close(here)
        if stat.S_ISLNK(os.fstat(inner).st_mode):
            os.close(inner)
            raise OSError(errno.ELOOP, "a link, which this kernel cannot follow safely", path)
        here = inner
    return here
