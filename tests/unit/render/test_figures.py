"""Intervals and counts against figures computed elsewhere (scipy's binomtest, and the measured facts of the bug)."""

from __future__ import annotations

import pytest

from analyzer.model import TrialFigures
from analyzer.render.figures import interval, luck, runs_to_prove
from analyzer.render.rates import percent
from analyzer.render.trials import trials
from analyzer.render.words import ENGLISH


@pytest.mark.parametrize(
    ("hung", "runs", "low", "high"),
    [
        (0, 200, 0.0, 0.0182753),
        (7, 8, 0.4734903, 0.9968403),
        (4, 8, 0.1570128, 0.8429872),
        (0, 8, 0.0, 0.3694166),
        (8, 8, 0.6305834, 1.0),
        (1, 200, 0.0001266, 0.0275410),
        (500, 100_000, 0.0045716, 0.0054575),
    ],
)
def test_the_exact_interval(hung: int, runs: int, low: float, high: float) -> None:
    assert list(interval(hung, runs)) == pytest.approx([low, high], abs=1e-6)


@pytest.mark.parametrize(("hung", "runs"), [(1, 0), (0, 0), (3, 2), (-1, 5)])
def test_what_is_no_rate_is_refused(hung: int, runs: int) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        interval(hung, runs)


def test_the_reported_rate_needs_598_runs_and_200_may_be_luck() -> None:
    assert runs_to_prove(0.005) == 598
    assert luck(0.005, 200) == pytest.approx(0.37, abs=0.005)
    assert runs_to_prove(0) is None
    assert runs_to_prove(1) == 1


@pytest.mark.parametrize(
    ("rate", "shown"), [(0, "0"), (0.005, "0.5"), (0.018275, "1.8"), (0.0000123, "0.0012"), (0.875, "88"), (1, "100")]
)
def test_percentages_keep_two_telling_digits(rate: float, shown: str) -> None:
    assert percent(rate) == shown + "\u00a0%"


def test_conclusions_speak_of_what_was_tried() -> None:
    made = trials(
        [TrialFigures("none", "stdio", 8, 7), TrialFigures("upstream", "stdio", 200, 0), TrialFigures("complete", "off", 0, 0)],
        ENGLISH,
    )
    assert [row.told.replace("\u00a0", " ") for row in made.rows] == ["88 % (47 % to 100 %)", "0 % (0 % to 1.8 %)"]
    assert [told.replace("\u00a0", " ") for told in made.conclusions] == [
        "With the widener «stdio» the loader without the fix hung in 88 % of the runs; "
        "at that rate 2 clean runs in a row prove a fix with 95 % confidence, and fewer may be luck.",
        "No hang in 200 runs of the loader with the upstream fix still allows a rate of up to 1.8 %.",
    ]
    assert (200, 598) in made.examples
