"""Yes, no, unknown: and always what was compared with what, or why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.diagnose.affected import affected
from analyzer.model import Affected, GoBuild, Package, Process

from .build import shipped

FORK, PODMAN = "glibc-fork-lock-after-raw-clone", "podman-libc-lock-after-raw-clone"
DEBIAN = Package("dpkg", "podman", "4.3.1+ds1-8+deb12u1", "libpod", go=GoBuild("github.com/containers/podman/cmd/podman"))
GO_ONLY = Package("go", "podman", "v5.3.1", go=GoBuild("github.com/containers/podman/v5/cmd/podman", version="v5.3.1"))
MODULE = "github.com/containers/podman/v5"
CHECKOUT = GoBuild(f"{MODULE}/cmd/podman", MODULE, revision="0a1b2c3d", modified=True)


def ask(package: Package | None, signature: str = FORK, executable: str = "/usr/bin/podman") -> Affected:
    answer = affected(shipped().by_id[signature], Process(1, "podman", executable=executable, package=package))
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    ("package", "fork", "residual"),
    [
        (DEBIAN, "yes", "yes"),
        (replace(DEBIAN, version="5.4.2+ds1-2+b2"), "no", "yes"),
        (replace(DEBIAN, version="5.8.6+ds1-3"), "no", "yes"),
        (replace(DEBIAN, version="5.4.0~rc1-1"), "yes", "yes"),
        (Package("rpm", "podman", "5:4.9.4-3.el9"), "yes", "yes"),
        (Package("rpm", "podman", "5:5.4.0-1.el9"), "no", "yes"),
        (GO_ONLY, "yes", "yes"),
        (replace(GO_ONLY, go=GoBuild(GO_ONLY.go.path if GO_ONLY.go else None, version="v5.4.0")), "no", "yes"),
    ],
)
def test_by_version(package: Package, fork: str, residual: str) -> None:
    assert (ask(package).holds, ask(package, PODMAN).holds) == (fork, residual)


def test_a_distribution_is_met_with_caution() -> None:
    told = ask(DEBIAN)
    assert told.installed == "4.3.1+ds1-8+deb12u1"
    assert told.fixed_in == "5.4"
    assert "dpkg says 4.3.1+ds1-8+deb12u1; 4.3.1 compared with <5.4 as dpkg compares" in told.value
    assert "changelog" in told.value
    assert "changelog" not in ask(GO_ONLY).value


@pytest.mark.parametrize(
    ("package", "why"),
    [
        (None, "was not asked for"),
        (Package("build-id", problem="no package database of its root knows the file"), "no package database"),
        (Package("dpkg", "podman-nightly", "6.0"), "belongs to the package podman-nightly 6.0"),
        (Package("dpkg", "podman", "4.3.1;x"), "could not compare"),
        (Package("go", "podman", go=CHECKOUT), "commit 0a1b2c3d with changes: see with «git merge-base --is-ancestor c06dba4845"),
    ],
)
def test_unknown_says_why(package: Package | None, why: str) -> None:
    told = ask(package)
    assert told.holds == "unknown"
    assert why in told.value


def test_a_program_of_which_the_signature_does_not_speak() -> None:
    process = Process(1, "loader", executable="/usr/bin/loader", package=Package("dpkg", "coreutils", "9.1"))
    assert affected(shipped().by_id[FORK], process) is None
    assert affected(shipped().by_id["glibc-lock-after-raw-clone"], process) is None
