"""Become the parent of what a target leaves behind, so that it can be waited for."""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PR_SET_CHILD_SUBREAPER = 36

_lock = threading.Lock()
_users = 0


def _set(wanted: bool) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@contextlib.contextmanager
def subreaper() -> Iterator[None]:
    """Orphaned descendants of this process become its children while any such block is open."""
    global _users  # noqa: PLW0603  # an attribute of the whole process is what is counted
    with _lock:
        _users += 1
        _set(True)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _set(False)
