"""What counted runs prove: exact intervals, how many clean runs show a fix, and whether two subjects differ.

Pure. The two functions that need scipy (extra ``[trials]``) import it when they are called and return None where it is
missing: a series is counted all the same, and its saved result gets its intervals wherever it is rendered with scipy.
"""

from __future__ import annotations

import importlib.util
import math

CONFIDENCE = 0.95
INSTALL = "pip install 'hanganalyze[trials]'"


def available() -> bool:
    """Whether scipy is installed; does not import it."""
    return importlib.util.find_spec("scipy") is not None


def interval(hung: int, runs: int, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Clopper and Pearson's exact two-sided interval of a rate (Biometrika 26, 1934), as fractions of 1.

    None where scipy is missing. Raises ValueError unless 0 <= hung <= runs and runs > 0.
    """
    if not 0 <= hung <= runs or runs == 0:
        raise ValueError(f"{hung} of {runs} is no rate")
    if not available():
        return None
    # The quantiles of the beta distribution; scipy.stats has the same behind an import that takes five times as long.
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    low = 0.0 if hung == 0 else float(betaincinv(hung, runs - hung + 1, tail))
    high = 1.0 if hung == runs else float(betaincinv(hung + 1, runs - hung, 1 - tail))
    return low, high


def upper_bound(runs: int, confidence: float = CONFIDENCE) -> float:
    """The rate that ``runs`` clean runs exclude, one-sided: a program that hangs more often would have hung by now.

    About 3 / runs. Smaller than the upper end of ``interval``, which keeps half of its doubt for the other side.
    Raises ValueError for no runs.
    """
    if runs < 1:
        raise ValueError("no runs exclude nothing")
    return 1.0 - float((1 - confidence) ** (1 / runs))


def runs_to_prove(rate: float, confidence: float = CONFIDENCE) -> int | None:
    """Clean runs in a row after which a hang that came at ``rate`` would have shown itself; None for a rate of 0.

    598 for one hang in 200 runs and 95 %.
    """
    if rate <= 0:
        return None
    if rate >= 1:
        return 1
    return math.ceil(math.log(1 - confidence) / math.log1p(-rate))


def luck(rate: float, runs: int) -> float:
    """The probability that so many runs are clean though nothing was mended: 0.37 for 200 runs at one hang in 200."""
    return float((1 - rate) ** runs)


def fisher(hung_a: int, runs_a: int, hung_b: int, runs_b: int) -> float | None:
    """Fisher's exact test, two-sided: the probability of a difference at least as unlikely, if both hang equally often.

    None where scipy is missing, or where one of the two has no runs.
    """
    if not available() or not runs_a or not runs_b:
        return None
    from scipy.stats import fisher_exact

    return float(fisher_exact([[hung_a, runs_a - hung_a], [hung_b, runs_b - hung_b]])[1])
