"""What trial figures prove: an exact confidence interval, and how many clean runs would show that a fix works.

Written out here in twenty lines, because it must work wherever a report is rendered, without scipy.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIDENCE = 0.95


def interval(hung: int, runs: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Clopper and Pearson's exact two-sided interval (1934), as fractions of 1; ValueError unless 0 <= hung <= runs."""
    if not 0 <= hung <= runs or runs == 0:
        raise ValueError(f"{hung} of {runs} is no rate")
    tail = (1 - confidence) / 2
    low = 0.0 if hung == 0 else _bisect(lambda rate: 1 - _at_most(hung - 1, runs, rate) < tail)
    high = 1.0 if hung == runs else _bisect(lambda rate: _at_most(hung, runs, rate) > tail)
    return low, high


def runs_to_prove(rate: float, confidence: float = CONFIDENCE) -> int | None:
    """Clean runs after which a hang that came at ``rate`` would have shown itself; None for a rate of 0."""
    if rate <= 0:
        return None
    if rate >= 1:
        return 1
    return math.ceil(math.log(1 - confidence) / math.log(1 - rate))


def luck(rate: float, runs: int) -> float:
    """The probability that so many runs are clean though nothing was mended."""
    return float((1 - rate) ** runs)


def _at_most(hung: int, runs: int, rate: float) -> float:
    """Probability of at most ``hung`` in ``runs``; logarithms, since the factors leave the range of a float."""
    if rate <= 0:
        return 1.0
    if rate >= 1:
        return 1.0 if hung >= runs else 0.0
    whole = math.lgamma(runs + 1)
    terms = (
        whole - math.lgamma(k + 1) - math.lgamma(runs - k + 1) + k * math.log(rate) + (runs - k) * math.log1p(-rate)
        for k in range(hung + 1)
    )
    return min(1.0, math.fsum(map(math.exp, terms)))


def _bisect(too_low: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if too_low(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2
