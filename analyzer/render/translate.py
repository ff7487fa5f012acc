"""A diagnosis in the words of another language: what signatures and facts say in it, where a translation fits.

Only what a page shows: the saved result speaks the language of the catalogue, so that tools and colleagues can compare it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from analyzer.lean_dataclass import replace
from analyzer.model.facts import FACTS
from analyzer.render.words import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.model import Capture, Diagnosis, Fact, Finding, Process, Reason, ReferencePhoto, Thread
    from analyzer.render.words import Words


def translated(diagnosis: Diagnosis, words: Words) -> Diagnosis:
    """The same diagnosis; what has no translation stays as it is."""
    if words is ENGLISH:
        return diagnosis
    words = words.knowing(dict(_signature_texts(diagnosis, words)))
    snapshot = diagnosis.snapshot
    processes = tuple(_process(process, words) for process in snapshot.processes)
    return replace(
        diagnosis,
        findings=tuple(_finding(one, words) for one in diagnosis.findings),
        waits=tuple(_finding(one, words) for one in diagnosis.waits),
        near_misses=tuple(replace(one, because=words.said(one.because)) for one in diagnosis.near_misses),
        chain=tuple(replace(link, waits=words.said(link.waits)) for link in diagnosis.chain),
        unexplained=tuple(map(words.said, diagnosis.unexplained)),
        snapshot=replace(
            snapshot,
            processes=processes,
            capture=_capture(snapshot.capture, words),
            notes=tuple(words.said(note) for note in snapshot.notes),
        ),
        reference=_reference(diagnosis.reference, words),
    )


def translated_title(signature: str | None, title: str, words: Words) -> str:
    """A title that stands alone, without the rest of its signature: as the shipped one translates it, else as ``said`` does."""
    from analyzer.data import folder
    from analyzer.diagnose.translations import digest, read_translation

    if words is ENGLISH:
        return title
    found = read_translation(folder("signatures"), words.catalogue, signature) if signature else None
    if found is None or signature is None:
        return words.said(title)
    import tomllib

    english = tomllib.loads((folder("signatures") / f"{signature}.toml").read_text(encoding="utf-8"))
    same = english["title"] == title and digest(title, english["summary"], english["remedy"]) == found.english
    return found.title if same else title


def _signature_texts(diagnosis: Diagnosis, words: Words) -> Iterator[tuple[str, str]]:
    """What the signatures found here say, and its translation: their title and remedy stand inside sentences of the diagnosis."""
    for one in (*diagnosis.waits, *diagnosis.findings):
        other = _finding(one, words)
        if other.title != one.title:
            yield one.title, other.title
            yield f"{one.title[:1].lower()}{one.title[1:]}", other.title
            yield one.remedy, other.remedy


def _finding(finding: Finding, words: Words) -> Finding:
    from analyzer.data import folder
    from analyzer.diagnose.translations import digest, read_translation

    english = finding
    affected = finding.affected and replace(finding.affected, value=words.said(finding.affected.value))
    reasons = tuple(_asked(reason, reason.fact, words) for reason in finding.reasons)
    finding = replace(finding, reasons=reasons, affected=affected)
    found = read_translation(folder("signatures"), words.catalogue, finding.signature)
    # A stranger's signature may have the same id, and a result of an older version another text.
    if found is None or found.english != digest(english.title, english.summary, english.remedy):
        return finding
    return replace(finding, title=found.title, summary=found.summary, remedy=found.remedy)


def _capture(capture: Capture, words: Words) -> Capture:
    notes = tuple(words.said(note) for note in capture.notes)
    return replace(capture, why=capture.why and words.said(capture.why), notes=notes)


def _reference(photo: ReferencePhoto | None, words: Words) -> ReferencePhoto | None:
    return photo and replace(photo, processes=tuple(_process(process, words) for process in photo.processes))


def _process(process: Process, words: Words) -> Process:
    facts = tuple(_asked(fact, fact.name, words) for fact in process.facts)
    threads = tuple(_thread(thread, words) for thread in process.threads)
    return replace(process, facts=facts, threads=threads, capture=process.capture and _capture(process.capture, words))


def _thread(thread: Thread, words: Words) -> Thread:
    if thread.wait is None and thread.problem is None:
        return thread
    wait = thread.wait and replace(thread.wait, text=words.said(thread.wait.text))
    return replace(thread, wait=wait, problem=thread.problem and words.said(thread.problem))


Question = TypeVar("Question", "Fact", "Reason")


def _asked(question: Question, fact: str | None, words: Words) -> Question:
    kind = FACTS.get(fact or "")
    asked = words.said(question.asked)
    if kind is not None and kind.asked == question.asked:
        asked = words.questions.get(kind.name, question.asked)
    return replace(question, asked=asked, value=words.said(question.value))
