"""The summary of a series for a terminal: verdict, what it proves, the figures, one paragraph for each kind of hang."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.render.safe import sentences, visible
from analyzer.render.series import view
from analyzer.render.terminal import lay_out
from analyzer.render.text import STYLES
from analyzer.render.words import ENGLISH, Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from analyzer.model import TrialResult
    from analyzer.render.series import SeriesView

HANGS_LIMIT = 5


def series_to_text(result: TrialResult, words: Words = ENGLISH, *, width: int = 100, colour: bool = False) -> str:
    """The summary, wrapped at ``width`` columns, ends with a newline. ``colour`` adds terminal styles."""
    return lay_out(_parts(view(result, words), words), width=width, colour=colour)


def _parts(shown: SeriesView, words: Words) -> Iterator[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    yield Text(visible(shown.sentence, 600), STYLES[shown.tone])
    yield from (Text(visible(remark, 600)) for remark in shown.remarks)
    yield from (Text(visible(sentence, 600)) for sentence in shown.conclusions)
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    for _ in shown.subjects:
        grid.add_column(justify="right")
    if len(shown.subjects) > 1:
        grid.add_row("", *(Text(subject, "bold") for subject in shown.subjects))
    for row in shown.rows:
        grid.add_row(Text(row.name), *(Text(visible(value, 80)) for value in row.values))
    yield Text("")
    yield grid
    for hang in shown.hangs[:HANGS_LIMIT]:
        yield Text.assemble("\n", (f"{hang.number}. {visible(hang.title, 300)}", "bold"), f"  {hang.runs}")
        yield Text("   " + sentences(hang.surety, visible(hang.names, 300)), "dim")
        yield Text("   " + visible(hang.sentence, 600))
    if len(shown.hangs) > HANGS_LIMIT:
        yield Text(words.count("more", len(shown.hangs) - HANGS_LIMIT))
    if shown.notes:
        yield Text("")
    yield from (Text(visible(note, 600)) for note in shown.notes)
