"""The reference loader inside a root."""

from __future__ import annotations

import contextlib
from importlib.resources import files
from typing import TYPE_CHECKING

from .archive import docker_archive
from .enter import HOME, start_in_root
from .outcome import Run, end_or_hang
from .reference import loader_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .make import Root

_PROGRAM, _SCRIPT, _ARCHIVE = "/tmp/loader", "/tmp/image_load.py", "/tmp/file.tar"


@contextlib.contextmanager
def run_loader(root: Root, *, fix: str, widen: str = "off", program: str = _PROGRAM) -> Iterator[Run]:
    """One run as an ordinary user, up to its end or its hang. Raises TimeoutError like `end_or_hang`.

    `program` is where the loader lies inside the root, below /tmp.
    """
    contents = {
        program: loader_program(),
        _SCRIPT: (files("analyzer.reference") / "image_load.py").read_bytes(),
        _ARCHIVE: docker_archive(),
    }
    argv = [program, "--input", _ARCHIVE, "--store", f"{HOME}/store", "--python", "/usr/bin/python3"]
    argv += ["--image-loader", _SCRIPT, "--fix", fix, "--widen", widen]
    with start_in_root(root.path, argv, files=contents) as process:
        yield end_or_hang(process)
