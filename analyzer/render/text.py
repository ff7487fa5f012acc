"""The summary for a terminal: verdict, chain as a tree, the reasons that decide, what to do and what to type next."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from analyzer.render.chain import story, tree
from analyzer.render.find import process_of, subject_pid, thread_in, wait_told
from analyzer.render.groups import stack_lines
from analyzer.render.markdown import affected, stack_text
from analyzer.render.safe import visible
from analyzer.render.terminal import lay_out
from analyzer.render.translate import translated
from analyzer.render.verdict import verdict
from analyzer.render.words import ENGLISH, Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.text import Text

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
WAITS_LIMIT = 4


def to_text(diagnosis: Diagnosis, words: Words = ENGLISH, *, width: int = 100, colour: bool = False) -> str:
    """The summary, wrapped at ``width`` columns, ends with a newline. ``colour`` adds terminal styles, unless NO_COLOR is set."""
    diagnosis = translated(diagnosis, words)
    return lay_out(_parts(diagnosis, words), width=width, colour=colour)


def import_rich() -> None:
    """Its modules are slow to import and used inside the functions only."""
    for name in ("console", "table", "text"):
        import_module(f"rich.{name}")


def _parts(diagnosis: Diagnosis, words: Words) -> Iterator[RenderableType]:
    """Everything as Text objects: their content is never read as markup, whatever a name holds."""
    from rich.text import Text

    head = verdict(diagnosis, words)
    yield Text(visible(head.sentence, 600), STYLES[head.tone])
    yield Text.assemble((head.surety + words("text.stop") + " ", "bold"), visible(head.surety_means))
    if head.remark:
        yield Text(visible(head.remark, 600))
    chain = tree(story(diagnosis, words), words)
    if chain:
        yield Text("\n" + words("text.chain"), "bold")
        yield from (_branch(visible(line, 400)) for line in chain)
    elif diagnosis.status in ("hung", "unclear"):
        yield from _top_of_stack(diagnosis, words)
    if diagnosis.waits and not diagnosis.findings:
        yield Text("\n" + words("text.waits"), "bold")
        waits = (wait_told(diagnosis, one, words) for one in diagnosis.waits[:WAITS_LIMIT])
        yield from (_hanging(Text("  "), Text(visible(told, 400))) for told in waits)
    reasons = _decisive(diagnosis)
    if reasons:
        yield Text("\n" + words("text.why"), "bold")
    for reason in reasons:
        told = f"{visible(reason.asked, 400)} {visible(reason.value, 400)}\n"
        how = words("text.how", how=visible(reason.how, 400))
        mark = (words.choice("holds", reason.holds).ljust(3), MARKS[reason.holds])
        yield _hanging(Text.assemble("  ", mark, "  "), Text.assemble(told, (how, "dim")))
    yield Text.assemble("\n", (words("text.fix") + "  ", "bold"), visible(head.fix, 900))
    finding = diagnosis.findings[0] if diagnosis.findings else None
    if finding is not None and finding.affected is not None:
        told = " ".join(filter(None, (affected(finding, words), finding.affected.value and f"({finding.affected.value})")))
        yield Text.assemble((words("heading.affected") + "  ", "bold"), visible(told, 900))
    yield Text.assemble((words("text.next") + " ", "bold"), visible(head.verify, 400))
    if diagnosis.redactions:
        yield Text(words.count("text.redacted", len(diagnosis.redactions)), "dim")


def _decisive(diagnosis: Diagnosis) -> list[Reason]:
    """The reasons that make the surest finding as sure as it is; all of them where none decides."""
    if not diagnosis.findings:
        return []
    reasons = diagnosis.findings[0].reasons
    wanted = [reason for reason in reasons if reason.decides == "proven"] or list(reasons)
    return wanted[:REASONS_LIMIT]


def _top_of_stack(diagnosis: Diagnosis, words: Words) -> Iterator[RenderableType]:
    from rich.text import Text

    subject = diagnosis.subject.tid if diagnosis.subject else None
    thread = thread_in(process_of(diagnosis, subject_pid(diagnosis)), subject)
    if thread is None or not thread.frames:
        return
    yield Text("\n" + words("chain.thread", tid=thread.tid).capitalize(), "bold")
    yield from (Text(stack_text(line, words), no_wrap=True, overflow="ellipsis") for line in stack_lines(thread)[:STACK_LIMIT])


def _branch(line: str) -> RenderableType:
    from rich.text import Text

    bare = line.lstrip(" └─")
    return _hanging(Text("  " + line[: len(line) - len(bare)]), Text(bare))


def _hanging(head: Text, body: Text) -> RenderableType:
    """Continuation lines of ``body`` stand below its own beginning, not below ``head``."""
    from rich.table import Table

    grid = Table.grid(padding=0)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(head, body)
    return grid
