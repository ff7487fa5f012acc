"""One signature against one thread: does it fit, what speaks against it, how sure is it, and why.

The rules, in the order in which they are asked:

1. The clauses of [match] must hold. Frames that are missing make the answer unknown, and an unknown one finds nothing.
2. A fact of [match] that is answered the other way, or a veto that holds, makes it a near miss.
3. What is left is `possible`; with [likely] answered `likely`; with [proven] answered too `proven`.
4. An unknown raises nothing. A pasted trace, and a wait, are never more than `possible`. Where frames are missing that
   could hold a veto, it is `likely` at most, unless the lock itself names a holder that does not exist.
"""

from __future__ import annotations

from analyzer.diagnose.affected import affected
from analyzer.diagnose.answers import Answers
from analyzer.diagnose.fits import Fits
from analyzer.diagnose.pattern import Pattern
from analyzer.diagnose.program import runs
from analyzer.diagnose.reasons import NO_OTHER_THREAD, NOT_IN_FRAMES, Reasons, frames_told
from analyzer.diagnose.signature import Exclusion, FactTest, Requirement, Signature
from analyzer.lean_dataclass import dataclass
from analyzer.model import Certainty, Finding, Holds, Lock, NearMiss, Thread
from analyzer.model.facts import FACTS


@dataclass(frozen=True)
class Verdict:
    """What one signature says of one thread: found, nearly, or not to be told because frames are missing."""

    signature: Signature
    thread: Thread
    finding: Finding | None = None
    near: NearMiss | None = None
    unclear: bool = False


@dataclass(frozen=True)
class _Excluded:
    """How one veto was answered."""

    holds: Holds
    text: str = ""
    """The sentence, where it holds."""
    hidden: bool = False
    """It is unknown because frames are missing."""


def judge(signature: Signature, thread: Thread, fits: Fits, answers: Answers) -> Verdict | None:
    """The verdict; None where the signature does not fit at all."""
    if signature.match.programs and not runs(answers.process, thread, signature.match.programs):
        return None
    seen, pattern, told = _seen(signature, thread, fits)
    if seen == "no":
        return _near_by_frames(signature, thread, fits, answers)
    for need in signature.match.needs:
        if answers.holds(need, thread) != "yes":
            return None
    others, partner = fits.others(thread, signature.match.others) if signature.match.others else ("yes", None)
    if others == "no":
        return None
    if "unknown" in (seen, others):
        return Verdict(signature, thread, unclear=True)
    reasons = Reasons(answers, thread)
    levels: tuple[int, ...] = ()
    guilty = None
    if pattern is not None:
        levels = fits.levels(thread, pattern)
        guilty = fits.guilty(thread, levels)
        reasons.frames(pattern, frames_told(thread, levels, guilty))
    elif told:
        reasons.add("What does the kernel say of the thread?", "yes", told, "match")
    if partner is not None:
        reasons.add(f"Does another thread fit {_texts(signature.match.others)}?", "yes", f"thread {partner.tid}", "match")
    excluded = _excluded(signature, thread, fits, answers, reasons)
    refuted = _refuted(signature, thread, answers, excluded)
    if refuted is not None:
        reasons.facts(signature, near=True)
        return Verdict(signature, thread, near=_near(signature, thread, answers, refuted, reasons))
    reasons.facts(signature)
    lock = answers.lock(thread)
    certainty = _certainty(signature, thread, answers, hidden=any(one.hidden for one in excluded), lock=lock)
    finding = Finding(
        signature=signature.id,
        revision=signature.revision,
        certainty=certainty,
        pid=answers.process.pid,
        tid=thread.tid,
        title=signature.title,
        summary=signature.summary,
        lock=lock,
        reasons=reasons.all(_lacking(signature, thread, answers, certainty, reasons)),
        remedy=signature.remedy,
        references=signature.references,
        affected=affected(signature, answers.process),
        matched_levels=levels,
        guilty_level=guilty.level if guilty is not None else None,
    )
    return Verdict(signature, thread, finding=finding)


def _near(signature: Signature, thread: Thread, answers: Answers, because: str, reasons: Reasons) -> NearMiss:
    return NearMiss(signature.id, signature.revision, answers.process.pid, thread.tid, because, reasons.all())


def _near_by_frames(signature: Signature, thread: Thread, fits: Fits, answers: Answers) -> Verdict | None:
    for loose in signature.near:
        holds, pattern = fits.of(thread, loose.frames)
        if holds == "yes" and pattern is not None:
            reasons = Reasons(answers, thread)
            reasons.add(f"Do the frames fit {_texts(signature.match.frames)}?", "no", loose.because, "match")
            return Verdict(signature, thread, near=_near(signature, thread, answers, loose.because, reasons))
    return None


def _seen(signature: Signature, thread: Thread, fits: Fits) -> tuple[Holds, Pattern | None, str]:
    """Whether state, wait or frames are as described, the pattern that fits, and the kernel's word if that decides."""
    match = signature.match
    if thread.state in match.states:
        return "yes", None, f"state {thread.state}"
    if match.waits and thread.wait is not None and thread.wait.kind != "futex":
        # The kernel's word counts more than the stack: a function may be on the stack for other reasons.
        holds: Holds = "yes" if thread.wait.kind in match.waits else "no"
        return holds, None, f"it waits for {thread.wait.text}"
    if not match.frames:
        return "no", None, ""
    holds, pattern = fits.of(thread, match.frames)
    return holds, pattern, ""


def _refuted(signature: Signature, thread: Thread, answers: Answers, excluded: list[_Excluded]) -> str | None:
    """Why the signature is not told although its frames fit; None where nothing speaks against it."""
    for test in signature.match.facts:
        if answers.holds(test, thread) == "no":
            return _sentence(test, answers, thread)
    for one in excluded:
        if one.holds == "yes":
            return one.text
    return None


def _excluded(signature: Signature, thread: Thread, fits: Fits, answers: Answers, reasons: Reasons) -> list[_Excluded]:
    """How every veto was answered. Of most threads none of their patterns and facts is seen at all, which is told fast."""
    if fits.oppose(signature) or not answers.silent_about(signature.veto_facts):
        return [_exclusion(veto, thread, fits, answers, reasons) for veto in signature.veto]
    reasons.nothing_against(signature)
    return []


def _exclusion(veto: Exclusion, thread: Thread, fits: Fits, answers: Answers, reasons: Reasons) -> _Excluded:
    """Whether any clause of a veto holds; each answer becomes a reason."""
    hidden = False
    if veto.frames:
        holds, pattern = fits.of(thread, veto.frames)
        if holds == "yes" and pattern is not None:
            reasons.add(veto.asks_frames, holds, f"the frames fit {pattern.text}", "veto")
            return _Excluded("yes", veto.because)
        reasons.add(veto.asks_frames, holds, NOT_IN_FRAMES, "veto")
        hidden = holds == "unknown"
    if veto.others:
        holds, other = fits.others(thread, veto.others)
        if holds == "yes" and other is not None:
            reasons.add(veto.asks_others, holds, f"thread {other.tid}", "veto")
            return _Excluded("yes", f"{veto.because} (thread {other.tid})")
        reasons.add(veto.asks_others, holds, NO_OTHER_THREAD, "veto")
    for test in veto.facts:
        if answers.holds(test, thread) == "yes":
            fact = answers.fact(test.name, thread)
            return _Excluded("yes", f"{veto.because} ({fact.value})" if fact.value else veto.because)
    return _Excluded("unknown" if hidden else "no", hidden=hidden)


def _certainty(signature: Signature, thread: Thread, answers: Answers, *, hidden: bool, lock: Lock | None) -> Certainty:
    if answers.method == "trace" or signature.kind == "wait" or not _met(signature.likely, thread, answers):
        return "possible"
    orphan_seen = lock is not None and lock.owner is not None and lock.owner.orphaned is True
    if (hidden and not orphan_seen) or not _met(signature.proven, thread, answers):
        return "likely"
    return "proven"


def _lacking(signature: Signature, thread: Thread, answers: Answers, certainty: Certainty, reasons: Reasons) -> dict[str, Holds]:
    """The answers that the next certainty needs and that were not given, by fact, or by question for frames."""
    if certainty == "proven" or answers.method == "trace" or signature.kind == "wait":
        return {}
    requirement = signature.likely if certainty == "possible" else signature.proven
    tests = [test for test in requirement.all if answers.askable(test.name)]
    if not any(answers.holds(test, thread) == "yes" for test in requirement.any):
        tests += requirement.any
    lacking: dict[str, Holds] = {test.name: test.wanted for test in tests if answers.holds(test, thread) != "yes"}
    if certainty == "likely" and signature.proven:
        lacking |= dict.fromkeys(reasons.unseen_vetoes(), "no")
    return lacking


def _met(requirement: Requirement, thread: Thread, answers: Answers) -> bool:
    """Every fact of ``all`` that could be asked, and one of ``any``. Asking for nothing is never met."""
    if not requirement:
        return False
    asked = [test for test in requirement.all if answers.askable(test.name) or answers.holds(test, thread) == "no"]
    if requirement.all and not asked:
        return False
    if any(answers.holds(test, thread) != "yes" for test in asked):
        return False
    return not requirement.any or any(answers.holds(test, thread) == "yes" for test in requirement.any)


def _sentence(test: FactTest, answers: Answers, thread: Thread) -> str:
    """Why a fact of [match] speaks against it."""
    fact = answers.fact(test.name, thread)
    kind = FACTS[test.name]
    text = kind.no if fact.holds == "no" else kind.yes
    return f"{text} ({fact.value})" if fact.value else text


def _texts(patterns: tuple[Pattern, ...]) -> str:
    return " or ".join(pattern.text for pattern in patterns)
