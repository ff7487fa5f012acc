"""Folders for a while, which go even where their owner was killed: the next one to make such a folder removes it.

What lies in them may be the memory of somebody's process. Each is locked by its owner for as long as that lives; the kernel gives
the lock back when it dies, however it dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "hanganalyze-scratch-"
_LOCKED_WITHIN_S = 60
"""A folder is made and then locked: one that is younger may not have been locked yet."""


class Scratch:
    """A new folder below the system's temporary one, for us alone; ``remove`` it. Raises OSError."""

    def __init__(self, kind: str) -> None:
        import tempfile  # slow to import, and not every analysis needs a folder

        remove_abandoned(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{kind}-"))
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        """With all that is in it; again is harmless."""
        import shutil

        if self._lock >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1


@contextlib.contextmanager
def scratch_folder(kind: str) -> Iterator[Path]:
    """``Scratch`` for a ``with``; ``kind``: a word for its name."""
    scratch = Scratch(kind)
    try:
        yield scratch.path
    finally:
        scratch.remove()


def remove_abandoned(below: Path) -> None:
    """Remove the folders whose owner has died. Raises nothing."""
    with contextlib.suppress(OSError), os.scandir(below) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX):
                with contextlib.suppress(OSError):
                    _remove_if_abandoned(entry)


def _remove_if_abandoned(entry: os.DirEntry[str]) -> None:
    import shutil

    status = entry.stat(follow_symlinks=False)
    young = time.time() - status.st_mtime < _LOCKED_WITHIN_S
    if not entry.is_dir(follow_symlinks=False) or status.st_uid != os.geteuid() or young:
        return
    lock = os.open(entry.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError: somebody works in it
        shutil.rmtree(entry.path, ignore_errors=True)
    finally:
        os.close(lock)
