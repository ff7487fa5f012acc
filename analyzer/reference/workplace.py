"""Where the loader's files lie and who may read them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from analyzer.errors import LoaderFailed
from analyzer.reference.build import build_loader
from analyzer.scratch import Scratch

if TYPE_CHECKING:
    from analyzer.reference.options import LoaderOptions

IMAGE_LOADER = "image_load.py"
OTHER_PYTHONS = ("/usr/bin/python3", "/usr/local/bin/python3")


class Credentials(TypedDict, total=False):
    """Arguments of subprocess that make another user of us."""

    user: int
    group: int
    extra_groups: list[int]


class Workplace:
    """The program, its script and its interpreter, all readable for the user who is to run them.

    Our own cache and installation often lie below a home that others may not enter; for another user copies are made.
    """

    def __init__(self, options: LoaderOptions) -> None:
        self._options = options
        self._copies: Scratch | None = None
        self._binary = options.binary if options.binary is not None else build_loader()
        script = files("analyzer.reference") / IMAGE_LOADER
        if self._is_another_user() or not isinstance(script, Path):
            self._copies = Scratch("loader")
            folder = self._copies.path
            folder.chmod(0o755)
            self._script = folder / IMAGE_LOADER
            self._script.write_bytes(script.read_bytes())
            self._script.chmod(0o644)
            self._binary = Path(shutil.copy(self._binary, folder / "loader"))
            self._binary.chmod(0o755)
        else:
            self._script = script
        try:
            self._python = options.python or self._find_python()
        except LoaderFailed:
            self.remove()
            raise

    def command(self, status_fd: int | None = None, lifeline_fd: int | None = None) -> list[str]:
        """The loader's command line; without descriptors it says nothing, and whoever starts it must end it."""
        options = self._options
        descriptors = [("--status-fd", status_fd), ("--lifeline-fd", lifeline_fd)]
        command = [
            *options.wrapper,
            *self._become_user(),
            str(self._binary),
            *("--input", str(options.input.absolute()), "--store", str(options.store.absolute())),
            *("--python", self._python, "--image-loader", str(self._script.absolute())),
            *("--fix", options.fix, "--widen", options.widen, "--threads", str(options.threads)),
            *(word for name, fd in descriptors if fd is not None for word in (name, str(fd))),
        ]
        return command if options.stop_at is None else [*command, "--stop-at", options.stop_at]

    def credentials(self) -> Credentials:
        """For subprocess: who runs it."""
        return {} if self._options.wrapper else self._users_own()

    def _users_own(self) -> Credentials:
        user = self._options.user
        if user is None or not self._is_another_user():
            return {}
        return {"user": user, "group": user, "extra_groups": []}

    def _become_user(self) -> list[str]:
        """With a wrapper, which may need root's rights (unshare), the user is changed behind it."""
        user = self._options.user
        if user is None or not self._is_another_user() or not self._options.wrapper:
            return []
        return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--"]

    def remove(self) -> None:
        """Remove the copies."""
        if self._copies is not None:
            self._copies.remove()

    def _is_another_user(self) -> bool:
        return self._options.user not in (None, os.geteuid())

    def _find_python(self) -> str:
        if not self._is_another_user():
            return sys.executable
        for python in (sys.executable, *OTHER_PYTHONS):
            try:
                tried = subprocess.run(
                    [python, "-I", "-S", "-c", "import tarfile"],
                    check=False,
                    capture_output=True,
                    cwd="/",
                    **self._users_own(),
                )
            except OSError:
                continue
            if tried.returncode == 0:
                return python
        raise LoaderFailed(f"user {self._options.user} may run none of {sys.executable}, {', '.join(OTHER_PYTHONS)}")
