"""The summary for a terminal: verdict, chain as a tree, the reasons that decide, what to do and what to type next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.render.chain import story, tree
from analyzer.render.columns import columns
from analyzer.render.find import process_of, subject_pid, thread_in, wait_told
from analyzer.render.groups import stack_lines
from analyzer.render.lines import Line, lay_out_lines
from analyzer.render.markdown import affected, answer, stack_text
from analyzer.render.safe import visible
from analyzer.render.translate import translated
from analyzer.render.verdict import verdict
from analyzer.render.words import ENGLISH, Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.model import Diagnosis, Reason

STYLES = {
    "proven": "bold red",
    "likely": "bold red",
    "possible": "bold yellow",
    "hung": "bold yellow",
    "not-hung": "bold green",
    "unclear": "bold yellow",
}
MARKS = {"yes": "green", "no": "red", "unknown": "yellow"}
STACK_LIMIT = 12
REASONS_LIMIT = 6
UNEXPLAINED_LIMIT = 4
WAITS_LIMIT = 4


def to_text(diagnosis: Diagnosis, words: Words = ENGLISH, *, width: int = 100, colour: bool = False) -> str:
    """The summary, wrapped at ``width`` columns, ends with a newline. ``colour`` adds terminal styles, unless NO_COLOR is set."""
    diagnosis = translated(diagnosis, words)
    return lay_out_lines(_parts(diagnosis, words), width=width, colour=colour)


def _parts(diagnosis: Diagnosis, words: Words) -> Iterator[Line]:
    head = verdict(diagnosis, words)
    yield Line((visible(head.sentence, 600), STYLES[head.tone]))
    yield Line((head.surety + words("text.stop") + " ", "bold"), visible(head.surety_means))
    if head.remark:
        yield Line(visible(head.remark, 600))
    chain = tree(story(diagnosis, words), words)
    if chain:
        yield Line(("\n" + words("text.chain"), "bold"))
        yield from (_branch(visible(line, 400)) for line in chain)
    elif diagnosis.status in ("hung", "unclear"):
        yield from _top_of_stack(diagnosis, words)
    if diagnosis.waits and not diagnosis.findings:
        yield Line(("\n" + words("text.waits"), "bold"))
        waits = (wait_told(diagnosis, one, words) for one in diagnosis.waits[:WAITS_LIMIT])
        yield from (Line("  ", visible(told, 400), indent=2) for told in waits)
    reasons = _decisive(diagnosis)
    if reasons:
        yield Line(("\n" + words("text.why"), "bold"))
    for reason in reasons:
        told = f"{visible(reason.asked, 400)} {visible(reason.value, 400)}" + ("\n" if reason.how else "")
        how = words("text.how", how=visible(reason.how, 400)) if reason.how else ""
        mark = (answer(reason, words).ljust(3), MARKS[reason.holds])
        yield Line("  ", mark, "  ", told, (how, "dim"), indent=4 + columns(mark[0]))
    if diagnosis.unexplained and diagnosis.status == "unclear":
        yield Line(("\n" + words("heading.unexplained"), "bold"))
        yield from (Line("  ", visible(told, 600), indent=2) for told in diagnosis.unexplained[:UNEXPLAINED_LIMIT])
    yield Line("\n", (words("text.fix") + "  ", "bold"), visible(head.fix, 900))
    finding = diagnosis.findings[0] if diagnosis.findings else None
    if finding is not None and finding.affected is not None:
        told = " ".join(filter(None, (affected(finding, words), finding.affected.value and f"({finding.affected.value})")))
        yield Line((words("heading.affected") + "  ", "bold"), visible(told, 900))
    yield Line((words("text.next") + " ", "bold"), visible(head.verify, 400))
    if diagnosis.redactions:
        yield Line((words.count("text.redacted", len(diagnosis.redactions)), "dim"))


def _decisive(diagnosis: Diagnosis) -> list[Reason]:
    """The reasons that make the surest finding as sure as it is; all of them where none decides."""
    if not diagnosis.findings:
        return []
    reasons = diagnosis.findings[0].reasons
    wanted = [reason for reason in reasons if reason.decides == "proven"] or list(reasons)
    return wanted[:REASONS_LIMIT]


def _top_of_stack(diagnosis: Diagnosis, words: Words) -> Iterator[Line]:
    subject = diagnosis.subject.tid if diagnosis.subject else None
    thread = thread_in(process_of(diagnosis, subject_pid(diagnosis)), subject)
    if thread is None or not thread.frames:
        return
    yield Line(("\n" + words("chain.thread", tid=thread.tid).capitalize(), "bold"))
    yield from (Line(stack_text(line, words), whole=True) for line in stack_lines(thread)[:STACK_LIMIT])


def _branch(line: str) -> Line:
    """A row of the chain's tree; what does not fit goes on below its own beginning."""
    bare = line.lstrip(" └─")
    return Line("  ", line, indent=2 + len(line) - len(bare))
