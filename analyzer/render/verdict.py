"""What stands first in every format: one sentence, how sure it is, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from analyzer.render.chain import story
from analyzer.render.figures import runs_to_prove
from analyzer.render.find import process_of, subject_pid, thread_in
from analyzer.render.safe import first_sentence, paragraphs, sentences, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.model import Diagnosis, Finding, Reason
    from analyzer.render.words import Words


WEIGHT = ("proven", "likely", "match", "veto")
TITLE_LIMIT = 300
USUAL_RATE = 1 / 200
"""How often the fork lock hangs in the field, as reported for s390x."""


class Verdict(NamedTuple):
    """The head of the report."""

    tone: str
    """proven, likely, possible, hung, not-hung or unclear: chooses the colour, which only repeats what the words say."""
    sentence: str
    """The verdict, with a full stop."""
    surety: str
    """One word: how sure."""
    surety_means: str
    """What that word rests on."""
    remark: str | None
    """How the process that was asked for comes into it, when the finding speaks of another."""
    fix: str
    """What to do, short."""
    verify: str
    """The command that shows whether it is mended, or what to do next."""


def verdict(diagnosis: Diagnosis, words: Words) -> Verdict:
    """The head of the report for any status."""
    finding = diagnosis.findings[0] if diagnosis.findings else None
    asked = words.process(process_of(diagnosis, subject_pid(diagnosis)), subject_pid(diagnosis) or 0)
    if finding is None:
        return _without_finding(diagnosis, words, asked)
    hung = words.process(process_of(diagnosis, finding.pid), finding.pid)
    remark = None
    if subject_pid(diagnosis) not in (None, finding.pid):
        remark = words("verdict.asked-for-another", asked=asked, hung=hung)
    return Verdict(
        tone=finding.certainty,
        sentence=words(f"verdict.{finding.certainty}", process=hung, title=_clause(finding.title)),
        surety=words(f"certainty.{finding.certainty}"),
        surety_means=_rests_on(finding, words),
        remark=remark,
        fix=_fix(finding, words),
        verify=words("verify.command", runs=runs_needed(diagnosis)),
    )


def by_weight(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The reasons that decide first, then what makes it likely, then the stack, then what would have ruled it out."""
    return tuple(sorted(reasons, key=lambda reason: WEIGHT.index(reason.decides)))


def runs_needed(diagnosis: Diagnosis) -> int:
    """Clean runs that prove a fix: at the rate that trials without fix and widener showed, else at one hang in 200 runs.

    A rate seen with a widener says nothing about how often the user's own program hangs.
    """
    trials = diagnosis.reference.trials if diagnosis.reference else ()
    plain = [one for one in trials if one.fix == "none" and one.widener == "off" and one.hung]
    return runs_to_prove(plain[0].hung / plain[0].runs if plain else USUAL_RATE) or 1


def _clause(title: str) -> str:
    """A title inside a sentence: a first word like any other begins small («A libc call», not «GPU» or «PostgreSQL»)."""
    told = visible(title, TITLE_LIMIT).strip().rstrip(".")
    return told[0].lower() + told[1:] if re.match(r"(?:A|[A-Z][a-z]+) ", told) else told


def _rests_on(finding: Finding, words: Words) -> str:
    key = f"certainty-means.{finding.certainty}"
    if finding.certainty == "proven":
        # A signature may need a no as well as a yes; proven means that every one was as it needs.
        return words.count(key, len([one for one in finding.reasons if one.decides == "proven"]) or 1)
    held = [one for one in finding.reasons if one.holds == "yes" and one.decides in ("likely", "proven")]
    told = words.count(key, len(held)) if held else words(f"{key}.none")
    lacking = sum(one.needed is not None for one in finding.reasons)
    return sentences(told, words.count("evidence.lacking", lacking)) if lacking and finding.certainty == "likely" else told


def _fix(finding: Finding, words: Words) -> str:
    """The version to install when it is known to help, then how each of the remedy's first two paragraphs begins."""
    affected = finding.affected
    remedy = sentences(*map(first_sentence, paragraphs(finding.remedy)[:2])) or words("remedy.none")
    if affected is None or affected.fixed_in is None or affected.holds != "yes":
        return remedy
    installed = affected.installed or words("value.unknown")
    update = words("fix.update", package=affected.package, installed=installed, fixed=affected.fixed_in)
    return sentences(update, remedy)


def _without_finding(diagnosis: Diagnosis, words: Words, asked: str) -> Verdict:
    status = diagnosis.status if diagnosis.status != "root-cause" else "unclear"
    thread = thread_in(process_of(diagnosis, subject_pid(diagnosis)), diagnosis.subject.tid if diagnosis.subject else None)
    # What the waits lead on to is the best advice there is without a cause.
    leads = sentences(*(first_sentence(part) for one in diagnosis.waits[:1] for part in paragraphs(one.remedy)[:2]))
    remark = None
    if status == "hung" and diagnosis.chain:
        remark = story(diagnosis, words).sentences[0]  # whom the rest waits for tells more than what the main thread does
    elif thread is not None and thread.wait is not None and status != "unclear":
        which = "chain.main-thread" if thread.tid == subject_pid(diagnosis) else "chain.thread"
        remark = words("verdict.waits", thread=words(which, tid=thread.tid), waits=thread.wait.text)
    seen = status if diagnosis.snapshot.processes else "nothing"  # a text without any stack
    method = diagnosis.snapshot.capture.method
    # More rights are of no use to whoever has a text or a core only.
    advice = f"{seen}.{method}" if seen == "unclear" and method in ("trace", "core") else seen
    return Verdict(
        tone=status,
        sentence=words(f"verdict.{seen}", process=asked),
        surety=words(f"status.{status}"),
        surety_means=words(f"status-means.{status}"),
        remark=remark,
        fix=(leads if status == "hung" else "") or words(f"next.{advice}"),
        verify=words(f"next-command.{advice}", pid=subject_pid(diagnosis) or "PID"),
    )
