"""What counted runs prove: exact intervals, how many clean runs show a fix, and whether two subjects differ.

Pure. From scipy (extra ``[trials]``), imported when a function is called. Where it is missing the interval comes from the
reports' own arithmetic, to which the tests hold scipy's equal, and the test between two subjects is left out: ``render``
adds it to a saved result wherever scipy is.
"""

from __future__ import annotations

import importlib.util

from analyzer.render import figures
from analyzer.render.figures import CONFIDENCE, luck, runs_to_prove

__all__ = ["CONFIDENCE", "available", "fisher", "interval", "luck", "runs_to_prove", "source", "upper_bound"]


def available() -> bool:
    """Whether scipy is installed; does not import it."""
    return importlib.util.find_spec("scipy") is not None


def source() -> str:
    """Whose arithmetic it is: ``scipy 1.10.1``, or ours."""
    if not available():
        return "hanganalyze"
    from importlib.metadata import version

    return f"scipy {version('scipy')}"


def interval(hung: int, runs: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Clopper and Pearson's exact two-sided interval of a rate (Biometrika 26, 1934), as fractions of 1.

    Raises ValueError unless 0 <= hung <= runs and runs > 0.
    """
    if not 0 <= hung <= runs or runs == 0:
        raise ValueError(f"{hung} of {runs} is no rate")
    if not available():
        return figures.interval(hung, runs, confidence)
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


def fisher(hung_a: int, runs_a: int, hung_b: int, runs_b: int) -> float | None:
    """Fisher's exact test, two-sided: the probability of a difference at least as unlikely, if both hang equally often.

    None where scipy is missing, or where one of the two has no runs.
    """
    if not available() or not runs_a or not runs_b:
        return None
    from scipy.stats import fisher_exact

    return float(fisher_exact([[hung_a, runs_a - hung_a], [hung_b, runs_b - hung_b]])[1])
