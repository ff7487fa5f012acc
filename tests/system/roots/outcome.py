"""Watches a program in a root until it ends or certainly hangs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .watch import lock_waiter

if TYPE_CHECKING:
    from .enter import RootProcess

RUN_LIMIT_S = 60.0
POLL_S = 0.02


@dataclass(frozen=True)
class Run:
    """A program that has ended or hangs."""

    process: RootProcess
    exit_status: int | None
    """None if it hangs."""
    child: int | None
    """The process of its family that waits for a lock for ever; None if the program has ended."""
    seconds: float
    """From the start of the watch to the end, or until the hang was certain."""

    @property
    def pid(self) -> int:
        """The program itself, as its user sees it."""
        return self.process.pid


def end_or_hang(process: RootProcess) -> Run:
    """Raises TimeoutError, with the output, if neither can be seen within RUN_LIMIT_S."""
    began = time.monotonic()
    while True:
        status = process.poll()
        child = lock_waiter(process.family()) if status is None else None
        seconds = time.monotonic() - began
        if status is not None or child is not None:
            return Run(process, status, child, seconds)
        if seconds > RUN_LIMIT_S:
            raise TimeoutError(f"process {process.pid} neither ended nor waits for a lock: {process.output()}")
        time.sleep(POLL_S)
