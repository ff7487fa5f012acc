"""The overview as Markdown for a ticket: the figures, and each of the first clusters with what its members do not share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.render.markdown import block, code, prose
from analyzer.render.overview import ClusterView, view
from analyzer.render.safe import visible
from analyzer.render.words import ENGLISH, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyzer.model.batch import Overview

CLUSTERS = 20
TREE_LIMIT = 30
UNREAD = 20


def overview_to_markdown(found: Overview, words: Words = ENGLISH) -> str:
    """The ticket's text, ends with a newline."""
    told = view(found, words)
    blocks = [f"## {prose(told.sentence)}", *map(prose, told.remarks)]
    blocks.append(_table(("", words("evidence.value")), [(prose(name), prose(value)) for name, value in told.rows]))
    if told.timeline:
        blocks.append(prose(told.timeline))
    if told.clusters:
        blocks.append(f"### {words('heading.overview-clusters')}")
    for one in told.clusters[:CLUSTERS]:
        blocks += _cluster(one, words)
    if len(told.clusters) > CLUSTERS:
        blocks.append(prose(words.count("more", len(told.clusters) - CLUSTERS)))
    if found.unread:
        rows = [(str(one.members), prose(visible(words.said(one.because), 300))) for one in found.unread[:UNREAD]]
        heads = (words("overview.unread.count"), words("overview.unread.why"))
        blocks += [f"### {words('heading.overview-unread')}", _table(heads, rows)]
    return "\n\n".join(blocks) + "\n"


def _cluster(one: ClusterView, words: Words) -> list[str]:
    blocks = [f"**{one.number}. {prose(one.title)}** ({prose(one.members)}, {prose(one.surety)})"]
    blocks.append(prose(words("overview.join").join(part for part in (one.names, one.when, one.hosts) if part)))
    if one.differs:
        blocks.append("\n".join(f"- {prose(name)}: {prose(values)}" for name, values in one.differs))
    if one.tree:
        lines = [f"{'  ' * line.depth}{line.members}  {' > '.join(line.calls)}" for line in one.tree[:TREE_LIMIT]]
        blocks.append(block(visible(line, 400) for line in lines))
    if one.command:
        blocks.append(f"{prose(words('overview.example', name=one.example))}: {code(one.command, 400)}")
    return blocks


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows))
