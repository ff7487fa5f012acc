"""gdb on its way before the command line is even read: starting it and reading symbols is what takes longest.

Only for ``hanganalyze [options] PID`` as most people type it; whatever else is typed, and whatever goes wrong here, is met again
on the ordinary way, which says so. Nothing is stopped: gdb only reads files.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analyzer.errors import HangAnalyzeError

if TYPE_CHECKING:
    from analyzer.capture.early import StartedGdb

_FEW_WORDS = 12


class HeadStart:
    """A gdb that may have been started; ``close`` it, whether it was taken or not."""

    def __init__(self, argv: Sequence[str], commands: Sequence[str]) -> None:
        self._stack = contextlib.ExitStack()
        self._started: StartedGdb | None = None
        pid = _only_pid(argv, commands)
        if pid is not None and os.path.exists(f"/proc/{pid}"):
            with contextlib.suppress(HangAnalyzeError, OSError):
                self._start(pid)

    def _start(self, pid: int) -> None:
        from analyzer.capture import guard
        from analyzer.capture.early import start_gdb
        from analyzer.capture.gdb import find

        self._stack.enter_context(guard.on_duty())
        self._started = start_gdb(pid, find(None))
        self._stack.callback(self._started.close)

    def take(self, pid: int, debugger: str | None) -> StartedGdb | None:
        """The gdb, if it was started for this process and none was asked for by name."""
        started = self._started
        return started if started is not None and started.pid == pid and debugger is None else None

    def close(self) -> None:
        """End gdb, and the guard with it; again is harmless."""
        self._stack.close()


def _only_pid(argv: Sequence[str], commands: Sequence[str]) -> int | None:
    """The process that the words speak of, as far as can be told without the parser: one number, first or last."""
    numbers = [word for word in argv if word.isascii() and word.isdecimal()]
    if len(numbers) != 1 or len(argv) > _FEW_WORDS or numbers[0] not in (argv[0], argv[-1]):
        return None
    if any(word in commands or word.startswith("--gdb") for word in argv):
        return None
    return int(numbers[0])
