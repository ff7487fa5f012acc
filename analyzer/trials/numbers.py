"""From single runs to the figures of each subject. Pure."""

from __future__ import annotations

import math
import statistics as middle
from collections import Counter
from collections.abc import Sequence

from analyzer.lean_dataclass import replace
from analyzer.model import COUNTED, Outcome, TrialNumbers, TrialResult, TrialRun
from analyzer.trials import statistics


def with_numbers(result: TrialResult) -> TrialResult:
    """The same result with its figures made from its runs; Fisher's test is among them as soon as scipy is there."""
    earlier = result.rate_before
    found: list[TrialNumbers] = []
    for subject in result.subjects:
        runs = [run for run in result.runs if run.subject == subject.name]
        found.append(_of_subject(subject.name, runs, earlier))
        if earlier is None and found[0].hung:
            earlier = found[0].rate  # what A showed is the rate seen before, for B
    p_value = None
    if len(found) == 2:
        one, other = found
        p_value = statistics.fisher(one.hung, one.counted, other.hung, other.counted)
    return replace(result, numbers=tuple(found), p_value=p_value, statistics_from=statistics.source())


def _of_subject(name: str, runs: Sequence[TrialRun], earlier: float | None) -> TrialNumbers:
    count: Counter[Outcome] = Counter(run.outcome for run in runs)
    counted = sum(count[outcome] for outcome in COUNTED)
    hung = count["hung"]
    rate = hung / counted if counted else None
    exact = statistics.interval(hung, counted) if counted else None
    none_hung = counted > 0 and hung == 0
    clean = [run for run in runs if run.outcome == "clean"]
    stuck = [run for run in runs if run.outcome == "hung"]
    durations = sorted(run.seconds for run in clean)
    return TrialNumbers(
        subject=name,
        counted=counted,
        clean=count["clean"],
        failed=count["failed"],
        signalled=count["signalled"],
        hung=hung,
        moving=count["moving"],
        stopped=count["stopped"],
        rate=rate,
        low=exact[0] if exact else None,
        high=exact[1] if exact else None,
        upper=statistics.upper_bound(counted) if none_hung else None,
        rate_before=earlier,
        clean_runs_needed=statistics.runs_to_prove(rate or earlier or 0),
        clean_runs_needed_at_low=statistics.runs_to_prove(exact[0]) if exact and hung else None,
        luck=statistics.luck(earlier, counted) if none_hung and earlier else None,
        median_s=percentile(durations, 0.5),
        p95_s=percentile(durations, 0.95),
        clean_cpu_s=_median([run.cpu_s for run in clean]),
        hung_cpu_s=_median([run.cpu_s for run in stuck]),
        clean_memory_kib=_median([run.memory_kib for run in clean]),
        hung_memory_kib=_median([run.memory_kib for run in stuck]),
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value that ``share`` of the sorted ``values`` do not exceed (nearest rank, so it is one that was measured);
    the median is the usual one, the mean of the two in the middle of an even number. None of none."""
    if not values:
        return None
    if share == 0.5:
        return middle.median(values)
    return values[max(0, math.ceil(share * len(values)) - 1)]


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(middle.median(known)) if known else None
