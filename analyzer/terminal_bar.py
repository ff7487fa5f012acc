"""A bar on the terminal that counts towards a number, with what is left of the time."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class TerminalBar:
    """A context manager. Draws in the calling thread only: processes are forked from it. Not ``wanted``: draws nothing."""

    def __init__(self, counted: str, *, wanted: bool) -> None:
        """``counted``: what the number is of, as «runs»."""
        self._counted, self._wanted = counted, wanted
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if not self._wanted:
            return self
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            MofNCompleteColumn(), TextColumn(self._counted), BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn()
        )  # fmt: skip
        self._bar = Progress(*columns, console=Console(stderr=True, markup=False), auto_refresh=False, transient=True)
        self._task = self._bar.add_task("", total=None)
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def draw(self, done: int, total: int | None, words: str) -> bool:
        """Draw it; whether there is a bar."""
        if self._bar is None or self._task is None:
            return False
        self._bar.update(self._task, total=total, completed=done, description=words)
        self._bar.refresh()
        return True
