"""The overview as one HTML file, in the same dress as the other reports; the page itself is reports/overview.html.j2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.render.html import LIST_LIMIT, environment, style
from analyzer.render.overview import HEIGHT, SMALL, WIDTH, view
from analyzer.render.words import ENGLISH, Words

if TYPE_CHECKING:
    from analyzer.model.batch import Overview

FULL = 40
"""Clusters that the page shows with their trees."""
BRIEF = 400
"""Clusters that have a line in a table after them."""


def overview_to_html(found: Overview, folder: str = "DIR", words: Words = ENGLISH) -> str:
    """The whole page; ``folder``: where the files of the examples lie."""
    css, style_hash = style()
    told = view(found, words, folder)
    return environment().get_template("overview.html.j2").render(
        w=words,
        css=css,
        style_hash=style_hash,
        o=found,
        v=told,
        full=told.clusters[:FULL],
        brief=told.clusters[FULL : FULL + BRIEF],
        rest=max(0, len(told.clusters) - FULL - BRIEF),
        limit=LIST_LIMIT,
        plot={"width": WIDTH, "height": HEIGHT, "small": SMALL},
    )  # fmt: skip
