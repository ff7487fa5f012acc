"""A folder with the C library of another architecture, its debug files and nothing else: gdb's sysroot for a core."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from .foreignapt import unpack
from .rootimage import merge_usr

LIBRARIES = ["libc6", "libc6-dbg", "libgcc-s1"]
"""Debian packages."""


def make_sysroot(directory: Path, packages: Sequence[Path]) -> None:
    """Unpack `packages` into `directory`, made here."""
    directory.mkdir(parents=True)
    merge_usr(directory)
    for package in packages:
        unpack(package, directory)
    for link in directory.rglob("*"):
        if link.is_symlink() and link.readlink().is_absolute():
            # gdb would follow it out of the sysroot.
            inside = directory / str(link.readlink()).lstrip("/")
            link.unlink()
            link.symlink_to(os.path.relpath(inside, link.parent))
