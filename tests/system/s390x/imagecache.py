"""Where what was made once is kept, and how it comes to be there without ever being seen half-made."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .errors import CannotRunHere
from .foreignapt import ForeignApt

KEPT = 2
"""Finished directories of a kind that are kept, the last used ones."""


def cache_directory() -> Path:
    """$XDG_CACHE_HOME/hanganalyze-tests (~/.cache without it), made when it is not there."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    directory = Path(base) / "hanganalyze-tests"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def made_from_packages(
    kind: str,
    apt: ForeignApt,
    packages: Sequence[str],
    pretend_installed: dict[str, str],
    recipe: Path,
    make: Callable[[Path, tuple[Path, ...]], None],
) -> Path:
    """The directory KIND-KEY that `make(scratch, .deb paths)` leaves in scratch/image, made or reused.

    KEY is over the packages' versions and the text of `recipe`. Without a network the newest finished one serves;
    without that too, `CannotRunHere`. Safe against other processes doing the same.
    """
    cache = cache_directory()
    with _locked(cache / f"{kind}.lock"):
        try:
            names = _fetched(apt, packages, pretend_installed)
        except CannotRunHere:
            finished = _finished(cache, kind)
            if finished:
                return finished[-1]
            raise
        key = hashlib.sha256("\n".join([*names, recipe.read_text("utf-8")]).encode()).hexdigest()[:16]
        directory = cache / f"{kind}-{key}"
        if not directory.is_dir():
            with tempfile.TemporaryDirectory(prefix="making-", dir=cache) as scratch:
                make(Path(scratch), tuple(apt.archives / name for name in names))
                (Path(scratch) / "image").rename(directory)
            apt.forget_all_but(names)
        os.utime(directory)
        for old in _finished(cache, kind)[:-KEPT]:
            shutil.rmtree(old)
        return directory


def _fetched(apt: ForeignApt, packages: Sequence[str], pretend_installed: dict[str, str]) -> tuple[str, ...]:
    apt.refresh(pretend_installed)
    names = apt.resolve(packages)
    try:
        apt.fetch(packages, names)
    except CannotRunHere:
        # Most likely the mirror has moved on since the lists were fetched.
        apt.update()
        names = apt.resolve(packages)
        apt.fetch(packages, names)
    return names


def _finished(cache: Path, kind: str) -> list[Path]:
    return sorted((path for path in cache.glob(f"{kind}-*") if path.is_dir()), key=lambda path: path.stat().st_mtime)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
