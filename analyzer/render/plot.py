"""The durations of clean runs as a histogram: bars and marks in a coordinate system of its own, numbers only."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

BINS = 48
WIDTH, HEIGHT = 640.0, 90.0
LOGARITHMIC_FROM = 20
"""A slowest run so many times slower than the fastest needs a logarithmic scale: else all others are one bar."""


class Bar(NamedTuple):
    """One bar; the y axis points down."""

    x: float
    y: float
    width: float
    height: float


class Plot(NamedTuple):
    """One subject's histogram. All plots of a report share their scale."""

    subject: str
    bars: tuple[Bar, ...]
    median: float
    p95: float
    """x of the two marks."""
    label: str
    """The same in words."""


class Scale(NamedTuple):
    """From seconds to x."""

    low: float
    high: float
    logarithmic: bool

    def x(self, seconds: float) -> float:
        """0 to WIDTH."""
        inner: Callable[[float], float] = math.log if self.logarithmic else float
        span = inner(self.high) - inner(self.low)
        return round(WIDTH * (inner(seconds) - inner(self.low)) / span, 1) if span > 0 else WIDTH / 2


def scale_of(durations: Sequence[float]) -> Scale:
    """One that all durations fit in; they must not be empty."""
    low, high = max(min(durations), 1e-6), max(*durations, 1e-6)
    return Scale(low, high, high / low >= LOGARITHMIC_FROM)


def bars_of(durations: Sequence[float], scale: Scale) -> tuple[Bar, ...]:
    """Bins of equal width on the scale; the highest bar fills the height."""
    counts = [0] * BINS
    for seconds in durations:
        counts[min(BINS - 1, int(BINS * scale.x(max(seconds, scale.low)) / WIDTH))] += 1
    wide = WIDTH / BINS
    highest = max(counts)
    return tuple(
        Bar(
            round(wide * number, 1),
            round(HEIGHT - HEIGHT * count / highest, 1),
            round(wide - 1, 1),
            round(HEIGHT * count / highest, 1),
        )
        for number, count in enumerate(counts)
        if count
    )
