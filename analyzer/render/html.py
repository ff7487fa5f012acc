"""The HTML report: one file, nothing fetched, complete without script. The page itself is reports/report.html.j2.

Every value passes two gates on its way into the page: ``finalize`` writes hidden characters out and cuts what is
endless, and autoescape makes the rest text. Neither can be forgotten in a template.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analyzer.data import folder
from analyzer.render.chain import story
from analyzer.render.compare import compare
from analyzer.render.drawing import narrow, wide
from analyzer.render.embed import embed
from analyzer.render.find import process_of, telling_frame, told_of, wait_told
from analyzer.render.frames import normalised, source_place
from analyzer.render.groups import Group, groups, stack_lines
from analyzer.render.json import to_json
from analyzer.render.markdown import affected, to_markdown
from analyzer.render.safe import NAME_LIMIT, TEXT_LIMIT, is_web, paragraphs, sentences, visible
from analyzer.render.surroundings import left_out, subject_name, surroundings
from analyzer.render.translate import translated
from analyzer.render.trials import trials
from analyzer.render.units import moment
from analyzer.render.verdict import by_weight, verdict
from analyzer.render.words import ENGLISH, Words

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.model import Diagnosis, Fact, Holds
    from analyzer.render.groups import StackLine

STACK_BUDGET = 110_000
"""Characters of HTML for stacks that the page shows in full; further stacks are one line each. The data has all of them."""
BRIEF_LIMIT, BRIEF_NAME = 300, 90
LIST_LIMIT = 40
TIDS_LIMIT = 24


class ShownGroup(NamedTuple):
    """Threads with one stack, as the page shows them."""

    group: Group
    lines: tuple[StackLine, ...]
    tids: tuple[int, ...]
    more_tids: int


class OtherFact(NamedTuple):
    """A question that no reason of the finding has told already."""

    asked: str
    holds: Holds
    value: str
    how: str
    who: str
    """The threads it was answered for; empty for the process."""


class OtherFacts(NamedTuple):
    """The same, of one process."""

    process: str
    facts: tuple[OtherFact, ...]


def compile_templates(cache: Path | None = None) -> None:
    """Make the first page as fast as the second; ``cache`` keeps compiled templates for the next process."""
    templates = environment()
    if cache is not None:
        templates.bytecode_cache = FileSystemBytecodeCache(str(cache))
    names = templates.list_templates(extensions=["j2"])
    try:
        for name in names:
            templates.get_template(name)
    except OSError:  # the folder is full, or gone: the templates are compiled all the same, and not kept
        templates.bytecode_cache = None
        for name in names:
            templates.get_template(name)


def to_html(diagnosis: Diagnosis, words: Words = ENGLISH) -> str:
    """The whole page."""
    data = Markup(embed(to_json(diagnosis, indent=None)))  # noqa: S704 # nosec B704 - embed() leaves no < in it
    shown = translated(diagnosis, words)
    frame = frame_of(words, to_markdown(diagnosis, words))
    return environment().get_template("report.html.j2").render(frame, **_view(shown, words), data=data)


@functools.cache
def environment() -> Environment:
    """Templates from reports/, with every value behind the two gates."""
    made = Environment(
        loader=FileSystemLoader(folder("reports")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalised,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[],
    )
    made.filters.update(
        name=lambda text: visible(str(text), NAME_LIMIT),
        normal=lambda text: visible(normalised(text) or "??", NAME_LIMIT),
        place=lambda frame: visible(source_place(frame), NAME_LIMIT),
        paragraphs=paragraphs,
        breakable=_breakable,
        moment=moment,
        brief=lambda text: _breakable(text, BRIEF_NAME),
    )
    made.tests["web"] = is_web
    return made


def _finalised(value: object) -> object:
    """What every ``{{ }}`` goes through; text that is HTML already is left alone."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value, TEXT_LIMIT)
    return "" if value is None else value


@functools.lru_cache(4096)
def _breakable(text: str, limit: int = NAME_LIMIT) -> Markup:
    """A long name or path that may wrap after its separators, and stays one word when it is copied."""
    escaped = Markup.escape(visible(text, limit))
    return Markup(re.sub(r"(::|[/_.,(=-])(?=\w)", r"\1<wbr>", str(escaped)))  # noqa: S704 # nosec B704 - escaped in the line above


@functools.cache
def style() -> tuple[Markup, str]:
    """The style sheet, and its hash for the page's Content-Security-Policy: no other style can apply."""
    css = (folder("reports") / "report.css").read_text(encoding="utf-8")
    return _sealed(re.sub(r"/\*.*?\*/|^\s+|\n", "", css, flags=re.DOTALL | re.MULTILINE))


@functools.cache
def script() -> tuple[Markup, str]:
    """The script that copies the Markdown, and its hash: no other script can run."""
    code = (folder("reports") / "report.js").read_text(encoding="utf-8")
    return _sealed(re.sub(r"/\*.*?\*/|^\s+", "", code, flags=re.DOTALL | re.MULTILINE).strip())


def _sealed(text: str) -> tuple[Markup, str]:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"sha256-{digest}"  # noqa: S704 # nosec B704 - our own file


def frame_of(words: Words, markdown: str) -> dict[str, Any]:
    """What every page needs besides its own contents."""
    (css, style_hash), (code, script_hash) = style(), script()
    return {
        "w": words,
        "css": css,
        "style_hash": style_hash,
        "script": code,
        "script_hash": script_hash,
        "markdown": Markup.escape(markdown),  # its own gates are those of Markdown; here it is text with its line ends
        "limit": LIST_LIMIT,
        "sentences": sentences,
    }


def _view(diagnosis: Diagnosis, words: Words) -> dict[str, Any]:
    told = story(diagnosis, words)
    finding = diagnosis.findings[0] if diagnosis.findings else None
    full, brief = _threads(diagnosis)
    photo = diagnosis.reference
    return {
        "d": diagnosis,
        "finding": finding,
        "reasons": by_weight(finding.reasons) if finding else (),
        "head": verdict(diagnosis, words),
        "subject": subject_name(diagnosis, words),
        "story": told,
        "wide": wide(told),
        "narrow": narrow(told),
        "comparison": compare(diagnosis, words),
        "trials": trials(photo.trials if photo else (), words),
        "affected": affected(finding, words) if finding else "",
        "others": [told_of(diagnosis, one, words) for one in diagnosis.findings[1:]],
        "waits": [wait_told(diagnosis, one, words) for one in diagnosis.waits],
        "rejected": [_rejected(diagnosis, number, words) for number in range(len(diagnosis.near_misses))],
        "other_facts": _other_facts(diagnosis, words),
        "full": full,
        "brief": brief,
        "brief_limit": BRIEF_LIMIT,
        "summary": _summary(diagnosis, len(full) + len(brief), words),
        "surroundings": surroundings(diagnosis, words),
        "left_out": left_out(diagnosis, words),
        "tool": next((f"{one.name} {one.version}" for one in diagnosis.snapshot.tools), "hanganalyze"),
        "telling": lambda group: telling_frame(group.threads[0]),
    }


def _rejected(diagnosis: Diagnosis, number: int, words: Words) -> str:
    miss = diagnosis.near_misses[number]
    process = words.process(process_of(diagnosis, miss.pid), miss.pid)
    return words("near-miss", signature=miss.signature, process=process, tid=miss.tid, because=miss.because)


def _threads(diagnosis: Diagnosis) -> tuple[list[ShownGroup], list[Group]]:
    """Groups shown in full until the budget is spent, and the rest."""
    full: list[ShownGroup] = []
    brief: list[Group] = []
    left = STACK_BUDGET
    for group in groups(diagnosis):
        lines = stack_lines(group.threads[0], group.finding)
        cost = sum(_cost(line) for line in lines) + 200
        if group.finding is None and cost > left:
            brief.append(group)
            continue
        left -= cost
        tids = tuple(thread.tid for thread in group.threads)
        full.append(ShownGroup(group, lines, tids[:TIDS_LIMIT], max(0, len(tids) - TIDS_LIMIT)))
    return full, brief


def _cost(line: StackLine) -> int:
    frames = (line.frame,) if line.frame else line.folded
    return 90 + sum(len(_breakable(one.function or "")) + min(len(source_place(one)), NAME_LIMIT) for one in frames)


def _summary(diagnosis: Diagnosis, stacks: int, words: Words) -> str:
    processes = diagnosis.snapshot.processes
    return words(
        "threads.summary",
        threads=words.count("threads.count", sum(len(process.threads) for process in processes)),
        processes=words.count("processes.count", len(processes)),
        stacks=words.count("stacks.count", stacks),
    )


def _other_facts(diagnosis: Diagnosis, words: Words) -> list[OtherFacts]:
    """One row for a question and its answer, however many threads gave it."""
    finding = diagnosis.findings[0] if diagnosis.findings else None
    shown = []
    for process in diagnosis.snapshot.processes:
        told = {reason.fact for reason in finding.reasons} if finding and finding.pid == process.pid else set()
        rows: dict[tuple[str, Holds], list[Fact]] = {}
        for fact in sorted(process.facts, key=lambda fact: fact.tid is not None):
            if fact.name not in told or (finding and fact.tid not in (None, finding.tid)):
                rows.setdefault((fact.name, fact.holds), []).append(fact)
        if rows:
            name = words.process(process, process.pid)
            shown.append(OtherFacts(name, tuple(_other_fact(facts, words) for facts in rows.values())))
    return shown


def _other_fact(facts: list[Fact], words: Words) -> OtherFact:
    first = facts[0]
    who = [words("facts.thread", tid=first.tid)] if first.tid is not None else []
    if len(facts) > 1:
        who.append(words.count("facts.same", len(facts) - 1))
    return OtherFact(first.asked, first.holds, first.value, first.how, " ".join(who))
