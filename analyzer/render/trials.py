"""Trial figures as rows with their interval, and the sentence that says how many clean runs prove a fix."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from analyzer.render.figures import interval, runs_to_prove
from analyzer.render.rates import Axis, Rate, axis_for, percent, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.model import TrialFigures
    from analyzer.render.words import Words

EXAMPLES = (2, 10, 100, 200, 1000)
"""«Once in so many runs»: what the user may know of the hung program, which no trial of ours tells."""


class Trials(NamedTuple):
    """The table and its conclusions."""

    rows: tuple[Rate, ...]
    axis: Axis
    conclusions: tuple[str, ...]
    examples: tuple[tuple[int, int], ...]
    """(it hung once in so many runs, clean runs that prove the fix)."""


def trials(figures: Sequence[TrialFigures], words: Words) -> Trials:
    """The figures that can be counted: a series without runs says nothing."""
    counted = [one for one in figures if one.runs > 0 and 0 <= one.hung <= one.runs]
    rows = tuple(_row(one, words) for one in counted)
    conclusions: list[str] = []
    for one, row in zip(counted, rows, strict=True):
        if one.fix == "none" and one.hung:
            needed = runs_to_prove(row.rate) or 1
            conclusions.append(words.count("trials.needed", needed, rate=percent(row.rate), widener=one.widener))
        elif one.hung == 0:
            conclusions.append(words.count("trials.clean", one.runs, high=percent(row.high), fix=row.name))
    examples = tuple((often, runs_to_prove(1 / often) or 1) for often in EXAMPLES)
    return Trials(rows, axis_for(rows), tuple(dict.fromkeys(conclusions)), examples)


def _row(one: TrialFigures, words: Words) -> Rate:
    rate = one.hung / one.runs
    low, high = interval(one.hung, one.runs)
    notes = [words("trials.widened", widener=one.widener)] if one.widener != "off" else []
    notes += [words("trials.failed", n=one.failed)] if one.failed else []
    name = words.choice("fix-kind", one.fix)
    return Rate(name, "; ".join(notes), one.hung, one.runs, rate, low, high, told(rate, low, high, words))
