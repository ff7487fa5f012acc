"""C programs for the guest, compiled on the host: the guest has no compiler, and one there would cost 60 MB and half a minute."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from analyzer.reference import build

from .guest import Guest

COMPILER = "s390x-linux-gnu-gcc"
PROGRAMS = Path(__file__).with_name("programs")
BUILT = "built"
"""Folder in the share for the reference loader and its wideners."""
CC = {"CC": f"/share/{BUILT}/cc"}
"""Environment with which the project in the guest builds its loader: its own sources and flags, compiled beforehand."""

_CC = f"""\
#!/bin/sh
# The output's name says what is wanted: everything was compiled on the host, with the same flags.
while [ $# -gt 1 ]; do [ "$1" = -o ] && output=$2; shift; done
exec cp "/share/{BUILT}/${{output##*/}}" "$output"
"""


def build_loader(guest: Guest) -> Path:
    """The reference loader and widener.so, with what the guest takes for a compiler; the loader's path on the host."""
    folder = guest.share / BUILT
    folder.mkdir()
    sources = Path(build.__file__).parent / "src"
    units = sorted(path.name for path in sources.glob("*.c") if path.name != build.PRELOAD_ONLY)
    for name, flags, files in (
        ("loader", build.LOADER_FLAGS, units),
        ("widener.so", build.WIDENER_FLAGS, build.WIDENER_SOURCES),
    ):
        prefix = f"-ffile-prefix-map={sources}=analyzer/reference/src"
        _compile([prefix, *build.COMMON_FLAGS, *flags, *files, *build.LIBRARIES], folder / name, sources)
    compiler = folder / "cc"
    compiler.write_text(_CC, "utf-8")
    compiler.chmod(0o755)
    return folder / "loader"


def compile_program(guest: Guest, name: str, *flags: str) -> Path:
    """programs/NAME.c as NAME in the share."""
    program = guest.share / name
    _compile(["-g", "-O1", "-pthread", *flags, str(PROGRAMS / f"{name}.c")], program, PROGRAMS)
    return program


def compile_source(guest: Guest, source: Path, flags: Sequence[str]) -> Path:
    """A program of one file, with flags of its own, in the share."""
    program = guest.share / source.stem
    _compile([str(source), *flags], program, source.parent)
    return program


def _compile(arguments: Sequence[str], output: Path, directory: Path) -> None:
    subprocess.run([COMPILER, *arguments, "-o", str(output)], cwd=directory, check=True, timeout=60)
