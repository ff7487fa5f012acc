"""A series of runs while somebody watches: the bar, the first bad end, and what Ctrl-C means."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from analyzer.interrupts import ENDING
from analyzer.progress import SeriesBar, in_words
from analyzer.render.safe import visible_lines

if TYPE_CHECKING:
    from analyzer.model import TrialResult
    from analyzer.trials.series import Tally

Make = Callable[[Callable[["Tally"], None], Callable[[], bool]], "TrialResult"]
"""Makes the series: gets whom to tell of every run, and whom to ask whether to stop."""


def watch(
    make: Make, say: Callable[[str], None], give_up: Callable[[int, FrameType | None], None], *, verbose: bool
) -> TrialResult:
    """The result; the first signal of ENDING leaves a partial one, the second one calls ``give_up``.

    ``say`` takes whole lines for a person.
    """
    signals: list[int] = []
    bad_end = ""

    def stop(number: int, frame: FrameType | None) -> None:
        if signals:
            give_up(number, frame)
        signals.append(number)

    def tell(tally: Tally) -> None:
        nonlocal bad_end
        bar.show(tally)
        if tally.last is None:
            return
        run = tally.last.run
        if verbose:
            say(f"run {run.number} of {tally.asked}: {run.outcome} after {run.seconds:.3g} s; {in_words(tally)}")
        if not bad_end and tally.last.tail.strip():
            bad_end = f"the end of what run {run.number} ({run.outcome}) wrote:\n{visible_lines(tally.last.tail)}"

    before = {number: signal.signal(number, stop) for number in ENDING}
    try:
        with SeriesBar(wanted=sys.stderr.isatty() and not verbose) as bar:
            result = make(tell, lambda: bool(signals))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if bad_end:
        say(bad_end)
    if signals:
        say(f"ended by {signal.Signals(signals[0]).name}; this is the result up to then, and nothing of it runs any more.")
    return result
