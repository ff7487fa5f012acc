"""The progress of a batch: a bar with rate and what is left on a terminal, a line now and then for a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from analyzer.terminal_bar import TerminalBar

if TYPE_CHECKING:
    from analyzer.batch.run import Progress

EVERY = 10.0
"""Seconds between two lines of a log."""


class Bar(TerminalBar):
    """``show`` gets the progress after every batch."""

    def __init__(self, *, wanted: bool, note: Callable[[str], None] | None) -> None:
        super().__init__("inputs", wanted=wanted)
        self._note = note
        self._told = 0.0

    def show(self, progress: Progress) -> None:
        """Draw it, or say it."""
        # Files that had their rows before are never handed out, so the count is a bound; archives may hold more.
        total = None if progress.total is None else max(progress.total, progress.handed_out)
        drawn = self.draw(progress.done, total, in_words(progress))
        if not drawn and self._note is not None and time.monotonic() - self._told >= EVERY:
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
