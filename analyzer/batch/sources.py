"""Paths, folders and addresses -> contents, in an order that is the same in every run; nothing is opened that could block."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from analyzer.batch.inside import Content, Found, Inside, refused, utc
from analyzer.errors import UsageError


def check(paths: Sequence[str]) -> None:
    """Raises UsageError for a path that is not there: found out before hours of work, not after."""
    for path in paths:
        if "://" not in path and not os.path.lexists(path):
            raise UsageError(f"{path} is not there.", next_command="hanganalyze batch PATH... -o DIR")


def walk(paths: Sequence[str], inside: Inside, own_folder: Path) -> Iterator[Found]:
    """Every item below the paths that has no row yet; ``own_folder`` is left out. Raises UsageError, ExtraMissing."""
    for path in paths:
        if "://" in path:
            from analyzer.batch.remote import contents

            for content in contents(path):
                yield from inside.items(content)
            continue
        for file in _files(path, own_folder):
            if isinstance(file, Content):
                yield from inside.items(file)
            elif not inside.known(file.key, file.stamp):
                yield file


def count(paths: Sequence[str], own_folder: Path) -> int | None:
    """Files below the paths, for the progress bar; None where that would take a network."""
    total = 0
    for path in paths:
        if "://" in path:
            return None
        for here, folders, files in os.walk(path):
            folders[:] = [one for one in folders if not _same(os.path.join(here, one), own_folder)]
            total += len(files)
        total += not os.path.isdir(path)
    return total


def _files(path: str, own_folder: Path) -> Iterator[Content | Found]:
    """Sorted, folders in their place; symbolic links to folders are not followed, for they may lead in circles."""
    try:
        if not os.path.isdir(path):
            yield _file(path)
            return
        if _same(path, own_folder):
            return
        with os.scandir(path) as listing:
            entries = sorted(listing, key=lambda one: one.name)
    except OSError as error:
        content = Content(("file", os.path.abspath(path)), path, "-", None, _nothing)
        yield refused(content, f"the folder cannot be listed: {error.strerror}", again=True)
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path, own_folder)
        elif not (entry.is_symlink() and os.path.isdir(entry.path)):
            yield _file(entry.path)


def _file(path: str) -> Content | Found:
    address = ("file", os.path.abspath(path))
    try:
        found = os.stat(path)
    except OSError as error:
        return refused(Content(address, path, "-", None, _nothing), error.strerror or str(error), again=True)
    # The time of change, too: permissions that were mended make it another input.
    stamp = f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
    content = Content(address, path, stamp, utc(found.st_mtime), lambda: _open(path), path=os.path.abspath(path))
    if not stat.S_ISREG(found.st_mode):
        return refused(content, "it is not a regular file")
    return content


def _open(path: str) -> IO[bytes]:
    return open(path, "rb")


def _nothing() -> IO[bytes]:
    raise FileNotFoundError


def _same(path: str, other: Path) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False
