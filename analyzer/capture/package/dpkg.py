"""Which Debian package a file belongs to, and its version, as ``dpkg -S`` and ``dpkg -s`` tell it.

Formats: /var/lib/dpkg/info/NAME[:ARCHITECTURE].list (paths, one a line), /var/lib/dpkg/status (paragraphs, deb822),
/var/lib/dpkg/diversions (three lines a diversion: original, diverted to, package or «:»).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from analyzer.capture.package.root import TargetFolder, TargetRoot
from analyzer.model import Package

INFO, STATUS, DIVERSIONS = "var/lib/dpkg/info", "var/lib/dpkg/status", "var/lib/dpkg/diversions"
_MOST_STATUS, _MOST_LIST, _MOST_LISTS = 32 << 20, 4 << 20, 256 << 20
_SEARCH_S = 2.0
_MERGED = re.compile(r"^/usr/(?:bin|sbin|lib|lib32|lib64|libx32|libo32)/")
_UNMERGED = re.compile(r"^/(?:bin|sbin|lib|lib32|lib64|libx32|libo32)/")


def find(root: TargetRoot, pid: int, path: str) -> Package | None:
    """The installed package that holds ``path`` (absolute, inside the root); None where dpkg knows none, or is not used there.

    Raises OSError where the database is there and cannot be read.
    """
    try:
        status = root.read(STATUS, _MOST_STATUS)
    except FileNotFoundError:
        return None
    listed, diverter, is_owner = _diversions(root).get(path, (path, None, False))
    with root.folder(INFO) as info:
        owner = _owner(info, _spellings(listed), lambda package: diverter is None or (package == diverter) is is_owner)
    if owner is None:
        return None
    fields = _installed(status, *owner)
    if fields is None:
        return Package("dpkg", owner[0], problem="dpkg lists the file, but its status does not say that the package is installed")
    source = fields.get("Source", "").split(" ")[0]
    where = "" if root.is_ours() else f" --admindir=/proc/{pid}/root/var/lib/dpkg"
    how = f"dpkg-query{where} -S {path}; dpkg-query{where} -W {':'.join(filter(None, owner))}"
    return Package("dpkg", owner[0], fields.get("Version"), source if source not in {"", owner[0]} else None, how=how)


def _spellings(path: str) -> tuple[str, ...]:
    """A package may list /bin/x where the merged /usr makes the kernel say /usr/bin/x, and the other way round."""
    if _MERGED.match(path):
        return path, path[4:]
    return (path, f"/usr{path}") if _UNMERGED.match(path) else (path,)


def _diversions(root: TargetRoot) -> dict[str, tuple[str, str, bool]]:
    """Path -> its name in the lists, the package that diverted it (the administrator is «:»), and whether that owns the file.

    A package that diverts a file puts its own one there; what any other package brings goes to the new place.
    """
    try:
        lines = root.read(DIVERSIONS, _MOST_LIST).decode("utf-8", "surrogateescape").splitlines()
    except OSError:
        return {}
    found: dict[str, tuple[str, str, bool]] = {}
    for original, moved, package in zip(lines[::3], lines[1::3], lines[2::3], strict=False):
        found[original] = (original, package, True)
        found[moved] = (original, package, False)
    return found


def _owner(info: TargetFolder, spellings: tuple[str, ...], may_own: Callable[[str], bool]) -> tuple[str, str] | None:
    """(package, architecture or "") whose list has the path. Packages named like the file are asked first."""
    wanted = [f"\n{path}\n".encode("utf-8", "surrogateescape") for path in spellings]
    program = spellings[0].rpartition("/")[2]
    lists = sorted((name for name in info.names() if name.endswith(".list")), key=lambda name: _distance(name, program))
    limit, left = time.monotonic() + _SEARCH_S, _MOST_LISTS
    for name in lists:
        if time.monotonic() > limit or left <= 0:
            raise OSError("the search took too long")
        package, _, architecture = name.removesuffix(".list").partition(":")
        if not may_own(package):
            continue
        try:
            text = info.read(name, _MOST_LIST)
        except OSError:
            continue
        left -= len(text)
        text = b"\n" + text
        if any(line in text for line in wanted):
            return package, architecture
    return None


def _distance(name: str, program: str) -> tuple[int, str]:
    package = name.removesuffix(".list").partition(":")[0]
    alike = 0 if package == program else 1 if package in program or program in package else 2
    return alike, name


def _installed(status: bytes, name: str, architecture: str) -> dict[str, str] | None:
    """The fields of an installed package's paragraph."""
    for match in re.finditer(rb"(?:\A|\n\n)Package: " + re.escape(name.encode()) + rb"\n", status):
        end = status.find(b"\n\n", match.end())
        paragraph = status[match.start() : end if end >= 0 else len(status)].decode("utf-8", "replace")
        pairs = (line.partition(":") for line in paragraph.splitlines() if line[:1].strip())
        fields = {key: value.strip() for key, _, value in pairs}
        if architecture and fields.get("Architecture") not in {architecture, "all"}:
            continue
        if fields.get("Status", "").endswith(" installed"):
            return fields
    return None
