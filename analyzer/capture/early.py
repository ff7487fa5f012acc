"""A gdb that is started before the rest of us is even imported.

Starting gdb and reading symbols takes as long as importing this package, so both happen at the same time; and what is read before
the attach need not be read while the target stands still: with libc's symbols read beforehand an attach takes 15 ms instead of
75. This file imports nothing that is slow. Nothing is stopped yet: gdb only reads files.
"""

from __future__ import annotations

import os
import re

from analyzer.cache import cache_folder
from analyzer.capture import gdb
from analyzer.capture.gdbmi import MiSession
from analyzer.capture.procfs import door
from analyzer.capture.symbol_file import SymbolFile, another_file_here
from analyzer.errors import HangAnalyzeError
from analyzer.lean_dataclass import dataclass

_LIBC = re.compile(
    rb"^([0-9a-f]+)-[0-9a-f]+ r\S+ 00000000 [0-9a-f]+:[0-9a-f]+ (\d+)\s+(/[\w./+-]*/libc(?:-2\.\d+)?\.so(?:\.6)?)$", re.MULTILINE
)
_MAPS_READ = 1 << 20


@dataclass(frozen=True)
class StartedGdb:
    """A gdb that has been told what to prepare; its answers are still to be read."""

    pid: int
    path: str
    session: MiSession
    tokens: tuple[int, ...]
    """Of the commands that prepare it; the first answer holds gdb's version."""
    symbol_file: SymbolFile
    """Open for as long as gdb lives: it opens the name again when it attaches."""

    def close(self) -> None:
        """End gdb; again is harmless."""
        self.session.close()
        self.symbol_file.close()


def start_gdb(pid: int, path: str) -> StartedGdb:
    """Start gdb for process ``pid``; raises DebuggerFailed where it does not start, DebuggerDied where it ends at once."""
    session = MiSession(gdb.arguments(path, _index_cache(pid)), gdb.environment(path))
    file = SymbolFile(pid)
    preparation = gdb.preparation(file.root, file.path, f"/proc/{door(pid)}/root")
    return StartedGdb(pid, path, session, tuple(session.send(*preparation, *_read_libc_now(pid))), file)


def alike(pid: int, other: int) -> bool:
    """Whether a gdb that is prepared for one process can look at the other as it is.

    So it is for a child that has not called exec and its parent: the same executable, the same root, libc at the same place.
    Reading symbols is most of gdb's work, and then it is done once.
    """
    try:
        for name in ("exe", "root"):
            one, two = os.stat(f"/proc/{pid}/{name}"), os.stat(f"/proc/{other}/{name}")
            if (one.st_dev, one.st_ino) != (two.st_dev, two.st_ino):
                return False
        return _mapped_libc(pid) == _mapped_libc(other) is not None
    except OSError:
        return False


def _mapped_libc(pid: int) -> tuple[str, int, str] | None:
    """(load address, inode, path inside the target's root) of the libc that a process has mapped."""
    with open(f"/proc/{pid}/maps", "rb") as file:
        match = _LIBC.search(file.read(_MAPS_READ))
    return (match.group(1).decode(), int(match.group(2)), match.group(3).decode()) if match else None


def _read_libc_now(pid: int) -> list[str]:
    """Commands that make gdb read libc's symbols at the place where the process has it mapped.

    When it attaches, it finds the same file already open and read. Only the file that is really mapped will do: a replaced one
    would give wrong names.
    """
    try:
        mapped = _mapped_libc(pid)
        if mapped is None:
            return []
        base, inode, path = mapped
        target = f"/proc/{pid}/root{path}"
        if os.stat(target).st_ino != inode or another_file_here(target, path):
            return []
    except OSError:
        return []
    return [
        f'-interpreter-exec console "add-symbol-file /proc/{pid}/root{path} -o 0x{base}"',
        # Asking for a static variable and for a function's scope makes gdb read what it would otherwise put off.
        "-data-evaluate-expression &main_arena",
        '-interpreter-exec console "info scope fork"',
    ]


def _index_cache(pid: int) -> str | None:
    """Where gdb keeps its symbol indexes; None where it cannot keep any.

    Apart by the target's user: a build id is the target's own claim, and must not decide what another user's analysis reads.
    """
    try:
        folder = cache_folder() / "gdb-index" / str(os.stat(f"/proc/{pid}").st_uid)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (HangAnalyzeError, OSError):
        return None
    return str(folder)
