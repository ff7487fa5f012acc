"""The user's own folder for what is built on demand."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from analyzer.errors import BuildFailed


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/hanganalyze`` or ``~/.cache/hanganalyze``, mode 0700; a folder below the system's temporary
    one where the home cannot be written (the user nobody has none).

    Programs are started from here, so it must belong to us alone. Raises BuildFailed when no such folder can be had.
    """
    refusals = []
    for folder in _candidates():
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            if (problem := _problem(folder)) is None:
                return folder
        except OSError as error:
            problem = f"{folder}: {error.strerror}"
        refusals.append(problem)
    raise BuildFailed("there is no folder to keep it in:\n" + "\n".join(refusals))


def _candidates() -> list[Path]:
    wanted = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # Not tempfile.gettempdir(): importing it takes longer than all else before gdb is started.
    temporary = Path(os.environ.get("TMPDIR") or "/tmp") / f"hanganalyze-{os.geteuid()}"  # noqa: S108 # nosec B108 - lstat tells whose it is
    try:
        home = wanted if wanted.is_absolute() else Path("~/.cache").expanduser()
    except RuntimeError:  # neither HOME nor an entry in passwd
        return [temporary]
    return [home / "hanganalyze", temporary]


def _problem(folder: Path) -> str | None:
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        return f"{folder}: not a folder"
    if status.st_uid != os.geteuid():
        return f"{folder}: belongs to another user ({status.st_uid})"
    if status.st_mode & 0o077:
        folder.chmod(0o700)
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"{folder}: not writable"
    return None
