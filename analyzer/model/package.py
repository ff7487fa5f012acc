"""Package: which build of which program a process runs, so that a finding can say whether an update helps."""

from __future__ import annotations

from typing import Literal

from analyzer.lean_dataclass import dataclass

FoundBy = Literal["dpkg", "rpm", "go", "build-id"]


@dataclass(frozen=True)
class GoBuild:
    """What the Go linker wrote into the executable. Distributions often build without a module version."""

    path: str | None = None
    """Import path of the main package: github.com/containers/podman/v5/cmd/podman."""
    module: str | None = None
    """Path of the main module."""
    version: str | None = None
    """Version of the main module, v5.4.2; None where it was built from a checkout («(devel)»)."""
    revision: str | None = None
    """The commit it was built from."""
    modified: bool | None = None
    """Whether the checkout had changes beyond that commit; None where it was not recorded."""
    compiler: str | None = None
    """go1.24.4."""


@dataclass(frozen=True)
class Package:
    """Which package and version an executable belongs to, and who said so."""

    found_by: FoundBy | None = None
    """The surest source that knows it: the package database of the target's root, else Go's build information, else only the
    ELF build id; None = nothing tells."""
    name: str | None = None
    """Name of the binary package; the program's name where only Go tells; None where only the build id is known."""
    version: str | None = None
    """Full version as that source writes it: 4.3.1+ds1-8+deb12u1, 5:4.9.4-3.el9, v5.4.2."""
    source: str | None = None
    """Name of the source package where it is another one."""
    go: GoBuild | None = None
    """Go's build information, whoever else knows the program."""
    how: str = ""
    """The command that repeats it."""
    problem: str | None = None
    """What could not be found out, because ..."""
