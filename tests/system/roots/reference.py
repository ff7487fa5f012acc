"""The reference loader and the race wideners, built so that they run in every root."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from analyzer.reference import build

from .compile import OLDEST, compile_in_root
from .make import require_root

_SOURCES = Path(build.__file__).parent / "src"


@cache
def widener_library() -> bytes:
    """The library for LD_PRELOAD; HANGANALYZE_WIDEN=stdio|malloc|... chooses the widener where it is loaded."""
    return _compile([*build.WIDENER_FLAGS, *build.WIDENER_SOURCES])


@cache
def trim_library() -> bytes:
    """A widener of these tests' own, for LD_PRELOAD with HANGANALYZE_WIDEN=trim: see widen_trim.c."""
    flags = ["-std=gnu11", "-O1", "-g", "-fno-omit-frame-pointer", "-Wall", "-Wextra", "-pthread", *build.WIDENER_FLAGS]
    return compile_in_root(require_root(OLDEST), Path(__file__).parent, [*flags, "widen_trim.c"])


@cache
def loader_program() -> bytes:
    """The reference loader as an executable."""
    units = sorted(path.name for path in _SOURCES.glob("*.c") if path.name != build.PRELOAD_ONLY)
    return _compile([*build.LOADER_FLAGS, *units])


def _compile(arguments: list[str]) -> bytes:
    root = require_root(OLDEST)
    return compile_in_root(root, _SOURCES, [*build.COMMON_FLAGS, *arguments, *build.LIBRARIES])
