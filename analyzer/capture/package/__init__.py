"""Which package and version a process runs: asked of the package databases in the target's own root, of Go's build information
in the executable, and last of the ELF build id. One file each; none of them executes or trusts anything of the target's."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable

from analyzer.capture.package import dpkg, go_build
from analyzer.capture.package.root import TargetRoot
from analyzer.capture.procfs import door, link
from analyzer.lean_dataclass import replace
from analyzer.model import GoBuild, Package

_DELETED = " (deleted)"
_LEAST_WAIT_S = 0.05


class PackageSearch:
    """Looks the packages of some processes up beside other work; a file system that does not answer holds nobody up, and costs
    no process but those that it belongs to."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = tuple(pids)
        self._left = list(reversed(self._pids))
        self._known: dict[object, Package] = {}  # a process and its child run the same file
        self._found: dict[int, Package] = {}
        self._worker = self._start()

    def _start(self) -> threading.Thread:
        worker = threading.Thread(target=self._search, daemon=True)
        worker.start()
        return worker

    def _search(self) -> None:
        while True:
            try:
                pid = self._left.pop()
            except IndexError:
                return
            self._found[pid] = self._look_up(pid)

    def _look_up(self, pid: int) -> Package:
        try:
            seen = os.stat(f"/proc/{door(pid)}/exe")
        except OSError as error:
            return Package(problem=f"the file it runs could not be looked at: {error.strerror}")
        key = (seen.st_dev, seen.st_ino, link(pid, "exe"))
        if key not in self._known:
            self._known[key] = package_of(pid)
        return self._known[key]

    def results(self, patience_s: float) -> dict[int, Package]:
        """Every process's package, waited for ``patience_s`` seconds at most; where no answer came by then, that is its problem.

        A look-up that takes half of that time is taken for stuck: the processes after it are looked up beside it.
        """
        deadline = time.monotonic() + patience_s
        self._worker.join(patience_s / 2)
        while self._left and (rest := deadline - time.monotonic()) > 0:
            self._worker = self._start()
            self._worker.join(rest / 2 if rest > _LEAST_WAIT_S else rest)
        self._worker.join(max(0.0, deadline - time.monotonic()))
        found = dict(self._found)
        late = Package(problem=f"the package databases of its root did not answer within {patience_s:g} s")
        return {pid: found.get(pid, late) for pid in self._pids}


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
    found, problem = _by_database(pid, _inside(link(pid, "root"), path))
    go = _go(pid)
    if found is not None and found.name is not None:
        return replace(found, go=go)
    problem = found.problem if found is not None else problem
    if go is not None and (go.version or go.path):
        return Package("go", _program(go), go.version, go=go, how=f"go version -m /proc/{pid}/exe", problem=problem)
    return Package("build-id", how=f"readelf -n /proc/{pid}/exe", problem=problem)


def _inside(root: str | None, path: str) -> str:
    """The path as the process itself would say it: of one that was chrooted within our own mounts the kernel tells ours."""
    return path.removeprefix(root) if root is not None and path.startswith(f"{root}/") else path


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
