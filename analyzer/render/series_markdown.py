"""A series of runs as Markdown for a ticket: verdict, what it proves, the table of figures, each kind of hang."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.render.markdown import STACK_LIMIT, block, code, prose, stack_text
from analyzer.render.safe import sentences
from analyzer.render.series import HangView, view
from analyzer.render.words import ENGLISH, Words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.model import TrialResult


def series_to_markdown(result: TrialResult, words: Words = ENGLISH) -> str:
    """The ticket's text, ends with a newline. ``result.numbers`` must have been made."""
    shown = view(result, words)
    blocks = [f"## {prose(shown.sentence)}", *map(prose, shown.remarks)]
    blocks += _list(words("heading.proof"), shown.conclusions)
    head = ["", *map(prose, shown.subjects)]
    rows = [[prose(row.name), *map(prose, row.values)] for row in shown.rows]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows])
    blocks += [f"### {words('heading.figures')}", prose(shown.how), table, *(prose(plot.label) for plot in shown.plots)]
    blocks.append(f"### {words('heading.hangs')}")
    for hang in shown.hangs:
        blocks += _hang(hang, words)
    if not shown.hangs:
        blocks.append(words("series.no-hang"))
    blocks += _list(words("heading.notes"), shown.notes)
    return "\n\n".join(blocks) + "\n"


def _hang(hang: HangView, words: Words) -> list[str]:
    blocks = [f"**{hang.number}. {prose(hang.title)}** ({prose(hang.runs)})"]
    blocks.append(sentences(prose(hang.surety), prose(hang.names)))
    blocks.append(prose(hang.sentence))
    if hang.sentences:
        blocks.append("\n".join(f"{n}. {prose(sentence)}" for n, sentence in enumerate(hang.sentences, 1)))
    if hang.stack:
        blocks.append(block(stack_text(line, words) for line in hang.stack[:STACK_LIMIT]))
    blocks += map(prose, hang.remedy)
    if hang.command:
        blocks.append(f"{words('series.hang.whole')} {code(hang.command, 400)}")
    return blocks


def _list(title: str, items: Iterable[str]) -> list[str]:
    lines = [f"- {prose(item)}" for item in items]
    return [f"### {prose(title)}", "\n".join(lines)] if lines else []
