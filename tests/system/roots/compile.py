"""Compiles C inside the root with the oldest glibc, so that what comes out loads in every root.

The other way round fails: what a compiler links against glibc 2.34 or later asks for pthread_create@GLIBC_2.34.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .enter import Bind, start_in_root

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .make import Root

OLDEST = "bullseye"
COMPILE_LIMIT_S = 120.0
_SOURCES, _RESULT = "/tmp/sources", "/tmp/result"


class CompilationFailed(Exception):
    """The compiler said no; the text is what it said."""


def compile_in_root(root: Root, sources: Path, arguments: Sequence[str]) -> bytes:
    """What `cc ARGUMENTS` makes, run in the directory `sources` inside `root` (which must be the one with a compiler).

    File names in `arguments` are relative to `sources`. Raises CompilationFailed.
    """
    with tempfile.TemporaryDirectory() as result:
        argv = ["sh", "-c", f'cd {_SOURCES} && exec cc "$@" -o {_RESULT}/made', "cc", *arguments]
        binds = [Bind(str(sources), _SOURCES), Bind(result, _RESULT, writable=True)]
        # As root of the machine: the temporary directory belongs to the caller.
        with start_in_root(root.path, argv, uid=0, home="/root", binds=binds) as compiler:
            if compiler.wait(COMPILE_LIMIT_S) != 0:
                raise CompilationFailed(compiler.output())
        return Path(result, "made").read_bytes()
