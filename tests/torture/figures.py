"""What the analyses came to, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.torture.plan import MODES, STRIKES
from tests.torture.trial import Outcome


def table(outcomes: Sequence[Outcome]) -> str:
    """Per mode and blow: analyses / those struck while the target was traced."""
    made: Counter[tuple[str, str, str]] = Counter()
    traced: Counter[tuple[str, str, str]] = Counter()
    for one in outcomes:
        key = (one.plan.mode, one.plan.blow, one.plan.victim)
        made[key] += 1
        traced[key] += one.traced and one.struck
    lines = [f"{'analyses/struck while traced':<30}" + "".join(f"{mode:>12}" for mode in MODES)]
    for blow, victim in STRIKES:
        name = "nothing done" if blow == "none" else f"{blow} to {victim}"
        cells = (f"{made[mode, blow, victim]}/{traced[mode, blow, victim]}" for mode in MODES)
        lines.append(f"{name:<30}" + "".join(f"{cell:>12}" for cell in cells))
    return "\n".join(lines)


def summary(outcomes: Sequence[Outcome], seed: int, seconds: float) -> str:
    """Everything in a few lines; the first number that matters is that of targets left otherwise than they were."""
    bad = [one for one in outcomes if one.problems]
    free = sorted(one.free_after_s for one in outcomes if one.free_after_s is not None)
    by = Counter((one.plan.threads, one.plan.condition) for one in outcomes)
    lines = [table(outcomes), ""]
    lines.append("targets: " + ", ".join(f"{count} x {threads} threads {what}" for (threads, what), count in sorted(by.items())))
    if free:
        median, most = free[len(free) // 2], free[-1]
        late = sum(one > 1.0 for one in free)
        lines.append(
            f"standing still when struck by KILL or STOP: {len(free)}; free again after (median, longest) "
            f"{median * 1000:.0f} ms, {most * 1000:.0f} ms; after more than 1 s: {late}"
        )
    lines.append(f"{len(outcomes)} analyses in {seconds:.0f} s, seed {seed}: {len(bad)} left something otherwise than it was")
    return "\n".join(lines)
