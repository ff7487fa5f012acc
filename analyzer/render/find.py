"""Finding things in a Diagnosis: the process a finding speaks of, the thread asked for, the innermost telling frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.render.frames import is_libc, is_runtime, is_wait, normalised, spoken
from analyzer.render.safe import first_sentence, paragraphs, sentences

if TYPE_CHECKING:
    from analyzer.model import ChainLink, Diagnosis, Fact, Finding, Frame, Process, Thread
    from analyzer.render.words import Words


def process_of(diagnosis: Diagnosis, pid: int | None) -> Process | None:
    """The process of the family with this pid."""
    return next((process for process in diagnosis.snapshot.processes if process.pid == pid), None)


def thread_in(process: Process | None, tid: int | None) -> Thread | None:
    """The thread of a process with this tid; without a tid the main one."""
    if process is None or not process.threads:
        return None
    if tid is None:
        return process.threads[0]
    return next((thread for thread in process.threads if thread.tid == tid), None)


def subject_pid(diagnosis: Diagnosis) -> int | None:
    """The pid that was asked for; the first of the family where the diagnosis does not say."""
    if diagnosis.subject is not None:
        return diagnosis.subject.pid
    return diagnosis.snapshot.processes[0].pid if diagnosis.snapshot.processes else None


def fact_of(process: Process | None, name: str, tid: int | None = None) -> Fact | None:
    """The fact of this name about a process, or about one thread of it and no other."""
    if process is None:
        return None
    facts = (fact for fact in process.facts if fact.name == name and (tid is None or fact.tid in (None, tid)))
    return next(facts, None)


def findings_of(diagnosis: Diagnosis, pid: int, tid: int) -> tuple[Finding, ...]:
    """Findings about one thread, surest first."""
    return tuple(one for one in diagnosis.findings if (one.pid, one.tid) == (pid, tid))


def told_of(diagnosis: Diagnosis, one: Finding, words: Words) -> str:
    """A finding or a wait in one line: what, how surely, who."""
    process = words.process(process_of(diagnosis, one.pid), one.pid)
    certainty = words(f"certainty.{one.certainty}").lower()
    return words("evidence.other", title=one.title, certainty=certainty, process=process, tid=one.tid)


def wait_told(diagnosis: Diagnosis, one: Finding, words: Words) -> str:
    """A wait that is no cause, in one line with what leads on from it."""
    process = words.process(process_of(diagnosis, one.pid), one.pid)
    leads = sentences(*(first_sentence(part) for part in paragraphs(one.remedy)[:1]))
    return words("chain.other-wait", title=one.title, process=process, tid=one.tid, leads=leads).strip()


def telling_frame(thread: Thread | None) -> Frame | None:
    """The frame that tells a reader where a thread is: the innermost that is neither waiting nor runtime code."""
    if thread is None:
        return None
    named = [frame for frame in thread.frames if frame.function]
    own = (frame for frame in named if not is_wait(frame) and not is_runtime(frame))
    return next(own, named[0] if named else None)


def guilty_call(thread: Thread | None, finding: Finding | None) -> tuple[str | None, str | None]:
    """Who called, and what was called, at the finding's guilty level; None where a frame has no name or there is no level."""
    level = finding.guilty_level if finding else None
    if level is None or thread is None:
        return None, None
    frames = {frame.level: frame for frame in thread.frames}
    if level in frames and is_libc(frames[level]):
        level += 1  # where the caller has no frame of its own, the libc function it called is named instead
    caller, called = frames.get(level), frames.get(level - 1)
    return (normalised(caller.function) if caller else None), (spoken(called.function) if called else None)


def next_link(diagnosis: Diagnosis, link: ChainLink) -> ChainLink | None:
    """The link of the chain that this one waits for."""
    if link.for_ is None:
        return None
    same = (one for one in diagnosis.chain if one.pid == link.for_.pid and link.for_.tid in (None, one.tid))
    return next(same, None)
