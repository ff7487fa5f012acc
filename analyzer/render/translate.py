"""A diagnosis in the words of another language: what signatures and facts say in it, where a translation fits.

Only what a page shows: the saved result speaks the language of the catalogue, so that tools and colleagues can compare it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from analyzer.lean_dataclass import replace
from analyzer.model.facts import FACTS
from analyzer.render.words import ENGLISH

if TYPE_CHECKING:
    from analyzer.model import Diagnosis, Fact, Finding, Process, Reason, ReferencePhoto, Thread
    from analyzer.render.words import Words


def translated(diagnosis: Diagnosis, words: Words) -> Diagnosis:
    """The same diagnosis; what has no translation stays as it is."""
    if words is ENGLISH:
        return diagnosis
    processes = tuple(_process(process, words) for process in diagnosis.snapshot.processes)
    return replace(
        diagnosis,
        findings=tuple(_finding(one, words) for one in diagnosis.findings),
        waits=tuple(_finding(one, words) for one in diagnosis.waits),
        chain=tuple(replace(link, waits=words.said(link.waits)) for link in diagnosis.chain),
        snapshot=replace(diagnosis.snapshot, processes=processes),
        reference=_reference(diagnosis.reference, words),
    )


def _finding(finding: Finding, words: Words) -> Finding:
    from analyzer.data import folder
    from analyzer.diagnose.translations import digest, read_translation

    finding = replace(finding, reasons=tuple(_asked(reason, reason.fact, words) for reason in finding.reasons))
    found = read_translation(folder("signatures"), words.catalogue, finding.signature)
    # A stranger's signature may have the same id, and a result of an older version another text.
    if found is None or found.english != digest(finding.title, finding.summary, finding.remedy):
        return finding
    return replace(finding, title=found.title, summary=found.summary, remedy=found.remedy)


def _reference(photo: ReferencePhoto | None, words: Words) -> ReferencePhoto | None:
    return photo and replace(photo, processes=tuple(_process(process, words) for process in photo.processes))


def _process(process: Process, words: Words) -> Process:
    facts = tuple(_asked(fact, fact.name, words) for fact in process.facts)
    return replace(process, facts=facts, threads=tuple(_thread(thread, words) for thread in process.threads))


def _thread(thread: Thread, words: Words) -> Thread:
    return thread if thread.wait is None else replace(thread, wait=replace(thread.wait, text=words.said(thread.wait.text)))


Question = TypeVar("Question", "Fact", "Reason")


def _asked(question: Question, fact: str | None, words: Words) -> Question:
    kind = FACTS.get(fact or "")
    asked = words.said(question.asked)
    if kind is not None and kind.asked == question.asked:
        asked = words.questions.get(kind.name, question.asked)
    return replace(question, asked=asked, value=words.said(question.value))
