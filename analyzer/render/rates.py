"""Rates with their confidence intervals on one scale: what a forest plot needs, and the same in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.render.words import Words


class Rate(NamedTuple):
    """One row."""

    name: str
    note: str
    """What else must be known of it, such as the race widener; may be empty."""
    hung: int
    runs: int
    rate: float
    low: float
    high: float
    """The rate and its 95 % interval, fractions of 1."""
    told: str
    """The same in words."""


class Tick(NamedTuple):
    """A mark of the axis."""

    x: float
    label: str


class Axis(NamedTuple):
    """From a rate to x, 0 to 100."""

    top: float
    """The rate at the right end, a fraction of 1."""
    ticks: tuple[Tick, ...]

    def x(self, rate: float) -> float:
        """Where a rate lies."""
        return round(100 * rate / self.top, 2)


def axis_for(rates: Iterable[Rate]) -> Axis:
    """From 0 to the next 1, 2 or 5 that all intervals fit below: on a scale to 100 %, one in two hundred cannot be seen."""
    highest = max((one.high for one in rates), default=1.0)
    power = 10.0 ** math.floor(math.log10(highest)) if highest > 0 else 1.0
    top = min(next(power * step for step in (1, 2, 5, 10) if power * step >= highest), 1.0)
    steps = 5 if round(top / 10.0 ** math.floor(math.log10(top) + 1e-9)) == 5 else 4
    ticks = (Tick(100 * number / steps, percent(top * number / steps)) for number in range(steps + 1))
    return Axis(top, tuple(ticks))


def percent(rate: float) -> str:
    """``0.5 %``: two digits that mean something."""
    return f"{float(f'{100 * rate:.2g}'):g}\u00a0%" if rate < 0.1 else f"{100 * rate:.0f}\u00a0%"


def told(rate: float, low: float, high: float, words: Words) -> str:
    """The rate and its interval in words."""
    return words("trials.rate-value", rate=percent(rate), low=percent(low), high=percent(high))
