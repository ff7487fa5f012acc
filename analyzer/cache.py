"""Where things are kept between runs: gdb's symbol indexes, the built loader, the photograph of the reference."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder(*parts: str) -> Path | None:
    """A folder of our own in the user's cache, made 0700; None where none can be had (read-only home, full disk)."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "hanganalyze"
    try:
        for part in ("", *parts):
            folder = folder / part if part else folder
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            information = folder.stat()
            # Somebody else's folder under our name would let them choose what we read back.
            if information.st_uid != os.geteuid() or information.st_mode & 0o022:
                return None
    except (OSError, RuntimeError):
        return None
    return folder
