"""The scale of a plot of rates: every interval has room, and small rates can still be seen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.render.figures import interval
from analyzer.render.rates import Rate, axis_for


def rate(hung: int, runs: int) -> Rate:
    return Rate("a", "", hung, runs, hung / runs, *interval(hung, runs), "")


@pytest.mark.parametrize(
    ("hung", "runs", "top", "labels"),
    [
        (3, 200, 0.05, "0 % 1 % 2 % 3 % 4 % 5 %"),
        (0, 200, 0.02, "0 % 0.5 % 1 % 1.5 % 2 %"),
        (7, 8, 1.0, "0 % 25 % 50 % 75 % 100 %"),
        (1, 100_000, 1e-4, "0 % 0.0025 % 0.005 % 0.0075 % 0.01 %"),
        (20, 100, 0.5, "0 % 10 % 20 % 30 % 40 % 50 %"),
    ],
)
def test_the_scale_ends_at_a_round_number(hung: int, runs: int, top: float, labels: str) -> None:
    axis = axis_for([rate(hung, runs)])
    assert axis.top == pytest.approx(top)
    assert " ".join(tick.label for tick in axis.ticks).replace("\u00a0", " ") == labels


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 300)).filter(lambda one: one[0] <= one[1]), min_size=1))
def test_every_interval_lies_on_the_scale(series: list[tuple[int, int]]) -> None:
    rates = [rate(hung, runs) for hung, runs in series]
    axis = axis_for(rates)
    for one in rates:
        assert 0 <= axis.x(one.low) <= axis.x(one.rate) <= axis.x(one.high) <= 100
    assert axis.x(max(one.high for one in rates)) >= 20


def test_nothing_to_show_has_a_scale_all_the_same() -> None:
    assert axis_for([]).top == 1.0
