"""The HTML report on a series of runs: one file over all of them, in the same dress as the report on one process.

The page itself is reports/series.html.j2; what it shares with the other page
(gates for values, style, security policy) is html.py's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from analyzer.render.embed import embed
from analyzer.render.html import environment, frame_of
from analyzer.render.json import to_json
from analyzer.render.plot import HEIGHT, WIDTH
from analyzer.render.series import view
from analyzer.render.series_markdown import series_to_markdown
from analyzer.render.units import seconds
from analyzer.render.words import ENGLISH, Words

if TYPE_CHECKING:
    from analyzer.model import TrialResult

HANGS_LIMIT = 20
"""Kinds of hang that the page shows; the data in it has all of them."""


def series_to_html(result: TrialResult, words: Words = ENGLISH) -> str:
    """The whole page. ``result.numbers`` must have been made."""
    return environment().get_template("series.html.j2").render(_values(result, words))


def _values(result: TrialResult, words: Words) -> dict[str, Any]:
    return {
        **frame_of(words, series_to_markdown(result, words)),
        "r": result,
        "v": view(result, words),
        "hangs_limit": HANGS_LIMIT,
        "plot": {"width": WIDTH, "height": HEIGHT},
        "seconds": seconds,
        "data": Markup(embed(to_json(result, indent=None))),  # noqa: S704 # nosec B704 - embed() leaves no < in it
        "tool": next((f"{one.name} {one.version}" for one in result.tools), "hanganalyze"),
    }
