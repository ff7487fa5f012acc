"""Addresses of other stores (s3://, gs://, https://, sftp://, ...), through fsspec. The only importer of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from analyzer.batch.inside import Content, utc
from analyzer.errors import ExtraMissing, UsageError


def contents(address: str) -> Iterator[Content]:
    """Every file at or below the address; it may have wildcards. Raises UsageError, ExtraMissing."""
    try:
        system, path = _core().url_to_fs(address)
        if any(sign in path for sign in "*?["):
            found = system.glob(path, detail=True)
        elif system.isdir(path):
            found = system.find(path, detail=True)
        else:
            found = {path: system.info(path)}
    except ImportError as error:
        raise UsageError(
            f"{address} needs a package that is not installed: {error}", next_command="pip install what it names"
        ) from error
    except Exception as error:  # every file system raises its own
        raise UsageError(f"{address} cannot be listed: {error}") from error
    for name in sorted(found):
        if found[name].get("type") != "directory":
            yield _content(system, name, found[name])


def fetch(address: str, target: Path) -> None:
    """A copy of one file. Raises OSError, ValueError."""
    try:
        with _core().open(address, "rb") as source, target.open("xb") as copy:
            target.chmod(0o600)
            shutil.copyfileobj(source, copy, 1 << 20)
    except (OSError, ValueError):
        raise
    except Exception as error:  # every file system raises its own
        raise OSError(str(error)) from error


def _content(system: Any, name: str, info: dict[str, Any]) -> Content:
    address = str(system.unstrip_protocol(name))
    try:
        stamp = str(system.ukey(name))
    except Exception:  # not every file system tells files apart that were written anew
        stamp = str(info.get("size"))
    written = next((info[one] for one in ("mtime", "LastModified", "last_modified", "updated", "created") if info.get(one)), None)
    if isinstance(written, datetime):
        written = written.timestamp()
    seen_at = utc(written) if isinstance(written, int | float) else None
    return Content(("url", address), address, stamp, seen_at, lambda: system.open(name, "rb"), path=address)


def _core() -> Any:
    try:
        import fsspec.core
    except ImportError as error:
        raise ExtraMissing("fleet", "fsspec") from error
    return fsspec.core
