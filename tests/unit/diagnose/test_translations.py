"""Signatures in other languages: none missing, none stale, none left over; and lint would say so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from analyzer.data import folder
from analyzer.diagnose.read_catalogue import load_catalogue
from analyzer.diagnose.translations import digest, lint_translations, read_translation


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder("signatures"), tmp_path / "signatures"))


def lint(place: Path) -> list[str]:
    return lint_translations([place], load_catalogue([place]))


def test_the_shipped_translations_are_complete_and_fresh() -> None:
    assert lint(folder("signatures")) == []
    assert (folder("signatures") / "zh").is_dir()


def test_a_missing_one_is_found(copied: Path) -> None:
    (copied / "zh" / "busy.toml").unlink()
    there = read_translation(folder("signatures"), "zh", "busy")
    assert there is not None
    assert lint(copied) == [f"signatures/zh/busy.toml:1: the translation is missing (english = {there.english!r})"]


@pytest.mark.parametrize("key", ["title = ", 'summary = """\n', 'remedy = """\n'])
def test_a_stale_one_is_found_whatever_text_changed(copied: Path, key: str) -> None:
    place = copied / "mutex-cycle.toml"
    text = place.read_text()
    assert key in text
    added = 'title = "Really: ' if key == "title = " else f"{key}Really. "
    place.write_text(text.replace('title = "' if key == "title = " else key, added, 1))
    (problem,) = lint(copied)
    assert problem.startswith("signatures/zh/mutex-cycle.toml:1: stale: ")


def test_left_over_and_damaged_ones_are_found(copied: Path) -> None:
    (copied / "zh" / "busy.toml").rename(copied / "zh" / "idle.toml")
    (copied / "zh" / "sleeps.toml").write_text('english = "0"\ntitle = ""\nremark = "x"\n')
    problems = lint(copied)
    assert any(one.startswith("signatures/zh/idle.toml:1: there is no signature") for one in problems)
    for said in ("unknown key 'remark'", "'title' must be a text", "'summary' is missing", "'remedy' is missing"):
        assert any(said in one for one in problems), said


def test_a_catalogue_without_languages_needs_none(copied: Path) -> None:
    shutil.rmtree(copied / "zh")
    assert lint(copied) == []


def test_the_digest_is_of_the_words() -> None:
    assert digest("a b", "c", "d") == digest(" a\n b", "c ", "d\n")
    assert digest("a b", "c", "d") != digest("a", "b c", "d")


def test_no_path_leads_out_of_the_folder() -> None:
    assert read_translation(folder("signatures"), "zh", "../busy") is None
