"""What a snapshot means: ``(Snapshot, catalogue) -> Diagnosis``. Pure; reads nothing but the catalogue's files."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.diagnose.answers import Answers
from analyzer.diagnose.catalogue import Catalogue
from analyzer.diagnose.chain import chain
from analyzer.diagnose.fingerprint import fingerprint
from analyzer.diagnose.fits import Fits
from analyzer.diagnose.judge import Verdict, judge
from analyzer.diagnose.refine import most_exact
from analyzer.diagnose.signature import Signature
from analyzer.diagnose.status import Seen, status, stuck_threads
from analyzer.lean_dataclass import replace
from analyzer.model import Certainty, Diagnosis, Finding, NearMiss, Process, Reason, Snapshot, Thread, ThreadRef

__all__ = ["Catalogue", "diagnose"]

_ORDER: dict[Certainty, int] = {"proven": 0, "likely": 1, "possible": 2}


def diagnose(snapshot: Snapshot, catalogue: Catalogue, subject: ThreadRef | None = None) -> Diagnosis:
    """Judge every thread of every process by every signature.

    ``subject`` is what the person asked about; without it, the first process. Raises nothing: what could not be told
    stands in ``unexplained`` and in the reasons.
    """
    asked = subject
    if asked is None and snapshot.processes:
        asked = ThreadRef(snapshot.processes[0].pid)
    seen = [_look(snapshot, process, catalogue) for process in snapshot.processes]
    verdicts = [verdict for one in seen for verdict in one.verdicts]
    findings, waits = _findings(verdicts, asked)
    near = _near_misses(verdicts, findings)
    stuck = stuck_threads(seen)
    word, unexplained = status(seen, stuck, findings, asked)
    links = chain(snapshot, findings, asked)
    telling = [
        *(ThreadRef(one.process.pid, thread.tid) for one, thread in stuck),
        *(ThreadRef(link.pid, link.tid) for link in links[:1]),
    ]
    return Diagnosis(
        status=word,
        findings=findings,
        near_misses=near,
        chain=links,
        snapshot=snapshot,
        unexplained=unexplained,
        subject=subject,
        waits=waits,
        fingerprint=fingerprint(snapshot, catalogue, findings, telling),
    )


def _look(snapshot: Snapshot, process: Process, catalogue: Catalogue) -> Seen:
    answers = Answers(snapshot, process)
    fits = Fits(catalogue, process, trace=answers.method == "trace")
    verdicts = []
    for thread in process.threads:
        for signature in fits.candidates(thread):
            verdict = _judge(signature, thread, fits, answers)
            if verdict is not None:
                verdicts.append(verdict)
    return Seen(process, answers, fits, tuple(most_exact(verdicts)))


def _judge(signature: Signature, thread: Thread, fits: Fits, answers: Answers) -> Verdict | None:
    """Whatever is wrong with one signature, the others are asked."""
    try:
        return judge(signature, thread, fits, answers)
    except Exception as error:
        because = f"it could not be asked, because of a mistake in it or in hanganalyze: {error!r}"
        near = NearMiss(signature.id, signature.revision, answers.process.pid, thread.tid, because)
        return Verdict(signature, thread, near=near)


def _findings(verdicts: Sequence[Verdict], asked: ThreadRef | None) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Causes and waits, surest first, what was asked about before the rest; threads that say the same told once."""
    causes: dict[tuple[object, ...], list[Finding]] = {}
    waits: dict[tuple[object, ...], list[Finding]] = {}
    caused = {(one.finding.pid, one.finding.tid) for one in verdicts if one.finding and one.signature.kind == "cause"}
    for verdict in verdicts:
        found = verdict.finding
        if found is None:
            continue
        if verdict.signature.kind == "cause":
            place = _circle(found) or (found.lock.address if found.lock is not None else _spot(verdict, found))
            causes.setdefault((found.signature, found.pid, found.certainty, place), []).append(found)
        elif (found.pid, found.tid) not in caused:
            waits.setdefault((found.signature, found.pid), []).append(found)

    def rank(found: Finding) -> tuple[object, ...]:
        elsewhere = asked is not None and found.pid != asked.pid
        return (_ORDER[found.certainty], elsewhere, -len(found.matched_levels), found.signature, found.tid)

    def told(groups: dict[tuple[object, ...], list[Finding]]) -> tuple[Finding, ...]:
        found = [_told_once(group) for group in groups.values()]
        return tuple(sorted(found, key=rank)) if len(found) > 1 else tuple(found)

    return told(causes), told(waits)


def _circle(found: Finding) -> str | None:
    """The circle of threads that the finding speaks of, if it does: all its members say the same."""
    return next((one.value for one in found.reasons if one.fact == "lock-cycle" and one.holds == "yes"), None)


def _spot(verdict: Verdict, found: Finding) -> tuple[str | None, ...]:
    """The functions at the guilty frame and the one inside it: the place in the code."""
    levels = {found.guilty_level, max(found.matched_levels, default=None)}
    return tuple(frame.function for frame in verdict.thread.frames if frame.level in levels)


def _told_once(group: list[Finding]) -> Finding:
    if len(group) == 1:
        return group[0]
    others = [str(one.tid) for one in group[1:]]
    value = f"{len(others)} more: {', '.join(others[:20])}{', ...' if len(others) > 20 else ''}"
    how = group[0].reasons[0].how if group[0].reasons else ""
    more = Reason("Are there more threads of which this holds?", "yes", value, how)
    return replace(group[0], reasons=(*group[0].reasons, more))


def _near_misses(verdicts: Sequence[Verdict], findings: tuple[Finding, ...]) -> tuple[NearMiss, ...]:
    """Each signature's near misses, once a process and reason; none where the signature was found there anyway."""
    found = {(one.signature, one.pid) for one in findings}
    once: dict[tuple[str, int, str], NearMiss] = {}
    for verdict in verdicts:
        near = verdict.near
        if near is not None and (near.signature, near.pid) not in found:
            once.setdefault((near.signature, near.pid, near.because), near)
    return tuple(once.values())
