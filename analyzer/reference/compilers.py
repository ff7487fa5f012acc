"""The C compilers of this host."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
from pathlib import Path

from analyzer.errors import CompilerMissing
from analyzer.lean_dataclass import dataclass


@dataclass(frozen=True)
class Compiler:
    """A way to call a C compiler."""

    command: tuple[str, ...]
    """Program and first arguments; flags and files follow."""
    identity: str
    """Changes when the compiler does: path, size and time of its file. Cheaper than asking for its version."""
    flags: tuple[str, ...] = ()
    """What this one needs besides the common flags."""


def find_compiler() -> Compiler:
    """The first of ``all_compilers``. Raises CompilerMissing."""
    return all_compilers()[0]


def all_compilers() -> list[Compiler]:
    """``$CC`` alone where it is set; else cc, gcc, clang on PATH and the ziglang package, without duplicates.

    More than one, because a compiler without the C library's headers is common (gcc without libc6-dev).
    Raises CompilerMissing when there is none.
    """
    if chosen := shlex.split(os.environ.get("CC", "")):
        program = shutil.which(chosen[0])
        if program is None:
            raise CompilerMissing(f"CC names {chosen[0]!r}, which is not on PATH")
        return [Compiler((program, *chosen[1:]), _identity(Path(program)))]
    found: dict[str, Compiler] = {}
    for name in ("cc", "gcc", "clang"):
        if (program := shutil.which(name)) is not None:
            found.setdefault(os.path.realpath(program), Compiler((program,), _identity(Path(program))))
    if (package := importlib.util.find_spec("ziglang")) is not None and package.origin is not None:
        zig = Compiler(
            (sys.executable, "-m", "ziglang", "cc"),
            _identity(Path(package.origin)),
            ("-mcpu=baseline",),  # zig tunes for the processor at hand; a home may be shared by several
        )
        found.setdefault("ziglang", zig)
    if not found:
        raise CompilerMissing("none of cc, gcc, clang is on PATH, and the Python package ziglang is not installed")
    return list(found.values())


def _identity(file: Path) -> str:
    status = file.stat()
    return f"{os.path.realpath(file)} {status.st_size} {status.st_mtime_ns}"
