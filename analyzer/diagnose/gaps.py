"""Where frames of a stack are missing: what lies there can neither be held for a clause nor against it."""

from __future__ import annotations

from analyzer.lean_dataclass import dataclass
from analyzer.model import Thread


@dataclass(frozen=True)
class StackGaps:
    """Where frames of a stack are missing."""

    before: frozenset[int]
    """Indices of frames further in than which some are missing."""
    at_end: bool
    """The outer end is missing."""

    def __bool__(self) -> bool:
        return bool(self.before) or self.at_end


_WHOLE, _ONLY_AT_END = StackGaps(frozenset(), at_end=False), StackGaps(frozenset(), at_end=True)


def gaps(thread: Thread) -> StackGaps:
    """Where frames are missing in a thread's stack, from the levels, the count and the flag that capture gave."""
    expected = 0
    before = []
    for index, frame in enumerate(thread.frames):
        if frame.level != expected:
            before.append(index)
        expected = frame.level + 1
    if thread.guessed_beyond is not None:
        before += [index + 1 for index, frame in enumerate(thread.frames) if frame.level == thread.guessed_beyond]
    counted = thread.frames_total
    at_end = thread.cut if counted is None else expected < counted
    return StackGaps(frozenset(before), at_end) if before else _ONLY_AT_END if at_end else _WHOLE
