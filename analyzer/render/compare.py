"""The hung process beside the reference loader built with the fix: the same questions, asked of both, stage by stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from analyzer.render.find import fact_of, guilty_call, process_of, thread_in
from analyzer.render.frames import as_call
from analyzer.render.groups import StackLine, stack_key, stack_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.model import Diagnosis, Fact, Finding, Holds, Lock, Process, ReferencePhoto, Thread
    from analyzer.render.words import Words

ORIGIN_FACTS = ("created-by-raw-clone", "robust-list-unregistered", "tcb-tid-stale", "thread-count-stale")
"""What tells a child of a raw clone; a finding that rests on one of them has a reference loader to stand beside."""
LOCK_WAITS = ("futex", "lock")
LOCK_FACTS = ("lock-orphaned", "lock-owner-alive")


class Line(NamedTuple):
    """One statement in a cell."""

    text: str
    holds: Holds | None = None
    """The answer, when ``text`` is a question that was asked."""
    value: str = ""
    """What was seen, for a question."""


class Cell(NamedTuple):
    """One side of a row."""

    lines: tuple[Line, ...] = ()
    stack: tuple[StackLine, ...] = ()


class Row(NamedTuple):
    """One stage, on both sides."""

    stage: str
    hung: Cell
    reference: Cell | None
    """None: there is no reference picture."""
    differs: bool = False
    first: bool = False
    """The first stage at which the two part."""


class Comparison(NamedTuple):
    """The two columns."""

    rows: tuple[Row, ...]
    hung_title: str
    reference_title: str
    origin: str
    """Where the reference picture comes from (built here, recorded where), or how to get one."""


class _Side(NamedTuple):
    """What one column looks at."""

    process: Process
    parent: Process | None
    thread: Thread | None
    finding: Finding | None
    photo: ReferencePhoto | None


def compare(diagnosis: Diagnosis, words: Words) -> Comparison | None:
    """The two columns for the surest finding; None where a reference loader has nothing to say about it."""
    finding = diagnosis.findings[0] if diagnosis.findings else None
    process = process_of(diagnosis, finding.pid) if finding else None
    photo = diagnosis.reference
    if finding is None or process is None:
        return None
    if photo is None and not any(one.fact in ORIGIN_FACTS and one.holds != "unknown" for one in finding.reasons):
        return None
    parent = process_of(diagnosis, process.ppid)
    hung = _Side(process, parent, thread_in(process, finding.tid), finding, None)
    beside = _reference_side(photo) if photo else None
    return Comparison(
        rows=_first_marked([_row(stage, make, hung, beside, words) for stage, make in _STAGES]),
        hung_title=words("compare.hung", process=words.process(process, process.pid)),
        reference_title=words("compare.reference"),
        origin=_origin(photo, words),
    )


def _reference_side(photo: ReferencePhoto) -> _Side | None:
    """The process of the reference family that stands where the hung one stands: the child of the raw clone."""
    if not photo.processes:
        return None

    def is_child(process: Process) -> bool:
        fact = fact_of(process, "created-by-raw-clone")
        return fact is not None and fact.holds == "yes"

    process = next(filter(is_child, photo.processes), photo.processes[0])
    parent = next((one for one in photo.processes if one.pid == process.ppid), None)
    return _Side(process, parent, thread_in(process, None), None, photo)


def _origin(photo: ReferencePhoto | None, words: Words) -> str:
    if photo is None:
        return words("compare.none")
    key = "compare.recorded" if photo.origin == "recorded" else "compare.built-here"
    return words(key, where=photo.where, step=photo.step, fix=words.choice("fix-kind", photo.fix))


_Made = tuple[Cell, object]
"""A cell, and what must be equal on both sides for the stage not to differ; None = cannot be compared."""


def _row(stage: str, make: Callable[[_Side, Words], _Made], hung: _Side, beside: _Side | None, words: Words) -> Row:
    cell, mine = make(hung, words)
    title = words(f"stage.{stage}")
    if beside is None:
        return Row(title, cell, None)
    other, theirs = make(beside, words)
    return Row(title, cell, other, differs=mine is not None and theirs is not None and mine != theirs)


def _first_marked(rows: list[Row]) -> tuple[Row, ...]:
    for number, row in enumerate(rows):
        if row.differs:
            rows[number] = row._replace(first=True)
            break
    return tuple(row for row in rows if row.hung != Cell() or row.reference not in (None, Cell()))


def _facts(side: _Side, names: tuple[str, ...]) -> list[Fact]:
    tid = side.thread.tid if side.thread else None
    return [fact for name in names if (fact := fact_of(side.process, name, tid)) is not None]


def _came_about(side: _Side, words: Words) -> _Made:  # noqa: ARG001 - every stage is asked the same way
    facts = _facts(side, ORIGIN_FACTS)
    lines = tuple(Line(fact.asked, fact.holds, fact.value) for fact in facts)
    answers = {fact.name: fact.holds for fact in facts if fact.holds != "unknown"}
    return Cell(lines), answers.get("created-by-raw-clone")


def _parent(side: _Side, words: Words) -> _Made:
    thread = thread_in(side.parent, None)
    if side.parent is None or thread is None:
        return Cell((Line(words("compare.parent-unseen")),)), None
    name = words.process(side.parent, side.parent.pid)
    if thread.wait is None:
        return Cell((Line(words("compare.parent", parent=name)),)), None
    return Cell((Line(words("compare.parent-waits", parent=name, waits=thread.wait.text)),)), thread.wait.kind


def _next_call(side: _Side, words: Words) -> _Made:
    if side.photo is not None:
        lines = [Line(words.choice("compare.fix", side.photo.fix))]
        if side.photo.steps:
            lines.append(Line(words("compare.steps", steps=" → ".join(side.photo.steps))))
        return Cell(tuple(lines)), "fork" if side.photo.fix == "none" else side.photo.fix
    caller, called = guilty_call(side.thread, side.finding)
    if called is None:
        return Cell((Line(words("compare.call-unknown")),)), None
    key = "compare.calls" if caller else "compare.calls-nameless"
    return Cell((Line(words(key, caller=as_call(caller or ""), called=as_call(called))),)), "fork" if "fork" in called else called


def _lock(side: _Side, words: Words) -> _Made:
    lock = side.finding.lock if side.finding else next(iter(side.process.locks), None)
    facts = _facts(side, LOCK_FACTS)
    asked = [Line(fact.asked, fact.holds, fact.value) for fact in facts]
    if lock is None and side.thread is not None and side.thread.wait is not None and side.thread.wait.kind not in LOCK_WAITS:
        return Cell((Line(words("compare.no-lock")), *asked)), "none"
    if lock is None:
        return Cell((Line(words("compare.lock-unseen")), *asked)), None
    return Cell((Line(_lock_words(lock, words)), *asked)), "waits"


def _lock_words(lock: Lock, words: Words) -> str:
    called = lock.symbol or words("chain.lock-at", address=lock.address)
    state = words.choice("lock-word", lock.word) if lock.word is not None else words("value.unknown")
    told = words("compare.lock", lock=called, state=state)
    if lock.owner is not None and lock.owner.tid is not None:
        key = "compare.owner-orphaned" if lock.owner.orphaned else "compare.owner"
        told += " " + words(key, tid=lock.owner.tid, function=as_call(lock.owner.function or "??"))
    elif lock.records_owner is False:
        told += " " + words("compare.owner-not-recorded")
    return told


def _waits_for(side: _Side, words: Words) -> _Made:
    thread = side.thread
    lines = []
    kind = None
    if thread is not None and thread.wait is not None:
        lines.append(Line(words("compare.waits", waits=thread.wait.text)))
        kind = thread.wait.kind
    elif thread is not None and thread.state == "R":
        lines.append(Line(words("compare.does-not-wait")))
        kind = "none"
    else:
        lines.append(Line(words("compare.wait-unseen")))
    if side.photo is not None:
        lines.append(Line(words("compare.held-at", step=side.photo.step)))
    return Cell(tuple(lines)), kind


def _stack(side: _Side, words: Words) -> _Made:  # noqa: ARG001 - every stage is asked the same way
    if side.thread is None or not side.thread.frames:
        return Cell(), None
    return Cell((), stack_lines(side.thread, side.finding)), stack_key(side.thread.frames)


_STAGES: tuple[tuple[str, Callable[[_Side, Words], _Made]], ...] = (
    ("origin", _came_about),
    ("parent", _parent),
    ("next-call", _next_call),
    ("lock", _lock),
    ("waits", _waits_for),
    ("stack", _stack),
)
