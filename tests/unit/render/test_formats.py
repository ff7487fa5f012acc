"""Every format of every fixture: made, read back where it can be, and free of what must not stand in it."""

from __future__ import annotations

import pytest

from analyzer.render import FORMATS, Format, load, render
from tests.unit.render import fixtures


@pytest.mark.parametrize("name", fixtures.ALL)
@pytest.mark.parametrize("format", FORMATS)
def test_every_format_of_every_fixture_is_made(name: str, format: Format) -> None:
    made = render(fixtures.ALL[name](), format).decode()
    assert made.endswith("\n") or format == "html"
    assert "\x1b" not in made


@pytest.mark.parametrize("name", fixtures.ALL)
@pytest.mark.parametrize("format", ["json", "html"])
def test_a_saved_result_reads_back_as_the_same_diagnosis(name: str, format: Format) -> None:
    diagnosis = fixtures.ALL[name]()
    assert load(render(diagnosis, format)) == diagnosis


@pytest.mark.parametrize("text", fixtures.HOSTILE)
@pytest.mark.parametrize("format", ["json", "html"])
def test_hostile_names_survive_the_way_there_and_back(text: str, format: Format) -> None:
    diagnosis = fixtures.hostile(text)
    assert load(render(diagnosis, format)) == diagnosis
