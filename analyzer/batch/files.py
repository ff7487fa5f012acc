"""Files of the output folder: whole or not there, for us alone, and without a wait for the disk.

What a power failure may take back is found by its size when the next run begins; a wait for the disk at each of ten thousand
small files would cost more than all the rest.
"""

from __future__ import annotations

import os
from pathlib import Path

from analyzer.errors import OutputUnwritable


def put(path: Path, data: bytes) -> None:
    """All of ``data`` at ``path`` with mode 0600, or OutputUnwritable and what was there before."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            descriptor = _opened(aside)
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = _opened(aside)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
        finally:
            os.close(descriptor)
        os.replace(aside, path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise OutputUnwritable(str(path), error.strerror or str(error)) from error


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
