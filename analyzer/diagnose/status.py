"""One word for the whole: root-cause, hung, not-hung or unclear; and what stays without an explanation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.diagnose import advice
from analyzer.diagnose.answers import Answers
from analyzer.diagnose.fits import Fits
from analyzer.diagnose.gaps import gaps
from analyzer.diagnose.judge import Verdict
from analyzer.diagnose.signature import Signature
from analyzer.diagnose.symbols import normalise
from analyzer.lean_dataclass import dataclass
from analyzer.model import CaptureMethod, Finding, Process, Status, Thread, ThreadRef

_LIMIT = 12  # sentences; a process of a thousand threads must not bury the rest


@dataclass(frozen=True)
class Seen:
    """One process, and what the signatures said of its threads."""

    process: Process
    answers: Answers
    fits: Fits
    verdicts: tuple[Verdict, ...]


Stuck = list[tuple[Seen, Thread]]


def stuck_threads(seen: Sequence[Seen]) -> Stuck:
    """Threads that wait without a timeout for a lock."""
    return [(one, thread) for one in seen for thread in one.process.threads if _stuck(one, thread)]


def status(
    seen: Sequence[Seen], stuck: Stuck, findings: tuple[Finding, ...], asked: ThreadRef | None
) -> tuple[Status, tuple[str, ...]]:
    """The word, and the sentences for ``Diagnosis.unexplained``."""
    if any(finding.certainty in ("likely", "proven") for finding in findings):
        return "root-cause", ()
    explained = {(finding.pid, finding.tid) for finding in findings}
    sentences = [text for one in seen for text in _cut(one)]
    told = explained | {(one.process.pid, thread.tid) for one, thread in stuck}
    hung = [(one, thread) for one, thread in stuck if _still(one)]
    sentences += _told_once(
        (one.process.pid, thread.tid, _stuck_words(one, thread))
        for one, thread in stuck
        if (one.process.pid, thread.tid) not in explained
    )
    possible = [_possible(finding, seen) for finding in findings[:3]]
    subject = next((one for one in seen if asked is None or one.process.pid == asked.pid), None)
    if hung:
        return "hung", _limited([*sentences, *possible])
    if subject is not None:
        if _alive(subject):
            return "not-hung", ()
        if not subject.process.threads:
            sentences.append(f"No thread of process {subject.process.pid} could be looked at.")
    sentences += _other_waits(subject, told) if subject is not None else []
    return "unclear", _limited([*sentences, *possible])


def _alive(one: Seen) -> bool:
    """A thread made progress or runs, or all waits end by themselves."""
    threads = one.process.threads
    if any(_moved(one, thread) or thread.state == "R" for thread in threads):
        return True
    return bool(threads) and all(thread.wait is not None and thread.wait.timed is True for thread in threads)


def _still(one: Seen) -> bool:
    """Nothing of it moved, as far as two samples tell; one sample alone tells nothing."""
    return bool(one.process.threads) and all(_moved(one, thread) is False for thread in one.process.threads)


def _moved(one: Seen, thread: Thread) -> bool | None:
    """Whether a thread made progress between two samples; None where there were no two."""
    if thread.moved is not None:
        return thread.moved
    still = one.answers.fact("no-progress", thread).holds
    return None if still == "unknown" else still == "no"


def _stuck(one: Seen, thread: Thread) -> bool:
    """The thread waits without a timeout for a lock: not for work, which is another kind of futex wait."""
    if thread.wait is not None and (thread.wait.timed or thread.wait.kind not in ("futex", "lock")):
        return False
    if one.answers.fact("futex-wait", thread).holds == "no" or one.fits.built_in("idle", thread) != "no":
        return False
    # A word that is not zero says «held» only of a lock, and only frames or a name say that it is one.
    lock = one.answers.lock(thread)
    named = lock is not None and lock.symbol is not None and bool(lock.word)
    return named or one.fits.built_in("lock", thread) == "yes"


def _stuck_words(one: Seen, thread: Thread) -> str:
    lock = one.answers.lock(thread)
    what = "a lock" if lock is None else lock.symbol or f"the lock at {lock.address}"
    names = [name for name in (normalise(frame.function) for frame in thread.frames) if name][:4]
    where = f" ({' <- '.join(names)})" if names else ""
    told = f"waits for {what}{where}"
    owner = lock.owner if lock is not None else None
    if owner is not None and owner.tid is not None:
        here = "" if owner.orphaned is not True else ", which is not in this process"
        return f"{told}, held by thread {owner.tid}{here}: look at what that thread does."
    return f"{told}: {advice.who_holds_it(one.answers.method)}"


def _cut(one: Seen) -> list[str]:
    """Threads of which a signature could not be told because frames are missing."""
    found: dict[int, list[str]] = {}
    for verdict in one.verdicts:
        if verdict.unclear:
            found.setdefault(verdict.thread.tid, []).append(verdict.signature.id)
    return [
        f"Frames of thread {tid} of process {one.process.pid} are missing where they would decide about "
        f"{', '.join(ids)}: {advice.whole_stack(one.answers.method)}"
        for tid, ids in found.items()
    ]


def _other_waits(one: Seen, told: set[tuple[int, int]]) -> list[str]:
    """What the threads of the process that was asked about wait for, equal waits told once, and what to look at next."""
    known = {verdict.thread.tid: verdict.signature for verdict in one.verdicts if verdict.finding is not None}
    pid = one.process.pid
    others = [thread for thread in one.process.threads if (pid, thread.tid) not in told]
    return _told_once((pid, thread.tid, _wait_words(thread, known.get(thread.tid), one.answers.method)) for thread in others)


def _told_once(waits: Iterable[tuple[int, int, str]]) -> list[str]:
    """(pid, tid, what the thread does) as sentences; threads of a process that do the same share one."""
    same: dict[tuple[int, str], list[int]] = {}
    for pid, tid, text in waits:
        same.setdefault((pid, text), []).append(tid)
    return [
        (f"Thread {tids[0]}" if len(tids) == 1 else f"Each of {len(tids)} threads ({tids[0]}, ...)") + f" of process {pid} {text}"
        for (pid, text), tids in same.items()
    ]


def _wait_words(thread: Thread, signature: Signature | None, method: CaptureMethod) -> str:
    if signature is not None:
        title = f"{signature.title[0].lower()}{signature.title[1:]}"
        told = thread.wait is not None and thread.wait.kind != "futex"
        what = f"waits for {thread.wait.text}" if told and thread.wait is not None else title
        return f"{what}. {signature.remedy}"
    unseen = advice.only_seen_from_the_kernel(thread) if method == "trace" else None
    if unseen is not None:
        return unseen
    if thread.wait is not None:
        return f"waits for {thread.wait.text}; whoever should provide it is the one to look at next."
    if gaps(thread) or not thread.frames:
        return f"could not be seen whole: {thread.problem or 'frames are missing, so nothing can be said of it'}."
    named = next((name for name in (normalise(frame.function) for frame in thread.frames) if name), None)
    if named is None:
        return f"has no frame with a name: {advice.names(method)}"
    return f"is in {named}, which no signature explains."


def _possible(finding: Finding, seen: Sequence[Seen]) -> str:
    """What would make a possible finding more than that."""
    missing = [reason.fact for reason in finding.reasons if reason.fact and reason.holds == "unknown"]
    method: CaptureMethod = next((one.answers.method for one in seen if one.process.pid == finding.pid), "trace")
    return advice.more_than_possible(finding.signature, method, missing)


def _limited(sentences: list[str]) -> tuple[str, ...]:
    once = list(dict.fromkeys(sentences))
    if len(once) <= _LIMIT:
        return tuple(once)
    return (*once[:_LIMIT], f"And {len(once) - _LIMIT} more like these.")
