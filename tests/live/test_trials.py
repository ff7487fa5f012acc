"""The reference loader through the machinery of ``hanganalyze run``: which fix hangs under which widener."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.reference.compilers import find_compiler
from tests.live.analysing import Ran
from tests.live.leftovers import Leftovers
from tests.tools.validate import check_schema

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all: the loader is built once."""
    find_compiler()
    return tmp_path_factory.mktemp("cache")


def trials(left: Leftovers, cache: Path, fix: str, widen: str, runs: int) -> Ran:
    ran = left.hanganalyze("reference", "trials", "--fix", fix, "--widen", widen, "--runs", runs, "--json", cache=cache)
    check_schema(ran.result)
    assert ran.result["widener"] == widen
    return ran


@pytest.mark.parametrize(
    ("fix", "widen", "signature"),
    [
        ("none", "stdio", "glibc-fork-lock-after-raw-clone"),
        ("none", "malloc", "glibc-fork-lock-after-raw-clone"),
        ("upstream", "malloc", "glibc-lock-after-raw-clone"),
    ],
)
def test_what_is_not_mended_hangs(tmp_path: Path, cache: Path, fix: str, widen: str, signature: str) -> None:
    ran = trials(Leftovers(tmp_path), cache, fix, widen, 3)
    assert ran.code == 0
    assert ran.result["numbers"][0]["hung"] == 3
    assert [(hang["signature"], hang["certainty"]) for hang in ran.result["hangs"]] == [(signature, "proven")]


@pytest.mark.parametrize(
    ("fix", "widen"), [("upstream", "stdio"), ("complete", "off"), ("complete", "stdio"), ("complete", "malloc")]
)
def test_what_is_mended_does_not_and_that_is_no_proof(tmp_path: Path, cache: Path, fix: str, widen: str) -> None:
    ran = trials(Leftovers(tmp_path), cache, fix, widen, 4)
    assert ran.code == 1
    (one,) = ran.result["numbers"]
    assert (one["clean"], one["hung"], one["low"]) == (4, 0, 0.0)
    assert one["high"] == pytest.approx(0.6023646, abs=1e-6)


def test_kept_figures_stand_under_the_two_columns(tmp_path: Path, cache: Path) -> None:
    """After a series, a report whose reference is of the same build shows its figures with their interval."""
    left = Leftovers(tmp_path)
    trials(left, cache, "none", "stdio", 3)
    report = tmp_path / "report.html"
    ran = left.hanganalyze("demo", "-o", report, cache=cache)
    assert ran.code == 0, ran.stderr
    kept = left.hanganalyze("render", report, "--json").result["reference"]["trials"]
    assert [one for one in kept if one["fix"] == "none"] == [
        {"fix": "none", "widener": "stdio", "runs": 3, "hung": 3, "failed": 0, "seconds": kept[0]["seconds"]}
    ]
    page = report.read_text()
    assert "the loader without a fix" in page
    assert "100\u00a0% (29\u00a0% to 100\u00a0%)" in page


def test_a_store_of_its_own_for_every_run(tmp_path: Path, cache: Path) -> None:
    """--input: the archive is loaded by each run, into a store that the next one does not see."""
    from analyzer.reference.image_make import make_image

    left, image = Leftovers(tmp_path), make_image(tmp_path / "image.tar")
    ran = left.hanganalyze("reference", "trials", "--runs", 2, "--input", image.path, "--json", cache=cache)
    assert ran.result["numbers"][0]["clean"] == 2


@pytest.mark.parametrize(("arguments", "said"), [(("--runs", 0), "--runs must be"), (("--input", "/no.tar"), "There is no file")])
def test_wrong_usage(tmp_path: Path, arguments: tuple[str | int, ...], said: str) -> None:
    ran = Leftovers(tmp_path).hanganalyze("reference", "trials", *arguments)
    assert ran.code == 2
    assert said in ran.stderr
