"""The root in which gdb looks for a target's libraries: the target's own, or one with only the files that can be what is mapped.

After an upgrade another file lies at a library's place: its names would be wrong. And whoever owns the root may lay anything
there: a pipe for which gdb would wait while the target stands still, a device, a link out of the root. Where the map of memory
says that a file is gone from its place, or where no regular file is found there inside the root, gdb gets a folder of links to
the other files.
"""

from __future__ import annotations

import os
import stat

from analyzer.capture.procfs import door, read_text
from analyzer.scratch import Scratch

_DELETED = " (deleted)"
_MOST_FILES = 4096


class SafeRoot:
    """``path`` is for gdb; ``close`` when gdb has ended. Raises nothing."""

    def __init__(self, pid: int) -> None:
        self.path = f"/proc/{door(pid)}/root"
        self._folder: Scratch | None = None
        good, bad = _mapped_files(pid)
        if bad:
            try:
                self._folder = _links(self.path, good)
                self.path = str(self._folder.path)
            except OSError:
                self.path = "/nonexistent"

    def close(self) -> None:
        """Remove the folder; again is harmless."""
        if self._folder is not None:
            self._folder.remove()
            self._folder = None


def _mapped_files(pid: int) -> tuple[list[str], list[str]]:
    """Paths of the mapped libraries whose file may be the mapped one, and of those where something else lies."""
    names = dict.fromkeys(
        fields[5]
        for line in (read_text(f"/proc/{door(pid)}/maps") or "").split("\n")
        if len(fields := line.split(None, 5)) == 6 and fields[1][2] == "x" and fields[5].startswith("/")
    )
    good: list[str] = []
    bad: list[str] = []
    executable = _executable(pid)
    for name in list(names)[:_MOST_FILES]:
        if name == executable or name.startswith("/memfd:"):
            continue  # gdb has its content from elsewhere
        (bad if name.endswith(_DELETED) else good).append(name)
    if bad:
        good = [name for name in good if _is_regular(pid, name)]
    return good, bad


def _executable(pid: int) -> str | None:
    try:
        return os.readlink(f"/proc/{door(pid)}/exe")
    except OSError:
        return None


def _is_regular(pid: int, path: str) -> bool:
    from analyzer.capture.package.root import TargetRoot

    try:
        with TargetRoot(pid) as root:
            return stat.S_ISREG(root.stat(path).st_mode)
    except OSError:
        return False


def _links(root: str, names: list[str]) -> Scratch:
    """A folder with a link to each file, at its place and where a merged /usr lets it be found too."""
    scratch = Scratch("root")
    scratch.path.chmod(0o755)  # nosec B103 - a gdb of another user reads it; it holds links to what that user may see anyway
    for name in names:
        for place in {name, name.removeprefix("/usr")}:
            link = scratch.path / os.path.normpath(place).lstrip("/")
            link.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            if not link.is_symlink():
                link.symlink_to(root + name)
    return scratch
