"""The overview as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.render.overview import view
from analyzer.render.safe import sentences, visible
from analyzer.render.words import ENGLISH, Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.model.batch import Overview

CLUSTERS = 20


def overview_to_text(found: Overview, words: Words = ENGLISH, width: int = 100) -> str:
    """The figures and the largest clusters of each kind, one or two lines each."""
    return "\n".join(_lines(found, words, width)) + "\n"


def _lines(found: Overview, words: Words, width: int) -> Iterator[str]:
    told = view(found, words)
    yield sentences(told.sentence, *told.remarks)
    yield ", ".join(f"{name.lower()} {value}" for name, value in told.rows)
    for one in told.clusters[:CLUSTERS]:
        yield f"{found.clusters[one.number - 1].members:>7} x  {one.surety}: {visible(one.title, width - 12 - len(one.surety))}"
        yield f"           {words('overview.join').join(part for part in (one.names, one.hosts, one.when) if part)}"
    if len(told.clusters) > CLUSTERS:
        yield words.count("more", len(told.clusters) - CLUSTERS)
    for unread in found.unread[:8]:
        yield f"{unread.members:>7} x  {words('overview.row.unreadable').lower()}: {visible(words.said(unread.because), 200)}"
