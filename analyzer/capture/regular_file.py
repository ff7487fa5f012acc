"""A file is looked at before it is opened: a device may act on being opened, and a pipe may never answer."""

from __future__ import annotations

import errno
import os
import stat


def open_if_regular(found: int) -> int:
    """The very file that a descriptor (O_PATH) means, opened for reading. Raises OSError where it is no regular one."""
    if not stat.S_ISREG(os.fstat(found).st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    return os.open(f"/proc/self/fd/{found}", os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
