"""A gdb that is started before the rest of us is even imported.

Starting gdb and reading symbols takes as long as importing this package, so both happen at the same time; and what is read before
the attach need not be read while the target stands still: with libc's symbols read beforehand an attach takes 15 ms instead of
75. This file imports nothing that is slow. Nothing is stopped yet: gdb only reads files.
"""

from __future__ import annotations

import os
import re

from analyzer.cache import cache_folder
from analyzer.capture import gdb, guard
from analyzer.capture.gdbmi import MiSession
from analyzer.capture.least_rights import User, limits
from analyzer.capture.procfs import door
from analyzer.capture.same_user import user_for
from analyzer.capture.symbol_file import SymbolFile, another_file_here
from analyzer.errors import DebuggerFailed, HangAnalyzeError
from analyzer.lean_dataclass import dataclass

_LIBC = re.compile(
    rb"^([0-9a-f]+)-[0-9a-f]+ r\S+ 00000000 [0-9a-f]+:[0-9a-f]+ (\d+)\s+(/[\w./+-]*/libc(?:-2\.\d+)?\.so(?:\.6)?)$", re.MULTILINE
)
_MAPS_READ = 1 << 20
_PHOTOS = 16
"""At most so often one gdb of another user reads a photograph of a process."""


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
    user: User | None = None
    """As whom it runs, where that is not us."""
    note: str | None = None
    """What is to be said about its rights."""

    def close(self) -> None:
        """End gdb; again is harmless."""
        self.session.close()
        guard.debugger_ended(self.session.pid)
        self.symbol_file.close()


def start_gdb(pid: int, path: str, *, with_our_rights: bool = False) -> StartedGdb:
    """Start gdb for process ``pid``; raises DebuggerFailed where it does not start, DebuggerDied where it ends at once.

    Root's gdb gets the rights of the process's user where these suffice, unless ``with_our_rights``.
    """
    file = SymbolFile(pid)
    user, why_not = (None, "its user's rights did not suffice") if with_our_rights else user_for(pid, path)
    if user is not None and file.copied:
        user, why_not = None, "another program has the same path here"
    folder = _index_cache(pid, user)
    scratch = [os.memfd_create("core", os.MFD_CLOEXEC) for _ in range(_PHOTOS)] if user is not None else []
    try:
        session = MiSession(
            gdb.arguments(path, f"/proc/self/fd/{folder}" if folder is not None else None),
            gdb.environment(path),
            limit=limits(path, user),
            inherited=() if folder is None else (folder,),
            scratch=scratch,
        )
    except DebuggerFailed:
        file.close()
        for descriptor in scratch:
            os.close(descriptor)
        if user is None:
            raise
        return start_gdb(pid, path, with_our_rights=True)  # a root that may not become others, as in some containers
    finally:
        if folder is not None:
            os.close(folder)
    guard.debugger(session.pid)
    preparation = gdb.preparation(file.root, file.path, f"/proc/{door(pid)}/root")
    tokens = tuple(session.send(*preparation, *_read_libc_now(pid)))
    return StartedGdb(pid, path, session, tokens, file, user, f"gdb ran as root: {why_not}" if why_not else None)


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
        # Whoever may look at one may look at the other.
        if os.stat(f"/proc/{pid}/environ").st_uid != os.stat(f"/proc/{other}/environ").st_uid:
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


def _index_cache(pid: int, user: User | None) -> int | None:
    """The folder where gdb keeps its symbol indexes, open; None where it cannot keep any.

    Apart by the target's user: a build id is the target's own claim, and must not decide what another user's analysis reads.
    Apart also by whether gdb runs as that user, to whom the folder then belongs: what that user writes, root never reads. gdb
    gets it by its number, as it may not pass through root's folders.
    """
    try:
        uid = os.stat(f"/proc/{pid}").st_uid
        folder = cache_folder() / "gdb-index" / (str(uid) if user is None else f"{uid}-own")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        if user is not None:
            os.fchown(opened, user.uid, user.gid)
        return opened
    except (HangAnalyzeError, OSError):
        return None
