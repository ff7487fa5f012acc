"""Collects why: every question once, with its answer, what was seen, and how to see it oneself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

from analyzer.diagnose.answers import Answers, not_asked
from analyzer.diagnose.pattern import Pattern
from analyzer.diagnose.signature import Decides
from analyzer.lean_dataclass import replace
from analyzer.model import CaptureMethod, Fact, Frame, Holds, Reason, Thread


class Reasons:
    """The reasons for one signature and one thread."""

    def __init__(self, answers: Answers, thread: Thread) -> None:
        self._answers = answers
        self._thread = thread
        self._found: dict[str, Reason] = {}

    def add(self, asked: str, holds: Holds, value: str, decides: Decides) -> None:
        """A question that the stacks answer."""
        self._found[asked] = Reason(asked, holds, value, self._answers.how_to_see_stacks, decides)

    def not_against(self, asked: str, holds: Holds, value: str) -> None:
        """A question whose answer is no veto: the same for most threads, so it is put into words once."""
        self._found[asked] = _not_against(asked, holds, value, self._answers.how_to_see_stacks)

    def frames(self, pattern: Pattern, value: str) -> None:
        """The frames that fit."""
        self.add(f"Do the frames fit {pattern.text}?", "yes", value, "match")

    def facts(self, asked: tuple[tuple[str, Decides], ...]) -> None:
        """What was answered to these facts, each with the clause that asks for it."""
        for name, decides in asked:
            if self._answers.silent(name):
                self._found[name] = _silence(name, self._answers.method, decides)
            else:
                self._found[name] = _reason(self._answers.fact(name, self._thread), decides)

    def all(self, needed: Mapping[str, Holds] | None = None) -> tuple[Reason, ...]:
        """In the order in which they were asked; ``needed``: what a surer verdict lacks, by fact, or by question for frames."""
        if not needed:
            return tuple(self._found.values())
        return tuple(replace(one, needed=needed.get(one.fact or one.asked)) for one in self._found.values())

    def unseen_vetoes(self) -> tuple[str, ...]:
        """Questions about frames that could rule it out, and that missing frames leave open."""
        return tuple(
            one.asked for one in self._found.values() if one.fact is None and one.decides == "veto" and one.holds == "unknown"
        )


@lru_cache(maxsize=1_000)
def _not_against(asked: str, holds: Holds, value: str, how: str) -> Reason:
    return Reason(asked, holds, value, how, "veto")


@cache
def _silence(name: str, method: CaptureMethod, decides: Decides) -> Reason:
    """The reason for a fact that nobody asked for: the same for every thread."""
    return _reason(not_asked(name, method), decides)


def _reason(fact: Fact, decides: Decides) -> Reason:
    return Reason(fact.asked, fact.holds, fact.value, fact.how, decides, fact.name)


def frames_told(thread: Thread, levels: tuple[int, ...], guilty: Frame | None) -> str:
    """The frames that a pattern named, and who made the call, in one line."""
    fitting = set(levels)
    taken = [frame for frame in thread.frames if frame.level in fitting]
    told = " <- ".join(f"#{frame.level} {frame.function or '??'}" for frame in taken[:12])
    if len(taken) > 12:
        told += " <- ..."
    return told if guilty is None else f"{told}, called by #{guilty.level} {guilty.function or '??'}"
