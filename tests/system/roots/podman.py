"""The real hang: `podman image load --input file.tar`, run for the first time by an ordinary user.

>>> with hang_podman(root, "stdio") as hung:
...     hung.pid  # the podman on the user's terminal
...     hung.child  # the raw clone that waits for a lock for ever
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .archive import docker_archive
from .enter import HOME, RootProcess, start_in_root
from .outcome import Run, end_or_hang
from .reference import trim_library, widener_library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .make import Root

ARCHIVE = "/tmp/file.tar"
_LIBRARY = "/tmp/widen.so"
# vfs needs neither /dev/fuse nor an overlay that a user namespace may mount.
_STORAGE = b'[storage]\ndriver = "vfs"\n'


class NoHang(Exception):
    """As many runs as were allowed, and none hung; the text holds the count and the last run's output."""


@dataclass(frozen=True)
class HungPodman:
    """A hung `podman image load`."""

    pid: int
    """The process the user sees: podman, waiting for its child."""
    child: int
    """The raw-cloned process that waits for a lock; in podman 5.8 often a grandchild."""
    attempts: int
    """Runs it took, the hung one included."""
    seconds: float
    """All attempts together."""
    process: RootProcess


@contextlib.contextmanager
def hang_podman(root: Root, widener: str, *, library: bytes | None = None, attempts: int = 150) -> Iterator[HungPodman]:
    """Repeats fresh runs until one hangs; the block runs while it hangs, then everything is ended. Raises NoHang.

    `widener` is stdio, malloc or trim, in `library` or, without one, in the one that has it.
    The default of `attempts` is for podman 5.4 under malloc on a busy machine, where one run in 20 hangs.
    """
    began = time.monotonic()
    output = ""
    for attempt in range(1, attempts + 1):
        with load_image(root, widener, library=library) as run:
            if run.child is not None:
                yield HungPodman(run.pid, run.child, attempt, time.monotonic() - began, run.process)
                return
            output = run.process.output()
    raise NoHang(f"podman in {root.suite}, widener {widener}: {attempts} runs, no hang; the last one said: {output}")


@contextlib.contextmanager
def load_image(root: Root, widener: str | None = None, *, library: bytes | None = None, then: str = "") -> Iterator[Run]:
    """One run in a fresh home, up to its end or its hang. `then` is a shell command to run after it in the same home.

    With `then` the program is the shell, and podman its child. Raises TimeoutError like `end_or_hang`.
    """
    files = {ARCHIVE: docker_archive(), f"{HOME}/.config/containers/storage.conf": _STORAGE}
    argv = ["podman", "image", "load", "--input", ARCHIVE]
    env = {}
    if widener is not None:
        files[_LIBRARY] = library or (trim_library() if widener == "trim" else widener_library())
        env = {"LD_PRELOAD": _LIBRARY, "HANGANALYZE_WIDEN": widener}
    if then:
        argv = ["sh", "-c", f'"$@" && {{ {then}; }}', "sh", *argv]
    with start_in_root(root.path, argv, env=env, files=files) as process:
        yield end_or_hang(process)
