"""Markdown that stands alone in a ticket: verdict, certainty, chain, evidence, guilty stack, versions, remedy.

Trackers run their own rules over the text after Markdown is done: they notify people (@name), link issues (#1) and addresses.
So besides Markdown's own characters, those are taken apart with a word joiner, which no reader sees.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.render.chain import story, tree
from analyzer.render.find import process_of, subject_pid, thread_in, told_of, wait_told
from analyzer.render.frames import normalised, source_place
from analyzer.render.groups import StackLine, groups, stack_lines
from analyzer.render.safe import NAME_LIMIT, is_web, paragraphs, visible
from analyzer.render.surroundings import left_out
from analyzer.render.translate import translated
from analyzer.render.verdict import by_weight, verdict
from analyzer.render.words import ENGLISH, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyzer.model import Diagnosis, Finding, Reason, Reference

STACK_LIMIT = 40
"""Lines of the guilty stack; a ticket is read, and the HTML has them all."""
ROWS_LIMIT = 40
LIST_LIMIT = 20
JOINER = "\u2060"


def to_markdown(diagnosis: Diagnosis, words: Words = ENGLISH) -> str:
    """The ticket's text, ends with a newline."""
    diagnosis = translated(diagnosis, words)
    head = verdict(diagnosis, words)
    finding = diagnosis.findings[0] if diagnosis.findings else None
    blocks = [f"## {prose(head.sentence)}", f"**{prose(head.surety)}{words('text.stop')}** {prose(head.surety_means)}"]
    if head.remark:
        blocks.append(prose(head.remark))
    blocks.append(f"**{words('label.fix')}:** {prose(head.fix)}")
    blocks += _chain(diagnosis, words)
    if finding is not None:
        blocks += _evidence(finding, words)
    blocks += _stack(diagnosis, finding, words)
    blocks += _versions(diagnosis, finding, words)
    blocks += _remedy(finding, head.verify, words)
    rejected = [_rejected(diagnosis, number, words) for number in range(len(diagnosis.near_misses))]
    blocks += _list(words("heading.other-findings"), [told_of(diagnosis, one, words) for one in diagnosis.findings[1:]])
    blocks += _list(words("heading.waits"), [wait_told(diagnosis, one, words) for one in diagnosis.waits])
    blocks += _list(words("heading.near-misses"), rejected)
    blocks += _list(words("heading.unexplained"), diagnosis.unexplained)
    blocks += _list(words("heading.left-out"), left_out(diagnosis, words))
    return "\n\n".join(blocks) + "\n"


def prose(text: str) -> str:
    """Text of a stranger as text, wherever it stands: no markup, no HTML, no mention, no link."""
    text = visible(text)
    text = re.sub(r"[\\`*\[\]|~$]", r"\\\g<0>", text)
    text = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"(?i)@|(?:#|!)(?=\d)|https?(?=:)|www(?=\.)|ftp(?=:)|mailto(?=:)|\bGH(?=-\d)", rf"\g<0>{JOINER}", text)
    return re.sub(r"^([#+=-]|\d+(?=[.)](\s|$)))", _not_first, text)


def code(text: str, limit: int = NAME_LIMIT, *, cell: bool = False) -> str:
    """Text in a code span, whatever backticks it holds; in a table cell its pipes must be escaped even there."""
    shown = visible(text, limit) or " "
    if cell:
        # A backslash before a pipe would be read as the escape of the escape.
        shown = shown.replace("\\|", "\\ |").replace("|", "\\|")
        shown = shown[:-1] + "\\ " if shown.endswith("\\") else shown
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def block(lines: Iterable[str]) -> str:
    """Lines in a fenced block that none of them can end."""
    text = "\n".join(lines)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"


def _not_first(match: re.Match[str]) -> str:
    """A list or heading needs its sign at the start of the line: an escape keeps it text."""
    return f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}"


def _heading(text: str) -> str:
    return f"### {prose(text)}"


def _list(title: str, items: Sequence[str]) -> list[str]:
    if not items:
        return []
    return [_heading(title), "\n".join(f"- {prose(item)}" for item in items[:LIST_LIMIT])]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _chain(diagnosis: Diagnosis, words: Words) -> list[str]:
    told = story(diagnosis, words)
    if not told.nodes:
        return []
    sentences = "\n".join(f"{n}. {prose(sentence)}" for n, sentence in enumerate(told.sentences, 1))
    return [_heading(words("heading.chain")), sentences, block(visible(line, 400) for line in tree(told, words))]


def _evidence(finding: Finding, words: Words) -> list[str]:
    head = [words(f"evidence.{column}") for column in ("asked", "holds", "value", "how")]
    rows = [
        (prose(one.asked), answer(one, words), prose(one.value), code(one.how, 600, cell=True))
        for one in by_weight(finding.reasons)[:ROWS_LIMIT]
    ]
    return [_heading(words("heading.evidence")), _table(head, rows)]


def answer(reason: Reason, words: Words) -> str:
    """The answer, and beside it the one that a surer verdict needed, where it is another."""
    told = words.choice("holds", reason.holds)
    if reason.needed is None:
        return told
    return f"{told} ({words('evidence.needed', answer=words.choice('holds', reason.needed))})"


def stack_text(line: StackLine, words: Words) -> str:
    """A line of a stack as plain text: ``> #4  create_pause_process  podman+0x8aad0  <- made the call``."""
    if line.folded:
        names = ", ".join(dict.fromkeys(normalised(frame.function) or "??" for frame in line.folded))
        return "    " + visible(words.count("stack.folded", len(line.folded), names=names), 400)
    if line.repeated:
        return "    " + words.count("stack.repeated", line.repeated)
    if line.frame is None:
        some = words("stack.missing-some")
        return "    … " + (words.count("stack.missing", line.missing) if line.missing > 0 else some)
    frame = line.frame
    mark = ">" if line.guilty else " "
    called = words("stack.signal") if frame.signal else visible(frame.function or "??", NAME_LIMIT)
    place = visible(source_place(frame), NAME_LIMIT)
    note = f"  <- {words('stack.guilty')}" if line.guilty else ""
    return f"{mark} #{frame.level:<3} {called}{'  ' + place if place else ''}{note}"


def _stack(diagnosis: Diagnosis, finding: Finding | None, words: Words) -> list[str]:
    if finding is not None:
        thread = thread_in(process_of(diagnosis, finding.pid), finding.tid)
        if thread is None or not thread.frames:
            return []
        lines = stack_lines(thread, finding)
        shown = [stack_text(line, words) for line in lines[:STACK_LIMIT]]
        if len(lines) > STACK_LIMIT:
            shown.append("    … " + words.count("stack.lines-more", len(lines) - STACK_LIMIT))
        return [_heading(words("heading.stack")), block(shown)]
    blocks: list[str] = []
    asked = [group for group in groups(diagnosis) if group.process.pid == subject_pid(diagnosis)]
    for group in asked[:3]:
        blocks.append(prose(words.count("threads.same", len(group.threads))) + ":")
        blocks.append(block(stack_text(line, words) for line in stack_lines(group.threads[0])[:STACK_LIMIT]))
    return [_heading(words("heading.threads")), *blocks] if blocks else []


def _versions(diagnosis: Diagnosis, finding: Finding | None, words: Words) -> list[str]:
    snapshot = diagnosis.snapshot
    rows: list[tuple[str, str]] = []
    if finding is not None and finding.affected is not None:
        how = finding.affected.value and f" ({finding.affected.value})"
        rows.append((words("heading.affected"), affected(finding, words) + how))
    process = process_of(diagnosis, finding.pid if finding else subject_pid(diagnosis))
    if process is not None and process.libc is not None:
        libc = process.libc
        rows.append((words("env.libc"), " ".join(filter(None, (words.choice("libc", libc.kind), libc.version)))))
    if process is not None and process.build_id:
        rows.append((words("env.build-id"), process.build_id))
    if snapshot.host is not None:
        host = snapshot.host
        rows.append((words("env.host"), " · ".join(filter(None, (host.distribution, f"Linux {host.kernel}", host.machine)))))
    rows += [(tool.name, tool.version) for tool in snapshot.tools]
    if diagnosis.fingerprint:
        rows.append((words("env.fingerprint"), diagnosis.fingerprint))
    if not rows:
        return []
    table = _table(("", words("evidence.value")), [(prose(name), prose(value)) for name, value in rows])
    return [_heading(words("heading.versions")), table]


def affected(finding: Finding, words: Words) -> str:
    """Whether the installed version is one the signature speaks of, a sentence; the empty string where it does not say."""
    one = finding.affected
    if one is None:
        return ""
    installed = one.installed or words("value.unknown")
    fixed = one.fixed_in or words("affected.unfixed")
    return words(f"affected.{one.holds}", package=one.package, installed=installed, fixed=fixed)


def _remedy(finding: Finding | None, verify: str, words: Words) -> list[str]:
    if finding is None:
        return [f"**{words('text.next')}:** {code(verify, 400)}"]
    blocks = [_heading(words("heading.remedy")), *(prose(part) for part in paragraphs(finding.remedy))]
    links = [_link(reference, words) for reference in finding.references[:LIST_LIMIT]]
    if links:
        blocks.append("\n".join(f"- {link}" for link in links))
    return [*blocks, f"{words('verify.how')} {code(verify, 400)}"]


def _link(reference: Reference, words: Words) -> str:
    kind = prose(words.choice("reference", reference.kind))
    commit = f" ({code(reference.commit)})" if reference.commit else ""
    if is_web(reference.url):
        return f"{kind}: <{reference.url}>{commit}"
    return f"{kind}: {code(reference.url, 400)}{commit}"


def _rejected(diagnosis: Diagnosis, number: int, words: Words) -> str:
    miss = diagnosis.near_misses[number]
    process = words.process(process_of(diagnosis, miss.pid), miss.pid)
    return words("near-miss", signature=miss.signature, process=process, tid=miss.tid, because=miss.because)
