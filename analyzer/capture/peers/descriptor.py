"""What lies behind a file descriptor of another process, from the link and the stat that /proc gives."""

from __future__ import annotations

import os
import re
import stat

from analyzer.capture.procfs import door, read_text
from analyzer.lean_dataclass import dataclass

_INODE = re.compile(r"^(socket|pipe):\[(\d+)\]$")
_OCTAL = re.compile("[0-7]{1,22}")
_ANONYMOUS = {"eventpoll": "epoll", "eventfd": "eventfd", "timerfd": "timer", "signalfd": "signals", "pidfd": "process"}


@dataclass(frozen=True)
class Descriptor:
    """A file descriptor of process ``pid``."""

    pid: int
    number: int
    kind: str
    """pipe, fifo, socket, epoll, eventfd, timer, signals, process, terminal, file, directory or other."""
    link: str
    """What /proc/PID/fd/NUMBER points to."""
    device: int | None = None
    inode: int | None = None

    @property
    def words(self) -> str:
        """For a person: «pipe (file descriptor 3)»."""
        name = f" {self.link}" if self.kind in {"fifo", "terminal", "file", "directory"} else ""
        return f"{_WORDS.get(self.kind, self.link)}{name} (file descriptor {self.number})"

    def info(self, key: str) -> list[str]:
        """The values of the lines ``key: value`` of its fdinfo."""
        text = read_text(f"/proc/{door(self.pid)}/fdinfo/{self.number}") or ""
        return [value.strip() for name, _, value in (line.partition(":") for line in text.split("\n")) if name == key]

    @property
    def writable(self) -> bool:
        """Whether it was opened for writing; of a pipe: whether it is (also) the end that is written to."""
        return self._access in {os.O_WRONLY, os.O_RDWR}

    @property
    def readable(self) -> bool:
        """Whether it was opened for reading."""
        return self._access in {os.O_RDONLY, os.O_RDWR}

    @property
    def _access(self) -> int | None:
        flags = self.info("flags")
        return int(flags[0], 8) & os.O_ACCMODE if flags and _OCTAL.fullmatch(flags[0]) else None


_WORDS = {
    "pipe": "a pipe", "fifo": "the FIFO", "socket": "a socket", "epoll": "an epoll set", "eventfd": "an eventfd",
    "timer": "a timer", "signals": "a signalfd", "process": "a pidfd", "terminal": "the terminal", "file": "the file",
    "directory": "the folder",
}  # fmt: skip


def descriptor(pid: int, number: int) -> Descriptor | None:
    """The file descriptor ``number`` of process ``pid``; None where it has none or the kernel does not let us look."""
    path = f"/proc/{door(pid)}/fd/{number}"
    try:
        link = os.fsencode(os.readlink(path)).decode("utf-8", "backslashreplace")
    except OSError:
        return None
    match = _INODE.match(link)
    if match:
        return Descriptor(pid, number, match.group(1), link, inode=int(match.group(2)))
    if link.startswith("anon_inode:"):
        return Descriptor(pid, number, _ANONYMOUS.get(link.removeprefix("anon_inode:").strip("[]"), "other"), link)
    try:
        found = os.stat(path)
    except OSError:
        return Descriptor(pid, number, "file", link)
    return Descriptor(pid, number, _kind(found.st_mode, link), link, found.st_dev, found.st_ino)


def _kind(mode: int, link: str) -> str:
    if stat.S_ISFIFO(mode):
        return "fifo"
    if stat.S_ISCHR(mode):
        return "terminal" if link.startswith(("/dev/pts/", "/dev/tty", "/dev/console")) else "file"
    if stat.S_ISDIR(mode):
        return "directory"
    if not link.startswith("/") and "pidfd" in link:  # a pidfd since Linux 6.9, which gave it a file system of its own
        return "process"
    return "file"
