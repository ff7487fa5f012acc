"""Collects why: every question once, with its answer, what was seen, and how to see it oneself."""

from __future__ import annotations

from typing import Literal

from analyzer.diagnose.answers import Answers
from analyzer.diagnose.pattern import Pattern
from analyzer.diagnose.signature import FactTest
from analyzer.model import Frame, Holds, Reason, Thread

Decides = Literal["match", "likely", "proven", "veto"]
_WEIGHT: dict[Decides, int] = {"match": 0, "veto": 1, "likely": 2, "proven": 3}


class Reasons:
    """The reasons for one signature and one thread."""

    def __init__(self, answers: Answers, thread: Thread) -> None:
        self._answers = answers
        self._thread = thread
        self._found: dict[str, Reason] = {}

    def add(self, asked: str, holds: Holds, value: str, decides: Decides) -> None:
        """A question that the stacks answer."""
        self._found[asked] = Reason(asked, holds, value, self._how(), decides)

    def frames(self, pattern: Pattern, value: str) -> None:
        """The frames that fit."""
        self.add(f"Do the frames fit {pattern.text}?", "yes", value, "match")

    def fact(self, test: FactTest, decides: Decides) -> None:
        """A fact; asked for by several clauses it stands once, with the weightiest."""
        known = self._found.get(test.name)
        if known is None or _WEIGHT[decides] > _WEIGHT[known.decides]:
            fact = self._answers.fact(test.name, self._thread)
            self._found[test.name] = Reason(fact.asked, fact.holds, fact.value, fact.how, decides, fact.name)

    def all(self) -> tuple[Reason, ...]:
        """In the order in which they were asked."""
        return tuple(self._found.values())

    def _how(self) -> str:
        method, process = self._answers.method, self._answers.process
        if method == "trace":
            return "in the text that was given"
        if method == "core":
            return "gdb -batch -ex 'thread apply all bt' PROGRAM CORE"
        return f"gdb -p {process.pid} -batch -ex 'thread apply all bt'"


def frames_told(thread: Thread, levels: tuple[int, ...], guilty: Frame | None) -> str:
    """The frames that a pattern named, and who made the call, in one line."""
    taken = [frame for frame in thread.frames if frame.level in set(levels)]
    told = " <- ".join(f"#{frame.level} {frame.function or '??'}" for frame in taken[:12])
    if len(taken) > 12:
        told += " <- ..."
    return told if guilty is None else f"{told}, called by #{guilty.level} {guilty.function or '??'}"
