"""The progress of a series of runs: a bar with the running tally on a terminal, silence elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.terminal_bar import TerminalBar

if TYPE_CHECKING:
    from analyzer.trials.series import Tally


class SeriesBar(TerminalBar):
    """``show`` gets the tally after every run."""

    def __init__(self, *, wanted: bool) -> None:
        super().__init__("runs", wanted=wanted)

    def show(self, tally: Tally) -> None:
        """Draw it."""
        self.draw(tally.done, tally.asked, in_words(tally))


def in_words(tally: Tally) -> str:
    """``3 hung, 1 failed``."""
    count = tally.outcomes
    others = ((count["failed"], "failed"), (count["signalled"], "died by a signal"), (count["moving"], "not over, but at work"))
    return ", ".join([f"{count['hung']} hung", *(f"{number} {word}" for number, word in others if number)])
