"""Which package and version a process runs: asked of the package databases in the target's own root, of Go's build information
in the executable, and last of the ELF build id. One file each; none of them executes or trusts anything of the target's."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable

from analyzer.capture.package import dpkg, go_build
from analyzer.capture.package.root import TargetRoot
from analyzer.capture.procfs import door, link
from analyzer.lean_dataclass import replace
from analyzer.model import GoBuild, Package

_DELETED = " (deleted)"


class PackageSearch:
    """Looks the packages of some processes up beside other work; a file system that does not answer holds nobody up."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._found: dict[int, Package] = {}
        self._thread = threading.Thread(target=self._search, args=(tuple(pids),), daemon=True)
        self._thread.start()

    def _search(self, pids: tuple[int, ...]) -> None:
        known: dict[object, Package] = {}  # a process and its child run the same file
        for pid in pids:
            with contextlib.suppress(OSError):
                seen = os.stat(f"/proc/{door(pid)}/exe")
                key = (seen.st_dev, seen.st_ino, link(pid, "exe"))
                if key not in known:
                    known[key] = package_of(pid)
                self._found[pid] = known[key]

    def results(self, patience_s: float) -> dict[int, Package]:
        """What is known by now, and what comes within ``patience_s`` seconds. A process that is missing could not be asked."""
        self._thread.join(patience_s)
        return dict(self._found)


def package_of(pid: int) -> Package:
    """The package of a process's executable. Never raises: what could not be found out stands in ``problem``."""
    try:
        return _package_of(pid)
    except Exception as error:  # a database may hold anything, and nothing else of the report depends on it
        return Package(problem=f"the package databases of its root could not be read: {error!r}")


def _package_of(pid: int) -> Package:
    path = link(pid, "exe")
    if path is None:
        return Package(problem="the kernel does not say which file it runs: not permitted, or it has ended")
    found, problem = _by_database(pid, path)
    go = _go(pid)
    if found is not None and found.name is not None:
        return replace(found, go=go)
    problem = found.problem if found is not None else problem
    if go is not None and (go.version or go.path):
        return Package("go", _program(go), go.version, go=go, how=f"go version -m /proc/{pid}/exe", problem=problem)
    return Package("build-id", how=f"readelf -n /proc/{pid}/exe", problem=problem)


def _by_database(pid: int, path: str) -> tuple[Package | None, str | None]:
    if path.endswith(_DELETED):
        return None, "the file it runs was replaced or removed since it was started, so no package database speaks of it"
    try:
        with TargetRoot(pid) as root:
            here, running = root.stat(path), os.stat(f"/proc/{door(pid)}/exe")
            if (here.st_dev, here.st_ino) != (running.st_dev, running.st_ino):
                return None, "another file than the one it runs lies at its path, so no package database speaks of it"
            found = dpkg.find(root, pid, path)
            if found is None:
                from analyzer.capture.package import rpm  # most systems have one database, and need the code of one

                found = rpm.find(root, pid, path)
            return found, None if found else "no package database of its root (dpkg, rpm) knows the file it runs"
    except OSError as error:
        return None, f"the package database of its root could not be read: {error.strerror or error}"


def _go(pid: int) -> GoBuild | None:
    try:
        executable = os.open(f"/proc/{door(pid)}/exe", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return go_build.find(executable)
    except OSError:
        return None
    finally:
        os.close(executable)


def _program(go: GoBuild) -> str | None:
    """github.com/containers/podman/v5/cmd/podman -> podman: what Go itself names the file after."""
    parts = (go.path or go.module or "").split("/")
    if len(parts) > 1 and parts[-1][:1] == "v" and parts[-1][1:].isdigit():
        parts.pop()
    return parts[-1] or None
