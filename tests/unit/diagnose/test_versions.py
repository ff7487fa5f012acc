"""Versions are compared as dpkg, rpm and Go compare them; where those commands are here, they are asked."""

from __future__ import annotations

import functools
import itertools
import shutil
import subprocess

import pytest

from analyzer.diagnose.versions import NotComparable, compare_debian, compare_go, compare_rpm, upstream, within
from analyzer.model import FoundBy

# Each row in ascending order.
DEBIAN = [
    "0~~", "0~", "0", "1~rc1", "1", "1+ds1", "1.0", "1.0a", "1.0+b1", "1.0.1",
    "1.2~~a", "1.2~a", "1.2", "1.10", "1.10z", "2a", "2b", "10",
]  # fmt: skip
RPM = [
    "0.9", "1.0~rc1", "1.0~rc1^git1", "1.0~rc2", "1.0", "1.0^", "1.0^git1",
    "1.0^git2", "1.0.a", "1.0.1", "1.1", "1.10", "2a", "2", "10",
]  # fmt: skip
GO = [
    "v1.0.0-alpha", "v1.0.0-alpha.1", "v1.0.0-alpha.beta", "v1.0.0-beta.2", "v1.0.0-beta.11", "v1.0.0-rc.1", "v1.0.0",
    "v1.0.1-0.20250206120000-c06dba484500", "v1.0.1", "v1.2.0", "v1.10.0", "v2.0.0",
]  # fmt: skip


def sign(number: int) -> int:
    return (number > 0) - (number < 0)


@pytest.mark.parametrize(("one", "other"), list(itertools.product(range(len(GO)), repeat=2)))
def test_go_versions_are_ordered_as_semver_says(one: int, other: int) -> None:
    assert compare_go(GO[one], GO[other]) == sign(one - other)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(DEBIAN, 2)))
def test_debian_versions_are_ordered_as_listed(one: str, other: str) -> None:
    assert (compare_debian(one, other), compare_debian(other, one)) == (-1, 1)


def test_debian_versions_are_ordered_as_dpkg_does() -> None:
    dpkg = shutil.which("dpkg")
    if dpkg is None:
        pytest.skip("no dpkg to ask")
    odd = ["1.2.3+dfsg-1", "1.2.3-1", "1.2.3+dfsg", "4.3.1+ds1", "4.3.1", "1..2", "1.-", "1.+", "a", "1~1", "1~", "01", "1.01"]
    for one, other in itertools.combinations([*DEBIAN, *odd], 2):
        less = subprocess.run([dpkg, "--compare-versions", one, "lt", other], check=False, capture_output=True).returncode == 0
        more = subprocess.run([dpkg, "--compare-versions", one, "gt", other], check=False, capture_output=True).returncode == 0
        # dpkg takes what follows a hyphen as the revision; here only upstream parts are compared.
        if "-" not in one + other:
            assert compare_debian(one, other) == more - less, (one, other)


@functools.cache
def rpm_says(one: str, other: str) -> int:
    script = f'%{{lua: print(rpm.vercmp("{one}", "{other}"))}}'
    return int(subprocess.run(["rpm", "--eval", script], check=True, capture_output=True, text=True).stdout)


def test_rpm_versions_are_ordered_as_rpm_does() -> None:
    if shutil.which("rpm") is None:
        pytest.skip("no rpm to ask: apt-get install rpm")
    odd = ["1.0..1", "1_0", "1+0", "a", "~", "^", "1.0~~", "1.0^~", "xyz10", "xyz.10", "5.4.0~rc1"]
    for one, other in itertools.combinations([*RPM, *odd], 2):
        assert compare_rpm(one, other) == rpm_says(one, other), (one, other)


@pytest.mark.parametrize(
    ("version", "found_by", "bare"),
    [
        ("4.3.1+ds1-8+deb12u1", "dpkg", "4.3.1"),
        ("4.3.1+ds1-8+deb12u1+b3", "dpkg", "4.3.1"),
        ("1:2.36-9+deb12u10", "dpkg", "2.36"),
        ("5.4.0~rc1+ds1-1", "dpkg", "5.4.0~rc1"),
        ("5.0+really4.9.2+dfsg-1", "dpkg", "4.9.2"),
        ("1.2-3-1", "dpkg", "1.2-3"),
        ("1.1.0+git20250206", "dpkg", "1.1.0+git20250206"),
        ("5:4.9.4-3.el9", "rpm", "4.9.4"),
        ("5.4.0~rc2-1.fc42", "rpm", "5.4.0~rc2"),
        ("v5.4.2", "go", "5.4.2"),
        ("v5.4.2+incompatible", "go", "5.4.2"),
    ],
)
def test_upstream_version(version: str, found_by: FoundBy, bare: str) -> None:
    assert upstream(version, found_by) == bare


@pytest.mark.parametrize(
    ("version", "bounds", "found_by", "holds"),
    [
        ("4.3.1", "<5.4", "dpkg", True),
        ("5.4", "<5.4", "dpkg", False),
        ("5.4.0", "<5.4", "dpkg", False),
        ("5.4.0~rc1", "<5.4", "dpkg", True),
        ("5.4.2", ">=5.0,<5.4", "dpkg", False),
        ("5.3.9", ">=5.0, <5.4", "rpm", True),
        ("5.4.0~rc1", "<5.4", "rpm", True),
        ("5.4.0-rc.1", "<5.4", "go", True),
        ("5.4.0", "=5.4", "go", True),
        ("5.4.0", "=5.4", "dpkg", True),
        ("5.4.1", "<=5.4", "dpkg", False),
        ("10.0", "<9", "rpm", False),
    ],
)
def test_bounds(version: str, bounds: str, found_by: FoundBy, holds: bool) -> None:
    assert within(version, bounds, found_by) is holds


@pytest.mark.parametrize("version", ["", "unknown", "5.4;rm", "5\x1b[31m", "5" * 500, "(devel)"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(NotComparable):
        upstream(version, "dpkg")


def test_only_known_rules() -> None:
    with pytest.raises(NotComparable):
        upstream("5.4", "build-id")
    with pytest.raises(NotComparable):
        within("rc1", "<5.4", "go")
