"""open() of a FIFO: waits until somebody opens the other end."""

from __future__ import annotations

import os
import stat

from analyzer.capture.memory import Memory, MemoryUnreadable
from analyzer.capture.peers.answer import Answer
from analyzer.model import Syscall

_LONGEST_PATH = 4096
_PAGE = 4096


def opened(pid: int, syscall: Syscall, memory: Memory | None) -> Answer | None:
    """What an openat() that blocks is about; None where the path cannot be read or is no FIFO."""
    path = _string(memory, int(syscall.arguments[1], 16))
    if path is None:
        return None
    base = f"/proc/{pid}/root" if path.startswith(b"/") else f"/proc/{pid}/cwd/"
    try:
        if not stat.S_ISFIFO(os.stat(os.fsencode(base) + path).st_mode):
            return None
    except (OSError, ValueError):
        return None
    flags = int(syscall.arguments[2], 16) & os.O_ACCMODE
    end = "reading" if flags == os.O_WRONLY else "writing"
    return Answer(f"somebody to open the FIFO {path.decode('utf-8', 'backslashreplace')} for {end}")


def _string(memory: Memory | None, address: int) -> bytes | None:
    """The zero-terminated string at ``address``, read page by page, because the next page may not exist."""
    text = b""
    while memory is not None and len(text) < _LONGEST_PATH:
        try:
            text += memory.read(address + len(text), _PAGE - (address + len(text)) % _PAGE)
        except MemoryUnreadable:
            return None
        if b"\0" in text:
            return text.partition(b"\0")[0]
    return None
