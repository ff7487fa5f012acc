"""Warming up: what is kept for the next process, and that it is never in the way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.render import FORMATS, Format, render, warm_up
from analyzer.render.html import environment
from tests.unit.render import fixtures


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Every test begins like a new process, and leaves nothing to the next."""
    environment.cache_clear()
    yield
    environment.cache_clear()


@pytest.mark.parametrize("format", FORMATS)
def test_a_page_is_the_same_warm_or_cold(format: Format, tmp_path: Path) -> None:
    cold = render(fixtures.proven(), format)
    environment.cache_clear()
    warm_up(format, tmp_path)
    assert render(fixtures.proven(), format) == cold


def test_compiled_templates_are_kept_and_used(tmp_path: Path) -> None:
    warm_up("html", tmp_path)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(kept) == len(environment().list_templates(extensions=["j2"]))
    environment.cache_clear()
    warm_up("html", tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == kept


def test_a_damaged_cache_is_no_harm(tmp_path: Path) -> None:
    cold = render(fixtures.proven(), "html")
    warm_up("html", tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:100] + b"damage")
    environment.cache_clear()
    warm_up("html", tmp_path)
    assert render(fixtures.proven(), "html") == cold


def test_a_cache_that_cannot_be_written_is_no_harm(tmp_path: Path) -> None:
    warm_up("html", tmp_path / "gone")
    assert render(fixtures.proven(), "html").startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("format", "unwanted"), [("json", ["jinja2", "cattrs", "rich"]), ("markdown", ["jinja2", "cattrs", "rich"])]
)
def test_a_format_imports_only_what_it_needs(format: str, unwanted: list[str]) -> None:
    program = (
        "import sys; from tests.unit.render import fixtures; from analyzer.render import render; "
        f"render(fixtures.proven(), {format!r}); print([name for name in {unwanted!r} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_html_imports_neither_cattrs_nor_rich() -> None:
    program = (
        "import sys; from tests.unit.render import fixtures; from analyzer.render import render; "
        "render(fixtures.proven(), 'html'); print([name for name in ('cattrs', 'rich') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
