"""The loop over all lines, and the fast path for what most of them are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.capture.trace.drafts import SHRINK, TraceDraft
from analyzer.capture.trace.forms import gdb
from analyzer.capture.trace.frames import FAST, FAST_LIMIT, KNOWN, has_arguments, learn
from analyzer.capture.trace.plain import plain
from analyzer.capture.trace.reader import LineReader
from analyzer.capture.trace.reading import Reading


def drafts(lines: Iterable[str], into: LineReader | None = None) -> Iterator[TraceDraft]:
    """The traces of a text, each as soon as it is complete. Memory: what one trace needs.

    The loop spells out what most lines are, so that they cost two microseconds; whatever is not plainly a whole frame of
    the stack at hand, or a thread's heading, goes the careful way.
    """
    reader = into if into is not None else LineReader()
    reading = reader.reading
    finished = reading.finished
    fast, heading, known_frame = FAST.match, gdb.HEADING.match, KNOWN.get
    number = 0
    for raw in lines:
        number += 1
        match = fast(raw) if raw[:1] == "#" and " #" not in raw and len(raw) <= FAST_LIMIT else None
        if match is not None:
            groups = match.groups()
            level, frame, waits, weak = known_frame(groups) or learn(groups)
            stack = reading.stack
            if stack is not None and level == stack.next_level and not reading.busy and (level or not weak):
                stack.next_level = level + 1
                frames = stack.frames
                frames.append(frame)
                if len(frames) >= SHRINK:
                    stack.thin()
            else:
                reading.line = number
                reader.settle()
                stack = reading.place(frame, weak=weak and not has_arguments(raw))
            if waits and stack is not None and "=" in raw:
                stack.look(frame, plain(raw) if "&" in raw else raw)
            reader.fast = raw
        else:
            reading.line = number
            match = heading(raw) if raw[:7] == "Thread " else None
            if match is not None:
                reader.settle()
                reading.heading(reading.hint or "gdb", match[1], int(match[2]), match[3])
                reader.fast = None
            else:
                reader.line(raw)
        if finished:
            yield from _take(reading, number)
    reader.line("")
    reading.end()
    yield from _take(reading, number)


def _take(reading: Reading, number: int) -> Iterator[TraceDraft]:
    """Hand out what is finished, with the number of lines each took."""
    for draft in reading.finished:
        draft.lines = number - reading.counted
        reading.counted = number
        yield draft
    reading.finished.clear()
