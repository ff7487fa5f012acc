"""What is done in each analysis, drawn from the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Mode = Literal["attach", "stop", "no-stop", "auto"]
Condition = Literal["runs", "stopped", "exits", "execs", "forks"]
Blow = Literal["none", "KILL", "TERM", "INT", "HUP", "STOP, CONT", "STOP, KILL"]
Victim = Literal["hanganalyze", "gdb", "both"]

MODES: tuple[Mode, ...] = ("attach", "stop", "no-stop", "auto")
STRIKES: tuple[tuple[Blow, Victim], ...] = (
    ("KILL", "hanganalyze"), ("KILL", "gdb"), ("TERM", "hanganalyze"), ("TERM", "gdb"), ("INT", "hanganalyze"), ("INT", "gdb"),
    ("HUP", "hanganalyze"), ("HUP", "gdb"), ("STOP, CONT", "hanganalyze"), ("STOP, CONT", "gdb"), ("STOP, KILL", "hanganalyze"),
    ("STOP, KILL", "gdb"), ("KILL", "both"), ("none", "hanganalyze"),
)  # fmt: skip
_THREADS, _THREADS_WEIGHTS = (1, 50, 500), (10, 8, 1)
_CONDITIONS: tuple[Condition, ...] = ("runs", "stopped", "exits", "execs", "forks")
_CONDITIONS_WEIGHTS = (4, 2, 1, 1, 2)
_SHORTLY_S = 0.03


@dataclass(frozen=True)
class Plan:
    """One analysis and what is done to it."""

    number: int
    mode: Mode
    blow: Blow
    victim: Victim
    threads: int
    condition: Condition
    """What the target does at that moment."""
    when_traced: bool
    """It is done when the target is seen traced, and not at any moment of the analysis."""
    share: float
    """Where in the whole duration it is done, 0 to 1."""
    delay_s: float
    """After the target was seen traced."""
    lead_s: float
    """The target begins to exit, exec or fork so long before it; after it, where this is negative."""
    stop_s: float
    """From SIGSTOP to what follows."""
    signals: int
    """Queued signals that the target is sent meanwhile."""

    def __str__(self) -> str:
        where = f"{self.delay_s * 1000:.1f} ms after it was traced" if self.when_traced else f"at {self.share:.2f} of its time"
        return (
            f"run {self.number}: --capture {self.mode}, {self.threads} threads, target {self.condition}, "
            f"{self.blow} to {self.victim} {where}"
        )


def draw(seed: int, runs: int) -> list[Plan]:
    """Every mode with every strike, in turn; the rest is drawn."""
    dice = random.Random(seed)
    pairs = [(mode, strike) for mode in MODES for strike in STRIKES]
    order: list[tuple[Mode, tuple[Blow, Victim]]] = []
    while len(order) < runs:
        dice.shuffle(pairs)
        order += pairs
    plans = []
    for number, (mode, (blow, victim)) in enumerate(order[:runs], 1):
        threads = dice.choices(_THREADS, _THREADS_WEIGHTS)[0]
        condition = dice.choices(_CONDITIONS, _CONDITIONS_WEIGHTS)[0]
        plans.append(
            Plan(
                number=number,
                mode=mode,
                blow=blow,
                victim=victim,
                threads=2 if threads == 1 and condition == "forks" else threads,
                condition=condition,
                when_traced=mode != "no-stop" and dice.random() < 0.6,
                share=dice.random(),
                delay_s=dice.random() * _SHORTLY_S,
                lead_s=dice.uniform(-0.01, 0.01),
                stop_s=dice.uniform(0.2, 1.2),
                signals=dice.randrange(4),
            )
        )
    return plans
