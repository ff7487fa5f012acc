"""The progress of a batch: a bar with rate and what is left on a terminal, a line now and then for a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from analyzer.batch.run import Progress

EVERY = 10.0
"""Seconds between two lines of a log."""


class Bar:
    """A context manager; ``show`` gets the progress after every batch."""

    def __init__(self, *, wanted: bool, note: Callable[[str], None] | None) -> None:
        self._wanted, self._note = wanted, note
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None
        self._told = 0.0

    def __enter__(self) -> Bar:
        if self._wanted:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Rich

            columns = (
                MofNCompleteColumn(),
                TextColumn("inputs"),
                BarColumn(),
                TextColumn("{task.description}"),
                TimeRemainingColumn(),
            )
            self._bar = Rich(*columns, console=Console(stderr=True, markup=False), auto_refresh=False, transient=True)
            self._task = self._bar.add_task("", total=None)
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, progress: Progress) -> None:
        """Draw it, or say it."""
        if self._bar is not None and self._task is not None:
            # Files that had their rows before are never handed out, so the count is a bound; archives may hold more.
            total = None if progress.total is None else max(progress.total, progress.handed_out)
            self._bar.update(self._task, total=total, completed=progress.done, description=in_words(progress))
            self._bar.refresh()
        elif self._note is not None and time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            self._note(f"{progress.done} inputs done, {in_words(progress)}")


def in_words(progress: Progress) -> str:
    """``412/s, 2 workers, 3 unreadable, 1 worker lost``."""
    rate = progress.done / max(time.monotonic() - progress.began, 1e-3)
    said = [f"{rate:.3g}/s"]
    if progress.workers > 1:
        said.append(f"{progress.workers} workers")
    if progress.unreadable:
        said.append(f"{progress.unreadable} unreadable")
    if progress.lost_workers:
        said.append(f"{progress.lost_workers} times a worker was lost")
    return ", ".join(said)
