"""Writing a report: aside and then renamed, readable by its owner only, never through somebody else's symbolic link."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import OutputUnwritable

if TYPE_CHECKING:
    from analyzer.model import Snapshot, TrialResult

_SUFFIX = {"html": "html", "json": "json", "markdown": "md", "text": "txt"}


def default_name(snapshot: Snapshot, format: str) -> str:
    """``hanganalyze-NAME-PID.html``; the name is the target's own choice, so only plain characters of it stay.

    ``hanganalyze-nothing.html`` for a text in which no process was recognised.
    """
    if not snapshot.processes:
        return f"hanganalyze-nothing.{_SUFFIX[format]}"
    process = snapshot.processes[0]
    name = re.sub(r"[^A-Za-z0-9._+-]", "_", process.name)[:32].strip(".") or "process"
    return f"hanganalyze-{name}-{process.pid}.{_SUFFIX[format]}"


def suffix_of(format: str) -> str:
    """What a file of this format ends with."""
    return _SUFFIX[format]


def series_name(result: TrialResult, format: str) -> str:
    """``hanganalyze-run-NAME.html``, likewise."""
    name = re.sub(r"[^A-Za-z0-9._+-]", "_", result.subjects[0].program)[:32].strip(".") or "command"
    return f"hanganalyze-run-{name}.{_SUFFIX[format]}"


def series_place(target: str | None, name: str) -> Path:
    """Where a report goes: ``target``, or ``name`` in that folder, or ``name`` here."""
    if target is None:
        return Path(name)
    return Path(target) / name if is_folder(Path(target)) else Path(target)


def is_folder(path: Path) -> bool:
    """Whether reports can go into ``path``. A link that somebody else laid in a shared folder leads nowhere."""
    try:
        return not _foreign_link(path) and path.is_dir()
    except OSError:
        return False


def _foreign_link(path: Path) -> bool:
    """A symbolic link in a folder like /tmp that belongs neither to us nor to the folder's owner: what the kernel does not follow
    either where fs.protected_symlinks is set."""
    status = path.lstat()
    if not stat.S_ISLNK(status.st_mode):
        return False
    folder = path.parent.stat()
    shared = folder.st_mode & stat.S_ISVTX and folder.st_mode & stat.S_IWOTH
    return bool(shared) and status.st_uid not in {os.geteuid(), folder.st_uid}


def _check_way(path: Path) -> None:
    """Raises OutputUnwritable where the folder of ``path`` is reached through somebody else's link."""
    for folder in path.absolute().parents:
        try:
            foreign = _foreign_link(folder)
        except OSError:
            foreign = False
        if foreign:
            raise OutputUnwritable(str(path), f"{folder} is a symbolic link that another user laid in a shared folder")


def check_writable(path: Path) -> None:
    """Raises OutputUnwritable where ``write`` would: asked before a process is stopped for a report nobody gets."""
    folder = path.parent
    _check_way(path)
    if not folder.is_dir():
        raise OutputUnwritable(str(path), f"the folder {folder} does not exist")
    if is_folder(path):
        raise OutputUnwritable(str(path), "it is a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputUnwritable(str(path), f"the folder {folder} is not writable for you")


def write(path: Path, data: bytes) -> None:
    """All of ``data`` at ``path`` with mode 0600, or an OutputUnwritable and no file at all, nor one where a signal ends it.

    A new file in the same folder is renamed over the old one: a symbolic link that somebody laid at ``path`` in a shared
    folder is replaced, not followed.
    """
    _check_way(path)
    aside = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        aside.replace(path)
    except BaseException as error:
        aside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutputUnwritable(str(path), error.strerror or str(error)) from error
        raise
