"""Which RPM package a file belongs to: asked of the ``rpm`` command, because the database's format is rpm's own business.

rpm is run on a database of this host, or by an ordinary user on one of a process of his. The superuser does not let rpm parse
a database that another root brings along: it belongs to the target, which may have written anything into it.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import time

from analyzer.capture.least_rights import ends_with_us, limits
from analyzer.capture.package.root import TargetRoot
from analyzer.model import Package

_DATABASES = ("usr/lib/sysimage/rpm", "var/lib/rpm")
_FILES = ("rpmdb.sqlite", "Packages.db", "Packages")
_FORMAT = "%{NAME}\\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\t%{SOURCERPM}\\n"
_PATIENCE_S = 5.0
_MOST_OUTPUT = 1 << 16
_NAME, _VERSION = re.compile(r"[\w.+-]{1,200}", re.ASCII), re.compile(r"[\w.:~^+-]{1,200}", re.ASCII)


def find(root: TargetRoot, pid: int, path: str) -> Package | None:
    """The package that holds ``path``; None where the root has no RPM database or that does not know the file."""
    database = _database(root)
    if database is None:
        return None
    how = f"rpm -qf {path}" if root.is_ours() else f"rpm --root /proc/{pid}/root -qf {path}"
    command = shutil.which("rpm")
    if command is None:
        return Package("rpm", how=how, problem="its root has an RPM database, and there is no command «rpm» here to read it")
    if not root.is_ours() and os.geteuid() == 0:
        problem = "its root has an RPM database of its own, which the superuser does not read: it may hold anything"
        return Package("rpm", how=how, problem=problem)
    # By the name in the database, not by the file: the file need not exist in our own root.
    where = [] if root.is_ours() else ["--dbpath", f"/proc/{pid}/root/{database}"]
    answer = _ask([command, *where, "--query", "--whatprovides", "--queryformat", _FORMAT, path])
    if answer is None:
        return Package("rpm", how=how, problem=f"rpm did not answer within {_PATIENCE_S:g} s")
    fields = answer.split("\n")[0].split("\t")
    if len(fields) != 3 or not _NAME.fullmatch(fields[0]) or not _VERSION.fullmatch(fields[1]):
        return None
    return Package("rpm", fields[0], fields[1], _source(fields[2], fields[0]), how=how)


def _database(root: TargetRoot) -> str | None:
    for folder in _DATABASES:
        for file in _FILES:
            try:
                root.stat(f"{folder}/{file}")
            except OSError:
                continue
            return folder
    return None


def _source(file: str, name: str) -> str | None:
    """podman-4.9.4-3.el9.src.rpm -> podman, where the source package is called otherwise than the package."""
    source = file.rsplit("-", 2)[0]
    return source if file.endswith(".src.rpm") and source != name else None


def _ask(command: list[str]) -> str | None:
    """What rpm writes, up to a limit; None where it had not ended after _PATIENCE_S. It never outlives us."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/nonexistent"}
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd="/",
        start_new_session=True,
        preexec_fn=ends_with_us(limits(command[0], None)),  # noqa: PLW1509 # it takes no lock of ours and imports nothing
    ) as process:
        assert process.stdout is not None
        output, ended = _read(process.stdout.fileno(), time.monotonic() + _PATIENCE_S)
        with contextlib.suppress(ProcessLookupError):  # its leader is not collected before the end of this block
            os.killpg(process.pid, signal.SIGKILL)
    return output.decode("utf-8", "backslashreplace") if ended else None


def _read(descriptor: int, deadline: float) -> tuple[bytes, bool]:
    """(the first _MOST_OUTPUT bytes, whether that or the end was reached by then)."""
    output = b""
    while len(output) < _MOST_OUTPUT:
        if not select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return output, False
        piece = os.read(descriptor, _MOST_OUTPUT - len(output))
        if not piece:
            return output, True
        output += piece
    return output, True
