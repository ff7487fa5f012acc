"""Our lay-out of a paragraph against rich's, which it stands in for."""

from __future__ import annotations

import io

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analyzer.render.columns import columns
from analyzer.render.lines import Line, lay_out_lines

STYLE = "bold red"
words = st.text("abcdefghij中文字符é", min_size=1, max_size=30)
sentences = st.lists(words, min_size=1, max_size=25).map(" ".join)


def by_rich(part: Text | Table, width: int, *, colour: bool) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        markup=False,
        highlight=False,
        emoji=False,
    )
    console.print(part)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


@given(sentences, st.integers(20, 90))
@example("a" * 19 + "中" * 10 + " a", 20)
@settings(deadline=None)
def test_wraps_where_rich_wraps(sentence: str, width: int) -> None:
    expected = by_rich(Text(sentence), width, colour=False)
    # Behind a word that was folded and fills its last row rich begins the next row with the blank; that is not wanted here.
    assume("\n " not in expected)
    assert lay_out_lines([Line(sentence)], width=width, colour=False) == expected


@given(sentences, st.integers(30, 90))
@settings(deadline=None)
def test_a_hanging_paragraph_is_richs_grid(sentence: str, width: int) -> None:
    grid = Table.grid(padding=0)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text("  yes  "), Text(sentence))
    expected = by_rich(grid, width, colour=False)
    assume("\n" + " " * 8 not in expected)  # as above
    assert lay_out_lines([Line("  yes  ", sentence, indent=7)], width=width, colour=False) == expected


@given(sentences)
@settings(deadline=None)
def test_no_row_is_wider_than_asked(sentence: str) -> None:
    made = lay_out_lines([Line("  ", sentence, indent=2), Line(sentence, whole=True)], width=40, colour=False)
    assert max(map(columns, made.split("\n"))) <= 40


def test_styles_are_richs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    ours = lay_out_lines([Line(("hung", STYLE), " for ever")], width=40, colour=True)
    assert ours == by_rich(Text.assemble(("hung", STYLE), " for ever"), 40, colour=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in lay_out_lines([Line(("hung", STYLE))], width=40, colour=True)


def test_whole_lines_are_cut_at_the_edge() -> None:
    assert lay_out_lines([Line("x" * 50, whole=True)], width=20, colour=False) == "x" * 19 + "…\n"
