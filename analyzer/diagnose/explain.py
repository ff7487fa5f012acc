"""Clause by clause, why a signature fits a thread or does not: yes, no or unknown, and the frame or fact that decided."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from analyzer.diagnose.answers import Answers
from analyzer.diagnose.catalogue import Catalogue
from analyzer.diagnose.fingerprint import digest, made_of
from analyzer.diagnose.fits import Fits
from analyzer.diagnose.judge import Verdict, judge
from analyzer.diagnose.pattern import Pattern
from analyzer.diagnose.reasons import frames_told
from analyzer.diagnose.signature import FactTest, Signature
from analyzer.lean_dataclass import dataclass
from analyzer.model import Certainty, Holds, Snapshot, Thread, ThreadRef

Word = Certainty | Literal["near-miss", "unclear", "no"]
_RANK: dict[Word, int] = {"proven": 0, "likely": 1, "possible": 2, "near-miss": 3, "unclear": 4, "no": 5}


@dataclass(frozen=True)
class Clause:
    """One clause of a signature, or one condition in it."""

    name: str
    """match, near, veto, likely or proven; for a condition its text as it stands in the file."""
    holds: Holds
    """Whether the clause is met; a veto that holds speaks against."""
    decided_by: str
    """The frame or fact that decided, in words."""
    parts: tuple[Clause, ...] = ()
    """The conditions of a clause."""


@dataclass(frozen=True)
class Explanation:
    """One signature and the thread that comes closest to it."""

    signature: str
    thread: ThreadRef | None
    """None where the snapshot has no thread."""
    word: Word
    """The verdict."""
    failed: str | None
    """For a near miss and a no: the one clause that failed."""
    clauses: tuple[Clause, ...] = ()
    fingerprint: str | None = None
    """For a finding: what tells this bug from others."""
    made_of: tuple[str, ...] = ()
    """The words the fingerprint was made from."""


def explain(snapshot: Snapshot, catalogue: Catalogue, identity: str, subject: ThreadRef | None = None) -> Explanation:
    """Explain the signature ``identity``; KeyError where there is none. ``subject`` narrows it to a process or thread."""
    signature = catalogue.by_id[identity]
    best: tuple[tuple[int, int], Explanation] | None = None
    for process in snapshot.processes:
        if subject is not None and process.pid != subject.pid:
            continue
        answers = Answers(snapshot, process)
        fits = Fits(catalogue, process, trace=answers.method == "trace")
        for thread in process.threads:
            if subject is not None and subject.tid not in (None, thread.tid):
                continue
            verdict = judge(signature, thread, fits, answers)
            word = _word(verdict)
            rank = (_RANK[word], -_closeness(signature, thread, fits))
            if best is None or rank < best[0]:
                best = (rank, _explained(signature, thread, fits, answers, verdict, word))
    return best[1] if best is not None else Explanation(identity, None, "no", "there is no thread to look at")


def _word(verdict: Verdict | None) -> Word:
    if verdict is None:
        return "no"
    if verdict.finding is not None:
        return verdict.finding.certainty
    return "near-miss" if verdict.near is not None else "unclear"


def _closeness(signature: Signature, thread: Thread, fits: Fits) -> int:
    """How far the best pattern of the signature got."""
    return max((fits.gave_up(thread, pattern)[0] for pattern in signature.match.frames), default=0)


def _explained(
    signature: Signature, thread: Thread, fits: Fits, answers: Answers, verdict: Verdict | None, word: Word
) -> Explanation:
    clauses = [_match(signature, thread, fits, answers)]
    for near in signature.near if clauses[0].holds != "yes" else ():
        clauses.append(_joined("near", [_frames(pattern, thread, fits) for pattern in near.frames], near.because))
    for veto in signature.veto:
        parts = [_frames(pattern, thread, fits) for pattern in veto.frames]
        parts += [_others(pattern, thread, fits) for pattern in veto.others]
        parts += [_fact(test, thread, answers) for test in veto.facts]
        clauses.append(_joined("veto", parts, veto.because))
    for name, requirement in (("likely", signature.likely), ("proven", signature.proven)):
        if requirement:
            # What nobody can ask of a core is not asked for, as long as the rest can be.
            asked = [test for test in requirement.all if answers.askable(test.name) or answers.holds(test, thread) == "no"]
            parts = [_fact(test, thread, answers) for test in asked or requirement.all]
            if requirement.any:
                parts.append(_joined("any of", [_fact(test, thread, answers) for test in requirement.any], ""))
            clauses.append(_all(name, parts))
    failed = None
    if verdict is not None and verdict.near is not None:
        failed = verdict.near.because
    elif word == "no":
        failed = next((part.decided_by for part in _leaves(clauses[0]) if part.holds != "yes"), clauses[0].decided_by)
    elif word == "unclear":
        failed = "frames are missing where they would decide"
    here = ThreadRef(answers.process.pid, thread.tid)
    if verdict is None or verdict.finding is None:
        return Explanation(signature.id, here, word, failed, tuple(clauses))
    words = made_of(signature.id, thread, verdict.finding, fits.catalogue)
    return Explanation(signature.id, here, word, failed, tuple(clauses), digest(words), words)


def _match(signature: Signature, thread: Thread, fits: Fits, answers: Answers) -> Clause:
    match = signature.match
    parts = []
    seen = [_frames(pattern, thread, fits) for pattern in match.frames]
    if match.waits:
        kind = thread.wait.kind if thread.wait is not None else None
        holds: Holds = "unknown" if kind is None else "yes" if kind in match.waits else "no"
        told = f"the kernel says: {thread.wait.text}" if thread.wait is not None else "the kernel was not asked"
        seen.insert(0, Clause(f"waits: {', '.join(sorted(match.waits))}", holds, told))
    if match.states:
        holds = "unknown" if thread.state is None else "yes" if thread.state in match.states else "no"
        told = f"state {thread.state}" if thread.state else "the state is not known"
        seen.insert(0, Clause(f"states: {', '.join(sorted(match.states))}", holds, told))
    if seen:
        parts.append(seen[0] if len(seen) == 1 else _joined("any of", seen, ""))
    if match.others:
        parts.append(_joined("others", [_others(pattern, thread, fits) for pattern in match.others], ""))
    parts += [_fact(test, thread, answers) for test in match.needs]
    facts = [_fact(test, thread, answers) for test in match.facts]
    decided = _all("match", [*parts, *(fact for fact in facts if fact.holds != "unknown")])  # an unknown refutes nothing
    return Clause(decided.name, decided.holds, decided.decided_by, (*parts, *facts))


def _frames(pattern: Pattern, thread: Thread, fits: Fits) -> Clause:
    holds, _ = fits.of(thread, (pattern,))
    if holds == "yes":
        return Clause(pattern.text, holds, frames_told(thread, fits.levels(thread, pattern), None))
    if not thread.frames:
        return Clause(pattern.text, "unknown", "the stack was not seen")
    count, level = fits.gave_up(thread, pattern)
    wanted = pattern.elements[count].text if count < len(pattern.elements) else "more"
    if holds == "unknown":
        return Clause(pattern.text, holds, f"frames are missing where {wanted} could be")
    if level is None:
        return Clause(pattern.text, holds, f"the stack ends before {wanted}")
    frame = next(frame for frame in thread.frames if frame.level == level)
    return Clause(pattern.text, holds, f"#{level} {frame.function or '??'} is not {wanted}")


def _others(pattern: Pattern, thread: Thread, fits: Fits) -> Clause:
    holds, other = fits.others(thread, (pattern,))
    told = f"thread {other.tid}" if other is not None else "no other thread that was seen"
    return Clause(f"another thread: {pattern.text}", holds, told)


def _fact(test: FactTest, thread: Thread, answers: Answers) -> Clause:
    fact = answers.fact(test.name, thread)
    told = f"{fact.name} is {fact.holds}" + (f", {fact.value}" if fact.value else "")
    return Clause(test.text, answers.holds(test, thread), told)


def _all(name: str, parts: list[Clause]) -> Clause:
    """Every part must hold."""
    for wanted in ("no", "unknown"):
        for part in parts:
            if part.holds == wanted:
                return Clause(name, part.holds, part.decided_by, tuple(parts))
    return Clause(name, "yes", "every part", tuple(parts))


def _joined(name: str, parts: list[Clause], because: str) -> Clause:
    """One part is enough."""
    for wanted in ("yes", "unknown"):
        for part in parts:
            if part.holds == wanted:
                told = f"{because}: {part.decided_by}" if because else part.decided_by
                return Clause(name, part.holds, told, _several(parts))
    told = parts[0].decided_by if len(parts) == 1 else "none of them"
    return Clause(name, "no", f"{because}: {told}" if because else told, _several(parts))


def _several(parts: list[Clause]) -> tuple[Clause, ...]:
    """The parts, where there is more to tell than the clause itself tells."""
    return tuple(parts) if len(parts) > 1 else ()


def _leaves(clause: Clause) -> Iterable[Clause]:
    if not clause.parts:
        yield clause
    for part in clause.parts:
        yield from _leaves(part)


def lines(explanation: Explanation) -> list[str]:
    """The explanation as indented lines of plain text."""
    where = ""
    if explanation.thread is not None:
        where = f", thread {explanation.thread.tid} of process {explanation.thread.pid}"
    told = [f"{explanation.signature}: {explanation.word}{where}"]
    if explanation.failed is not None:
        told.append(f"  because {explanation.failed}")

    def tell(clause: Clause, depth: int) -> None:
        told.append(f"{'  ' * depth}{clause.holds:<8}{clause.name}: {clause.decided_by}")
        for part in clause.parts:
            tell(part, depth + 1)

    for clause in explanation.clauses:
        tell(clause, 1)
    if explanation.fingerprint is not None:
        told.append(f"  fingerprint {explanation.fingerprint}: {', '.join(explanation.made_of)}")
    return told
