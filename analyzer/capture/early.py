"""gdbs that are started before the rest of us is even imported.

Starting gdb and reading symbols takes as long as importing this package, so both happen at the same time; and what is read before
the attach need not be read while the target stands still: with libc's symbols read beforehand an attach takes 15 ms instead of
75. This file imports nothing that is slow. Nothing is stopped yet: gdb only reads files.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from analyzer.cache import cache_folder
from analyzer.capture import gdb
from analyzer.capture.gdbmi import MiSession
from analyzer.errors import HangAnalyzeError

MOST_RELATIVES = 3
"""A program with more processes than this is a server; which of them matter is seen later."""
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


def start_gdb(pid: int, path: str) -> StartedGdb:
    """Start gdb for process ``pid``; raises DebuggerFailed where it does not start, DebuggerDied where it ends at once."""
    session = MiSession(gdb.arguments(path, _index_cache(pid)), gdb.environment(path))
    preparation = gdb.preparation(f"/proc/{pid}/root", gdb.executable_of(pid))
    return StartedGdb(pid, path, session, tuple(session.send(*preparation, *_read_libc_now(pid))))


def start_for_family(pid: int, path: str, *, alone: bool = False) -> dict[int, StartedGdb]:
    """A gdb for the process and for the few relatives that run the same program, by pid: what hangs is often one of those."""
    started = {pid: start_gdb(pid, path)}
    try:
        for relative in [] if alone else _relatives(pid):
            started[relative] = start_gdb(relative, path)
    except HangAnalyzeError:
        pass  # they are started later, if they are needed
    return started


def _relatives(pid: int) -> list[int]:
    """The parent and the children, where they run the same executable file."""
    try:
        own = os.stat(f"/proc/{pid}/exe")
        with open(f"/proc/{pid}/stat", "rb") as file:
            candidates = [int(file.read().rpartition(b")")[2].split()[1])]
        tasks = os.listdir(f"/proc/{pid}/task")
        for task in tasks[:64]:
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                candidates += map(int, file.read().split())
    except (OSError, ValueError, IndexError):
        return []
    same = []
    for candidate in candidates[: 8 * MOST_RELATIVES]:
        try:
            other = os.stat(f"/proc/{candidate}/exe")
        except OSError:
            continue
        if (other.st_dev, other.st_ino) == (own.st_dev, own.st_ino) and candidate != os.getppid():
            same.append(candidate)
    return same if len(same) <= MOST_RELATIVES else []


def _read_libc_now(pid: int) -> list[str]:
    """Commands that make gdb read libc's symbols at the place where the process has it mapped.

    When it attaches, it finds the same file already open and read. Only the file that is really mapped will do: a replaced one
    would give wrong names.
    """
    try:
        with open(f"/proc/{pid}/maps", "rb") as file:
            match = _LIBC.search(file.read(_MAPS_READ))
        if match is None:
            return []
        base, inode, path = match.group(1).decode(), int(match.group(2)), match.group(3).decode()
        if os.stat(f"/proc/{pid}/root{path}").st_ino != inode or gdb.another_file_here(f"/proc/{pid}/root{path}", path):
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
