"""What a signature says about a stack: a row of elements, innermost frame first, each one string.

======================  ===========================================================
``"name"``              one frame with this name (normalised on both sides)
``"@set"``              one frame whose function is in the set
``"@set*"`` ``"@set+"`` any number of such frames; at least one
``"??"``                one frame without a name
``"..."``               any number of any frames
``"a|b|@set"``          one frame that fits one of these; ``*`` and ``+`` behind the last speak of the whole element
``"!@set"``             one frame that does *not* fit
======================  ===========================================================
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from analyzer.diagnose.symbols import normalise
from analyzer.lean_dataclass import dataclass

Times = Literal["one", "any", "some"]


@dataclass(frozen=True)
class Element:
    """One element of a pattern."""

    text: str
    """As it was written."""
    times: Times
    """One frame, any number (``*``), at least one (``+``)."""
    names: frozenset[str] = frozenset()
    """Functions that fit, normalised."""
    sets: tuple[str, ...] = ()
    """Symbol sets whose members fit."""
    nameless: bool = False
    """A frame without a name fits."""
    anything: bool = False
    """Every frame fits."""
    negated: bool = False
    """A frame that the rest describes does not fit, every other one does."""


@dataclass(frozen=True, eq=False)  # found again by identity: patterns are looked up for every stack
class Pattern:
    """Elements from the innermost frame outwards; frames further out than the last element are free."""

    elements: tuple[Element, ...]

    @cached_property
    def text(self) -> str:
        """The whole pattern for a person."""
        return " <- ".join(element.text for element in self.elements)

    def sets(self) -> frozenset[str]:
        """Names of all symbol sets it uses."""
        return frozenset(name for element in self.elements for name in element.sets)


def parse_element(text: str) -> Element:
    """Read one element. Raises ValueError with what is wrong, for a person."""
    if text == "...":
        return Element(text, "any", anything=True)
    body, times = text, "one"
    if len(body) > 1 and body[-1] in "*+" and not body.startswith("operator"):
        body, times = body[:-1], "any" if text[-1] == "*" else "some"
    negated = body.startswith("!")
    names: set[str] = set()
    sets: list[str] = []
    nameless = False
    for word in body.removeprefix("!").split("|"):
        if word == "??":
            nameless = True
        elif word == "..." or not word.strip() or word != word.strip():
            raise ValueError(f"the element {text!r} is none: an empty word, or «...» among others")
        elif word.startswith("@"):
            if not word[1:].replace("-", "").isalnum():
                raise ValueError(f"{word!r} is not the name of a symbol set")
            sets.append(word[1:])
        else:
            names.add(normalise(word) or word)
    return Element(text, times, frozenset(names), tuple(sets), nameless, negated=negated)  # type: ignore[arg-type]


class BadPattern(ValueError):
    """A pattern with mistakes; ``wrong`` holds each one with the element it is about, None for the whole."""

    def __init__(self, wrong: list[tuple[str | None, str]]) -> None:
        super().__init__("\n".join(text for _, text in wrong))
        self.wrong = wrong


def parse_pattern(texts: list[str]) -> Pattern:
    """Read a whole pattern. Raises BadPattern with all that is wrong."""
    elements: list[Element] = []
    wrong: list[tuple[str | None, str]] = []
    for text in texts:
        try:
            elements.append(parse_element(text))
        except ValueError as problem:
            wrong.append((text, str(problem)))
    if not texts:
        wrong.append((None, "a pattern needs at least one element"))
    if not wrong and all(element.times == "any" for element in elements):
        wrong.append((None, "a pattern of nothing but «...» and «*» fits every stack"))
    if wrong:
        raise BadPattern(wrong)
    return Pattern(tuple(elements))
