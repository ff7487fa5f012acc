"""Which program a process runs, by every name it goes by: signatures may speak of one program only, and of its packages."""

from __future__ import annotations

from analyzer.model import Package, Process, Thread


def names(process: Process) -> frozenset[str]:
    """Its package, the source package, Go's name for it, and its file's name."""
    package = process.package or Package()
    found = {package.name, package.source, *go_names(package), _file(process.executable)}
    return frozenset(name for name in found if name)


def runs(process: Process, thread: Thread, programs: frozenset[str]) -> bool:
    """Whether the process runs one of the programs. Where its executable is not known (a pasted trace), its command name or
    a file on the thread's stack tells."""
    if process.executable is not None or process.package is not None:
        return bool(names(process) & programs)
    return bool({process.name, *(_file(frame.module) for frame in thread.frames if frame.module)} & programs)


def go_names(package: Package) -> frozenset[str]:
    """podman for github.com/containers/podman/v5/cmd/podman, and for its module."""
    paths = [package.go.path, package.go.module] if package.go else []
    parts = [[part for part in (path or "").split("/") if not _is_major(part)] for path in paths]
    return frozenset(part[-1] for part in parts if part)


def _is_major(part: str) -> bool:
    return part[:1] == "v" and part[1:].isdigit()


def _file(path: str | None) -> str:
    return (path or "").removesuffix(" (deleted)").rpartition("/")[2]
