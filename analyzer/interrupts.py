"""Ctrl-C, kill and a closed terminal end an analysis by an exception that unwinds it, so that every target is let go.

Python runs a handler between any two instructions of the main thread. In the middle of an import an exception from there leaves
the import's own locks taken for ever, and whoever imports the same in another thread then waits for ever; in one of its callbacks
it is lost. So there the handler only asks to be called again, until the import is done.
"""

from __future__ import annotations

import signal
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN_S = 0.005
_IMPORTING = "<frozen importlib._bootstrap>"

_put_off: list[int] = []


class Interrupted(BaseException):
    """A signal asked us to end: unwind, so that every target is let go."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def listen() -> None:
    """From now on such a signal raises Interrupted in the main thread; under nohup the end of the terminal does not."""
    signal.signal(signal.SIGALRM, _again)
    for number in ENDING:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, interrupt)


def listen_no_more() -> None:
    """All is done: from now on such a signal just ends us."""
    for number in ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def interrupt(number: int, frame: FrameType | None) -> None:
    """The handler. Raises Interrupted, at once or as soon as no import is under way."""
    inner = frame
    while inner is not None:
        if inner.f_code.co_filename == _IMPORTING:
            _put_off[:] = [number]
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
            return
        inner = inner.f_back
    raise Interrupted(number)


def _again(_: int, frame: FrameType | None) -> None:
    if _put_off:
        interrupt(_put_off.pop(), frame)
