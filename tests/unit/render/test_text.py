"""The terminal summary: short, as wide as it may be, and never more than text."""

from __future__ import annotations

import re

import pytest

from analyzer.render.text import to_text
from tests.unit.render import fixtures

STYLE = re.compile(r"\x1b\[[\d;]*m")


@pytest.mark.parametrize("width", [40, 80, 100, 200])
@pytest.mark.parametrize("name", fixtures.ALL)
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    lines = to_text(fixtures.ALL[name](), width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert not any(line.endswith(" ") for line in lines)


@pytest.mark.parametrize("text", fixtures.HOSTILE)
@pytest.mark.parametrize("colour", [False, True])
def test_hostile_names_send_nothing_to_the_terminal(text: str, colour: bool) -> None:
    made = to_text(fixtures.hostile(text), colour=colour, width=80)
    rest = STYLE.sub("", made)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", rest)
    assert len(rest.splitlines()) < 300
    made.encode()


def test_markup_of_the_terminal_library_is_text() -> None:
    diagnosis = fixtures.hostile("[bold red]x[/] :warning: [link=http://x]y[/link]")
    assert "[bold red]x[/] :warning: [link=http://x]y[/link]" in to_text(diagnosis, width=300)


def test_colours_only_when_asked_and_never_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b" not in to_text(fixtures.proven())
    coloured = to_text(fixtures.proven(), colour=True)
    assert "\x1b[1;31m" in coloured
    assert [line.rstrip() for line in STYLE.sub("", coloured).splitlines()] == to_text(fixtures.proven()).splitlines()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[\d;]*3\d", to_text(fixtures.proven(), colour=True))


def test_it_is_short() -> None:
    assert len(to_text(fixtures.proven(), width=100).splitlines()) < 30
    assert len(to_text(fixtures.hung_unknown(1000, 1000), width=100).splitlines()) < 30
