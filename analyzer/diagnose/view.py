"""The part of a stack that says where the thread hung, where its innermost frames only say how it was ended."""

from __future__ import annotations

from analyzer.diagnose.layout import SIGNAL
from analyzer.diagnose.symbols import SymbolSet, home, normalise
from analyzer.lean_dataclass import dataclass, replace
from analyzer.model import Frame, Thread


@dataclass(frozen=True)
class View:
    """A thread as it is judged; its levels count from 0 again."""

    thread: Thread
    offset: int
    """Levels that were left out at the inner end."""


def judged(thread: Thread, aborting: SymbolSet | None) -> View:
    """The thread without the frames of a handler that ended it.

    Watchdogs end a hung process by a signal, whose handler writes a report and raises it again: ``raise <- handler <-
    <signal handler called> <- where it hung``. ``aborting`` are the functions that such a handler stands in.
    """
    frames = thread.frames
    if aborting is None or not frames or _is_signal(frames[0]):
        return View(thread, 0)
    name = normalise(frames[0].function)
    if name is None or not aborting.holds(name, home(frames[0].module)):
        return View(thread, 0)
    first = next((place for place, frame in enumerate(frames) if _is_signal(frame)), None)
    if first is None:
        return View(thread, 0)
    offset = frames[first].level + 1
    inner = tuple(replace(frame, level=frame.level - offset) for frame in frames[first + 1 :])
    total = None if thread.frames_total is None else thread.frames_total - offset
    guessed = None if thread.guessed_beyond is None else thread.guessed_beyond - offset
    return View(replace(thread, frames=inner, frames_total=total, guessed_beyond=guessed), offset)


def _is_signal(frame: Frame) -> bool:
    return frame.signal or normalise(frame.function) == SIGNAL
