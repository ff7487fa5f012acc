"""Text in columns of equal width, of which a Chinese character takes two: for drawings and terminals."""

from __future__ import annotations

import re
from unicodedata import combining, east_asian_width

_WIDE = "\u2e80-\u9fff\uff00-\uffef"
_CLOSING = "\u3001\u3002\u300b\u300d\uff01\uff09\uff0c\uff1a\uff1b\uff1f\u201d"
_PIECES = re.compile(f"[{_WIDE}][{_CLOSING}]* ?|[^\\s{_WIDE}]+[{_CLOSING}]* ?| ")
"""No line begins with a sign that closes something."""


def columns(text: str) -> int:
    """How many it takes."""
    return len(text) if text.isascii() else sum(map(column, text))


def column(letter: str) -> int:
    """Two for a wide letter, none for one that is put onto the letter before it."""
    if letter < "\u0300":
        return 1
    if combining(letter):
        return 0
    return 2 if east_asian_width(letter) in "WF" else 1


def cut(text: str, limit: int) -> str:
    """At most ``limit`` columns; ends with an ellipsis where that is not enough."""
    if columns(text) <= limit:
        return text
    while columns(text) >= limit:
        text = text[: min(len(text) - 1, limit)]
    return text.rstrip() + "\u2026"


def wrapped(text: str, limit: int, lines: int | None = None) -> list[str]:
    """Lines of at most ``limit`` columns, broken between words and between Chinese characters; at least one.

    What does not fit into ``lines`` (None: as many as it takes) is cut.
    """
    made = [""]
    pieces = _PIECES.findall(text)
    for number, piece in enumerate(pieces):
        if made[-1] and columns(made[-1] + piece.rstrip()) > limit:
            if len(made) == lines:
                made[-1] += "".join(pieces[number:])
                break
            made.append("")
        made[-1] += piece
    return [cut(line.rstrip(), limit) if lines is not None else line.rstrip() for line in made]
