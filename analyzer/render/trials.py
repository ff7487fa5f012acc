"""Trial figures as rows with their interval, and the sentence that says how many clean runs prove a fix."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from analyzer.render.figures import interval, runs_to_prove

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.model import TrialFigures
    from analyzer.render.words import Words

EXAMPLES = (2, 10, 100, 200, 1000)
"""«Once in so many runs»: what the user may know of the hung program, which no trial of ours tells."""


class TrialRow(NamedTuple):
    """One series of runs."""

    fix: str
    widener: str
    runs: int
    hung: int
    failed: int
    rate: float
    low: float
    high: float
    """The rate and its 95 % interval, fractions of 1."""
    told: str
    """The same in words."""


class Trials(NamedTuple):
    """The table and its conclusions."""

    rows: tuple[TrialRow, ...]
    conclusions: tuple[str, ...]
    examples: tuple[tuple[int, int], ...]
    """(it hung once in so many runs, clean runs that prove the fix)."""


def trials(figures: Sequence[TrialFigures], words: Words) -> Trials:
    """The figures that can be counted: a series without runs says nothing."""
    rows = tuple(_row(one, words) for one in figures if one.runs > 0 and 0 <= one.hung <= one.runs)
    conclusions: list[str] = []
    for row in rows:
        if row.fix == "none" and row.hung:
            conclusions.append(
                words.count("trials.needed", runs_to_prove(row.rate) or 1, rate=percent(row.rate), widener=row.widener)
            )
        elif row.hung == 0:
            fix = words.choice("fix-kind", row.fix)
            conclusions.append(words.count("trials.clean", row.runs, high=percent(row.high), fix=fix))
    examples = tuple((often, runs_to_prove(1 / often) or 1) for often in EXAMPLES)
    return Trials(rows, tuple(dict.fromkeys(conclusions)), examples)


def percent(rate: float) -> str:
    """``0.5 %``: two digits that mean something."""
    return f"{float(f'{100 * rate:.2g}'):g}\u00a0%" if rate < 0.1 else f"{100 * rate:.0f}\u00a0%"


def _row(one: TrialFigures, words: Words) -> TrialRow:
    rate = one.hung / one.runs
    low, high = interval(one.hung, one.runs)
    told = words("trials.rate-value", rate=percent(rate), low=percent(low), high=percent(high))
    return TrialRow(one.fix, one.widener, one.runs, one.hung, one.failed, rate, low, high, told)
