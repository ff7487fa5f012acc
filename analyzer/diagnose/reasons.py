"""Collects why: every question once, with its answer, what was seen, and how to see it oneself."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.diagnose.answers import Answers
from analyzer.diagnose.pattern import Pattern
from analyzer.diagnose.signature import Decides, Exclusion, Signature
from analyzer.lean_dataclass import replace
from analyzer.model import Fact, Frame, Holds, Reason, Thread

NOT_IN_FRAMES, NO_OTHER_THREAD = "not in the frames that were seen", "no other thread that was seen"
_KEPT_LIMIT = 32


class Reasons:
    """The reasons for one signature and one thread."""

    def __init__(self, answers: Answers, thread: Thread) -> None:
        self._answers = answers
        self._thread = thread
        self._found: dict[str, Reason] = {}

    def add(self, asked: str, holds: Holds, value: str, decides: Decides) -> None:
        """A question that the stacks answer."""
        self._found[asked] = Reason(asked, holds, value, self._answers.how_to_see_stacks, decides)

    def nothing_against(self, signature: Signature) -> None:
        """No frame speaks for any veto: so it is of most threads, and is put into words once."""
        how = self._answers.how_to_see_stacks
        told = signature.in_words.get(("veto", how))
        if told is None:
            asked = [one for veto in signature.veto for one in _unopposed(veto)]
            told = {question: Reason(question, "no", value, how, "veto") for question, value in asked}
            _keep(signature, ("veto", how), told)
        self._found |= told

    def frames(self, pattern: Pattern, value: str) -> None:
        """The frames that fit."""
        self.add(f"Do the frames fit {pattern.text}?", "yes", value, "match")

    def facts(self, signature: Signature, *, near: bool = False) -> None:
        """What was answered to a signature's facts, each with the clause that asks for it; ``near``: those of a near miss."""
        asked = signature.facts_for_a_near_miss if near else signature.facts_for_a_finding
        key = ("near" if near else "facts", self._answers.method)
        told = signature.in_words.get(key) if self._answers.none_given else None
        if told is None:
            told = {name: _reason(self._answers.fact(name, self._thread), decides) for name, decides in asked}
            if all(self._answers.silent(name) for name in told):  # the same for every thread without facts
                _keep(signature, key, told)
        self._found |= told

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


def _unopposed(veto: Exclusion) -> tuple[tuple[str, str], ...]:
    """The questions of a veto about frames, with what is to be said where none was seen that answers them."""
    own = ((veto.asks_frames, NOT_IN_FRAMES),) if veto.frames else ()
    return (*own, (veto.asks_others, NO_OTHER_THREAD)) if veto.others else own


def _keep(signature: Signature, key: tuple[str, str], told: dict[str, Reason]) -> None:
    if len(signature.in_words) >= _KEPT_LIMIT:
        signature.in_words.clear()
    signature.in_words[key] = told


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
