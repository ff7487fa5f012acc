"""From runs to figures."""

from __future__ import annotations

import statistics as standard

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.trials.numbers import percentile
from tests.unit.trials.making import series


def test_what_was_neither_over_nor_still_is_not_part_of_the_rate() -> None:
    (one,) = series(["clean"] * 3 + ["hung"] + ["moving"] * 5 + ["stopped", "failed", "signalled"]).numbers
    assert (one.counted, one.clean, one.hung, one.moving, one.stopped, one.failed, one.signalled) == (6, 3, 1, 5, 1, 1, 1)
    assert one.rate == pytest.approx(1 / 6)
    assert one.upper is None


def test_durations_memory_and_time_are_those_of_clean_and_hung_runs_apart() -> None:
    (one,) = series(["clean"] * 100 + ["hung"] * 2).numbers
    assert one.median_s == pytest.approx(0.1495)
    assert one.p95_s == pytest.approx(0.194)
    assert (one.clean_cpu_s, one.hung_cpu_s, one.clean_memory_kib) == (0.02, 0.02, 51200)


def test_a_series_in_which_nothing_can_be_counted_has_no_rate() -> None:
    (one,) = series(["moving", "stopped"]).numbers
    assert (one.counted, one.rate, one.low, one.high, one.upper, one.luck) == (0, None, None, None, None, None)


def test_the_rate_of_a_is_the_rate_before_for_b() -> None:
    a, b = series(["hung"] * 7 + ["clean"], ["clean"] * 8).numbers
    assert a.rate_before is None
    assert b.rate_before == a.rate == 7 / 8
    assert b.luck == pytest.approx((1 / 8) ** 8)
    assert (a.clean_runs_needed, b.clean_runs_needed) == (2, 2)


def test_two_subjects_are_compared() -> None:
    pytest.importorskip("scipy", reason="the extra [trials] is not installed")
    assert series(["hung"] * 7 + ["clean"], ["clean"] * 8).p_value == pytest.approx(0.0013986, abs=1e-7)
    assert series(["hung"]).p_value is None


@given(st.lists(st.floats(0, 1000), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(values: list[float], share: float) -> None:
    values.sort()
    found = percentile(values, share)
    if share == 0.5:
        assert found == standard.median(values)
        return
    assert found in values
    below = sum(value < found for value in values)
    assert below < share * len(values) <= sum(value <= found for value in values) + 1e-9
