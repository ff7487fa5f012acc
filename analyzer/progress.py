"""The progress of a series of runs: a bar with the running tally on a terminal, silence elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from analyzer.trials.series import Tally


class SeriesBar:
    """A context manager; ``show`` gets the tally after every run. Draws in the calling thread only."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> SeriesBar:
        if not self._wanted:
            return self
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (MofNCompleteColumn(), TextColumn("runs"), BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
        # No thread of its own: runs are started by processes forked from this one.
        self._bar = Progress(*columns, console=Console(stderr=True, markup=False), auto_refresh=False, transient=True)
        self._task = self._bar.add_task("", total=None)
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, tally: Tally) -> None:
        """Draw it."""
        if self._bar is None or self._task is None:
            return
        self._bar.update(self._task, total=tally.asked, completed=tally.done, description=in_words(tally))
        self._bar.refresh()


def in_words(tally: Tally) -> str:
    """``3 hung, 1 failed``."""
    count = tally.outcomes
    others = ((count["failed"], "failed"), (count["signalled"], "died by a signal"), (count["moving"], "not over, but at work"))
    return ", ".join([f"{count['hung']} hung", *(f"{number} {word}" for number, word in others if number)])
