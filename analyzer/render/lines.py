"""Lines of styled text for a terminal: wrapped by what a character takes on the screen, with a hanging indentation.

rich does this and much more; importing it takes a tenth of the time of a whole live analysis, so the summary of one, which is
words in a row, is laid out here. The tables of a series are left to rich.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from analyzer.render.columns import column

CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
NARROWEST = 20

Cell = tuple[str, str]
"""A character and its style."""


class Line:
    """One paragraph: strings, and pairs of a string and a style (words of CODES). A line break in it begins a new row.

    Rows after the first begin below the ``indent``-th column. ``whole`` is never wrapped but cut at the edge.
    """

    def __init__(self, *pieces: str | tuple[str, str], indent: int = 0, whole: bool = False) -> None:
        self.pieces = [(piece, "") if isinstance(piece, str) else piece for piece in pieces]
        self.indent = indent
        self.whole = whole

    def rows(self, width: int) -> Iterator[list[Cell]]:
        """What stands on each row, at most ``width`` columns."""
        cells = [(character, style) for text, style in self.pieces for character in text]
        if self.whole:
            yield cells if _columns(cells) <= width else [*_fitting(cells, width - 1), ("…", "")]
            return
        margin: list[Cell] = [(" ", "")] * min(self.indent, width - 1)
        for number, paragraph in enumerate(_split(cells, "\n")):
            row: list[Cell] = list(margin) if number else []
            used, begin, wrapped = len(row), len(margin), False  # columns taken; where the row's own text begins
            for word in _words(paragraph):
                blank, wide = word[0][0] == " ", _columns(word)
                if used > begin and not blank and used + wide > width:
                    yield row
                    row, used, wrapped = list(margin), len(margin), True
                rest = [] if blank and wrapped and used == begin else word
                while rest and used + wide > width:  # longer than a row: it is folded
                    part = _fitting(rest, width - used) or rest[:1]
                    yield row + part
                    row, used, rest, wrapped = list(margin), len(margin), rest[len(part) :], True
                    wide = _columns(rest)
                row += rest
                used += wide if rest else 0
            yield row


def lay_out_lines(lines: Iterable[Line], *, width: int, colour: bool) -> str:
    """The lines one below the other, without trailing blanks; ends with a newline.

    ``colour`` adds terminal styles, unless NO_COLOR is set.
    """
    styled = colour and not os.environ.get("NO_COLOR")
    rows = (row for line in lines for row in line.rows(max(width, NARROWEST)))
    return "\n".join(_written(_stripped(row), styled=styled) for row in rows) + "\n"


def _columns(cells: Iterable[Cell]) -> int:
    return sum(column(character) for character, _ in cells)


def _fitting(cells: list[Cell], width: int) -> list[Cell]:
    used = 0
    for place, (character, _) in enumerate(cells):
        used += column(character)
        if used > width:
            return cells[:place]
    return cells


def _split(cells: list[Cell], at: str) -> Iterator[list[Cell]]:
    part: list[Cell] = []
    for cell in cells:
        if cell[0] == at:
            yield part
            part = []
        else:
            part.append(cell)
    yield part


def _words(cells: list[Cell]) -> Iterator[list[Cell]]:
    """Words and the blanks between them, in turn."""
    word: list[Cell] = []
    for cell in cells:
        if word and (cell[0] == " ") != (word[-1][0] == " "):
            yield word
            word = []
        word.append(cell)
    if word:
        yield word


def _stripped(row: list[Cell]) -> list[Cell]:
    end = len(row)
    while end and row[end - 1][0] == " ":
        end -= 1
    return row[:end]


def _written(row: list[Cell], *, styled: bool) -> str:
    if not styled:
        return "".join(character for character, _ in row)
    text, current = [], ""
    for character, style in row:
        if style != current:
            text.append("\x1b[0m" if current else "")
            text.append(f"\x1b[{';'.join(CODES[word] for word in style.split())}m" if style else "")
            current = style
        text.append(character)
    return "".join(text) + ("\x1b[0m" if current else "")
