"""What plain gdb says of a hung process in a root: the measure for what the analyzer says."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

from .watch import futex_of

GDB_LIMIT_S = 60.0
_PREFIXES = re.compile(r"^(__GI_)?_*(libc_)?")


@dataclass(frozen=True)
class Stack:
    """The stack of a process's only thread, which waits for a lock."""

    frames: list[str]
    """Function names, innermost first, as gdb prints them; "??" where there is no symbol."""
    lock: str | None
    """The symbol at the futex's address; None if gdb knows none: a heap address, or no debug symbols."""

    @property
    def plain(self) -> list[str]:
        """The names without the prefixes that come and go with debug symbols: __GI___libc_malloc is malloc."""
        return [_PREFIXES.sub("", name) for name in self.frames]


def stack_of(pid: int, *, uid: int = 0) -> Stack:
    """Attaches gdb as user `uid`, reads, detaches. Raises RuntimeError with gdb's words where it shows no frame.

    Sysroot and file are set because gdb's own way to the target's files, setns, is closed to an ordinary user.
    """
    futex = futex_of(pid)
    command = ["gdb", "--nx", "--batch", "-iex", "set auto-load no", "-iex", "set debuginfod enabled off"]
    command += ["-iex", f"set sysroot /proc/{pid}/root"]
    command += ["-iex", f"set debug-file-directory /proc/{pid}/root/usr/lib/debug"]
    command += [
        "-ex",
        f"file /proc/{pid}/exe",
        "-ex",
        f"attach {pid}",
        "-ex",
        "backtrace 30",
        "-ex",
        f"info symbol {futex}",
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=GDB_LIMIT_S,
        cwd="/",
        user=uid,
        group=uid,
        extra_groups=[],
    )
    frames = re.findall(r"^#\d+ +(?:0x[0-9a-f]+ in )?(\S+) \(", done.stdout, re.MULTILINE)
    if not frames:
        raise RuntimeError(f"gdb shows no stack of {pid}: {done.stdout}{done.stderr}")
    lock = re.search(r"^(\S+)(?: \+ \d+)? in section ", done.stdout, re.MULTILINE)
    return Stack(frames, lock.group(1) if lock else None)
