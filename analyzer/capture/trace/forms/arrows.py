"""A stack told in one sentence: ``futex_wait <- __lll_lock_wait_private <- __check_pf <- getaddrinfo``.

Believed only with three or more names in a row. Frames may be left out in such a sentence, so the stack counts as cut.
"""

from __future__ import annotations

import re

from analyzer.capture.trace.calls import Call
from analyzer.capture.trace.forms import Handler
from analyzer.capture.trace.frames import make
from analyzer.capture.trace.reading import Reading
from analyzer.model import Frame

_ARROW = re.compile(r"\s{1,4}(?:(←|<--?|⟵)|(→|--?>|⟶))\s{1,4}")
_NAME = re.compile(r"[A-Za-z_~][\w:.@$~]{2,200}(?:\(\))?")
_SHORT = re.compile(r"`?[A-Za-z_~][\w:.@$~]{1,200}(?:\(\))?`?(?: \(`?[^()`]{1,200}`?\))?")
_PLACE = re.compile(r"\(`?([^\s()`:]{1,300}):(\d{1,7})`?\)")


def _element(text: str, *, last_word: bool) -> Call | None:
    names = _NAME.findall(text, 0, 400) if last_word else []
    match = _NAME.match(text.lstrip("`* "))
    name = names[-1] if names else match[0] if match is not None else None
    if name is None or not (set("_:.") & set(name) or name.islower()):
        return None
    place = _PLACE.search(text, 0, 400)
    return Call(name.removesuffix("()"), file=place[1] if place else None, line=int(place[2]) if place else None)


def sentence(reading: Reading, line: str) -> bool:
    """A line with a row of names and arrows between them."""
    if not ("<-" in line or "->" in line or "←" in line or "→" in line) or len(line) > 2000:
        return False
    parts = _ARROW.split(line)
    words, arrows = parts[::3], ["in" if inwards else "out" for inwards in parts[1::3]]
    if len(words) < 3 or len(set(arrows)) != 1:
        return False
    if not all(_SHORT.match(word) for word in words[1:]) or not all(_SHORT.fullmatch(word.strip()) for word in words[1:-1]):
        return False
    calls = [_element(word.strip(), last_word=not index) for index, word in enumerate(words)]
    if any(call is None for call in calls):
        return False
    if arrows[0] == "out":
        calls.reverse()
    frames = [make(level, call) for level, call in enumerate(calls) if call is not None]
    _add(reading, frames)
    return True


def _add(reading: Reading, frames: list[Frame]) -> None:
    if reading.trace.stacks:
        reading.new_trace(same_session=True)
    stack = reading.trace.new_stack("prose")
    for frame in frames:
        stack.add(frame)
    stack.cut("a sentence, not a print: frames may be left out")
    reading.stack = None


HANDLERS: dict[str, Handler] = {"_": sentence}
