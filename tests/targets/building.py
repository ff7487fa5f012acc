"""Compile a target, once in the life of this Python process."""

from __future__ import annotations

import atexit
import functools
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent

# -O0: each function keeps its frame and its name. The build id, which zig adds only when asked, tells that a core is of this
# program. -ldl: a library of its own before glibc 2.34.
FLAGS = ("-g", "-O0", "-Wall", "-Wextra", "-pthread", "-Wl,--build-id")
LIBRARIES = ("-ldl",)


# The first program that ziglang links against musl waits for musl itself to be compiled: 3 minutes on a busy machine.
PATIENCE_S = 900.0


class CannotBuildError(Exception):
    """The compiler is missing (the message names the package) or refused the program (the message is what it said)."""


@dataclass(frozen=True)
class Recipe:
    """How a target is compiled that is not compiled like the others."""

    cc: str
    static: bool
    package: str
    zig: tuple[str, ...] = ()
    """What makes the Python package ziglang, which brings its own C libraries, do the same."""


MUSL = ("-target", f"{platform.machine()}-linux-musl")
RECIPES = {"musl_static": Recipe("musl-gcc", static=True, package="musl-tools", zig=MUSL)}


def names() -> list[str]:
    """The targets there are."""
    return sorted(source.stem for source in SOURCES.glob("*.c"))


def build(name: str, *, static: bool = False, cc: str | None = None) -> Path:
    """The executable of target `name`, for every user to run.

    `cc` is the compiler (default: $CC, else `cc`; `musl_static` brings its own; where there is none, the Python package
    ziglang). Anything the compiler says is a Python warning. Raises `CannotBuildError`.
    """
    recipe = RECIPES.get(name, Recipe(os.environ.get("CC", "cc"), static=False, package="gcc libc6-dev"))
    return _build(name, static or recipe.static, cc or recipe.cc, recipe.package, recipe.zig)


def compiler(*, static: bool = False) -> list[str]:
    """The command of the C compiler: $CC, else `cc`, else the Python package ziglang, which links statically to musl only.

    Raises `CannotBuildError`.
    """
    command = _compiler(os.environ.get("CC", "cc"), "gcc libc6-dev", MUSL if static else ())
    return [*command, "-static"] if static else command


def _compiler(cc: str, package: str, zig: tuple[str, ...] = ()) -> list[str]:
    if shutil.which(cc) is not None:
        return [cc]
    if not _has_zig():
        raise CannotBuildError(f"no compiler {cc!r}: apt-get install {package}")
    # Without optimisation zig adds checks of its own that would change the stacks.
    return [sys.executable, "-m", "ziglang", "cc", *zig, "-fno-sanitize=all"]


def can_build(name: str) -> bool:
    """Whether there is a compiler for target `name`."""
    recipe = RECIPES.get(name)
    return shutil.which(recipe.cc if recipe else os.environ.get("CC", "cc")) is not None or _has_zig()


def _has_zig() -> bool:
    return importlib.util.find_spec("ziglang") is not None


@functools.cache
def _build(name: str, static: bool, cc: str, package: str, zig: tuple[str, ...]) -> Path:
    if static and not zig and shutil.which(cc) is None:
        raise CannotBuildError(f"no compiler {cc!r} that links statically: apt-get install {package}")
    wanted = _directory() / "-".join([name, Path(cc).name, "static" if static else "dynamic"])
    unfinished = wanted.with_suffix(".unfinished")
    flags = [*FLAGS, "-static"] if static else FLAGS
    command = [*_compiler(cc, package, zig), *flags, str(SOURCES / f"{name}.c"), "-o", str(unfinished), *LIBRARIES]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    if done.returncode != 0:
        raise CannotBuildError(f"{' '.join(command)}\n{done.stderr}")
    if done.stderr and not static:  # the linker always warns about a static getpwnam()
        warnings.warn(f"{name}.c: {done.stderr}", stacklevel=3)
    unfinished.chmod(0o755)
    return unfinished.rename(wanted)


@functools.cache
def _directory() -> Path:
    """Not pytest's own temporary directory: that one is closed to the ordinary user some targets run as."""
    made = Path(tempfile.mkdtemp(prefix="hanganalyze-targets-"))
    made.chmod(0o755)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made
