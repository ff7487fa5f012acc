"""The overview as one HTML file, in the same dress as the other reports; the page itself is reports/overview.html.j2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from analyzer.render.embed import embed
from analyzer.render.html import environment, frame_of
from analyzer.render.json import to_json
from analyzer.render.overview import HEIGHT, SMALL, WIDTH, view
from analyzer.render.overview_markdown import overview_to_markdown
from analyzer.render.words import ENGLISH, Words

if TYPE_CHECKING:
    from analyzer.model.batch import Overview

FULL = 40
"""Clusters that the page shows with their trees."""
BRIEF = 400
"""Clusters that have a line in a table after them."""
DATA_LIMIT = 200_000
"""Characters of data inside the page; what is larger stands in overview.json only: a page has to fit into a ticket."""


def overview_to_html(found: Overview, words: Words = ENGLISH) -> str:
    """The whole page."""
    told = view(found, words)
    data = Markup(embed(to_json(found, indent=None)))  # noqa: S704 # nosec B704 - embed() leaves no < in it
    return environment().get_template("overview.html.j2").render(
        frame_of(words, overview_to_markdown(found, words)),
        o=found,
        v=told,
        full=told.clusters[:FULL],
        brief=told.clusters[FULL : FULL + BRIEF],
        rest=max(0, len(told.clusters) - FULL - BRIEF),
        plot={"width": WIDTH, "height": HEIGHT, "small": SMALL},
        data=data if len(data) <= DATA_LIMIT else "",
    )  # fmt: skip
