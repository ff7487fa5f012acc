"""The file from which gdb reads the executable's symbols before it attaches.

Usually /proc/PID/exe. gdb resolves that link and keeps the name it leads to; where our own root has *another* file of that name
(a container with a program that this host has too), it looks there sooner or later and reads nothing, or our symbols in place of
the target's; wrong names and a crash were seen with gdb 13.1. Then it gets a copy that has no name at all.
"""

from __future__ import annotations

import os

from analyzer.capture.procfs import door
from analyzer.capture.safe_root import SafeRoot

_LARGEST_COPY = 512 << 20


class SymbolFile:
    """``path`` is for gdb, None where there is nothing it could read; ``close`` when gdb has ended. Raises nothing."""

    def __init__(self, pid: int) -> None:
        self.path: str | None = f"/proc/{door(pid)}/exe"
        self._copy: int | None = None
        self._root = SafeRoot(pid)
        try:
            if another_file_here(self.path, os.readlink(self.path)):
                self._copy = _copied(self.path)
                self.path = f"/proc/{os.getpid()}/fd/{self._copy}" if self._copy is not None else None
        except OSError:
            pass  # gdb will say it better

    @property
    def copied(self) -> bool:
        """gdb reads a copy, which only our own user can open."""
        return self._copy is not None

    @property
    def root(self) -> str:
        """Where gdb looks for the libraries."""
        return self._root.path

    def close(self) -> None:
        """Give the copy's memory back, and the folder of links."""
        self._root.close()
        if self._copy is not None:
            os.close(self._copy)
            self._copy = None


def another_file_here(target: str, path: str) -> bool:
    """Whether our own root has another file at ``path`` than ``target``, which lies at that path in the target's root."""
    try:
        here = os.stat(path)
    except OSError:
        return False
    try:
        there = os.stat(target)
    except OSError:
        return True
    return (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino)


def _copied(path: str) -> int | None:
    """A file in memory with the content of ``path``; None where that is too large."""
    source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(source).st_size
        if size > _LARGEST_COPY:
            return None
        copy = os.memfd_create("executable", os.MFD_CLOEXEC)
        try:
            position = 0
            while position < size and (done := os.sendfile(copy, source, position, size - position)):
                position += done
        except OSError:
            os.close(copy)
            raise
        return copy
    finally:
        os.close(source)
