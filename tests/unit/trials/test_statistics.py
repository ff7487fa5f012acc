"""The figures a reviewer expects, against known values, against independent formulas, and without scipy."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.render import figures
from analyzer.trials import statistics

pytest.importorskip("scipy", reason="the extra [trials] is not installed")


@st.composite
def counts(draw: st.DrawFn, most: int = 400) -> tuple[int, int]:
    runs = draw(st.integers(1, most))
    return draw(st.integers(0, runs)), runs


def at_most(hung: int, runs: int, rate: Fraction) -> Fraction:
    """Probability of at most ``hung``, in fractions: no rounding at all."""
    return sum((math.comb(runs, k) * rate**k * (1 - rate) ** (runs - k) for k in range(hung + 1)), Fraction(0))


@pytest.mark.parametrize(
    ("hung", "runs", "low", "high"),
    [
        (0, 200, 0.0, 0.0182753),
        (1, 200, 0.0001266, 0.0275410),
        (10, 2000, 0.0024002, 0.0091759),
        (7, 8, 0.4734903, 0.9968403),
        (8, 8, 0.6305834, 1.0),
    ],
)
def test_known_intervals(hung: int, runs: int, low: float, high: float) -> None:
    assert statistics.interval(hung, runs) == pytest.approx((low, high), abs=1e-6)


@given(counts(60))
@settings(max_examples=60, deadline=None)
def test_each_end_leaves_exactly_half_of_the_doubt_outside(count: tuple[int, int]) -> None:
    hung, runs = count
    low, high = statistics.interval(hung, runs)
    if hung:
        assert float(1 - at_most(hung - 1, runs, Fraction(low))) == pytest.approx(0.025, abs=1e-9)
    if hung < runs:
        assert float(at_most(hung, runs, Fraction(high))) == pytest.approx(0.025, abs=1e-9)


@given(counts(100_000))
@settings(deadline=None)
def test_the_reports_own_arithmetic_agrees_with_scipy(count: tuple[int, int]) -> None:
    hung, runs = min(count[0], 300), count[1]  # its sum has as many terms as there are hangs
    assert figures.interval(hung, runs) == pytest.approx(statistics.interval(hung, runs), abs=1e-9)


@given(counts(2000))
def test_no_hang_and_nothing_but_hangs_have_a_closed_form(count: tuple[int, int]) -> None:
    runs = count[1]
    edge = 0.025 ** (1 / runs)
    assert statistics.interval(0, runs) == pytest.approx((0.0, 1 - edge), abs=1e-12)
    assert statistics.interval(runs, runs) == pytest.approx((edge, 1.0), abs=1e-12)


@pytest.mark.parametrize("rate", [0.001, 0.005, 0.05, 0.3, 0.5])
@pytest.mark.parametrize("runs", [20, 200])
def test_the_interval_covers_the_true_rate_at_least_as_often_as_it_says(rate: float, runs: int) -> None:
    covered = 0.0
    for hung in range(runs + 1):
        low, high = statistics.interval(hung, runs)
        if low <= rate <= high:
            covered += math.comb(runs, hung) * rate**hung * (1 - rate) ** (runs - hung)
    assert covered >= 0.95


def test_the_reported_rate_needs_598_clean_runs_and_200_may_be_luck() -> None:
    assert statistics.runs_to_prove(0.005) == 598
    assert round(statistics.luck(0.005, 200), 2) == 0.37
    assert statistics.luck(0.005, 598) <= 0.05 < statistics.luck(0.005, 597)


@given(st.integers(1, 100_000))
def test_what_n_clean_runs_exclude_is_what_n_clean_runs_prove(runs: int) -> None:
    bound = statistics.upper_bound(runs)
    assert statistics.luck(bound, runs) == pytest.approx(0.05, rel=1e-6)
    assert statistics.runs_to_prove(bound * 1.0001) <= runs  # type: ignore[operator]
    assert bound < statistics.interval(0, runs)[1]
    assert bound <= 3 / runs  # the rule of three is a little more cautious


@pytest.mark.parametrize(("hung", "runs"), [(1, 0), (0, 0), (3, 2), (-1, 5)])
def test_what_is_no_rate_is_refused(hung: int, runs: int) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        statistics.interval(hung, runs)


def fisher_by_hand(a: int, n: int, b: int, m: int) -> float:
    """Every table with the same margins, in whole numbers; those at most as likely as this one count."""
    total = a + b
    ways = {k: math.comb(n, k) * math.comb(m, total - k) for k in range(max(0, total - m), min(n, total) + 1)}
    return float(Fraction(sum(way for way in ways.values() if way <= ways[a]), sum(ways.values())))


@given(counts(40), counts(40))
@settings(deadline=None)
def test_fishers_test_against_counting_all_tables(one: tuple[int, int], other: tuple[int, int]) -> None:
    assert statistics.fisher(*one, *other) == pytest.approx(fisher_by_hand(*one, *other), rel=1e-6)


def test_fishers_test_on_the_measured_podmans() -> None:
    """stdio widener: 7 of 8 before the fix, 0 of 8 after it."""
    assert statistics.fisher(7, 8, 0, 8) == pytest.approx(0.0013986, abs=1e-7)
    assert statistics.fisher(6, 8, 4, 8) == pytest.approx(0.6083916, abs=1e-7)


def test_without_scipy_there_is_an_interval_but_no_test(monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = statistics.interval(7, 8)
    monkeypatch.setattr(statistics, "available", lambda: False)
    assert statistics.interval(7, 8) == pytest.approx(with_it, abs=1e-9)
    assert statistics.fisher(7, 8, 0, 8) is None
    assert statistics.source() == "hanganalyze"
