"""Threads with equal stacks as one group, and stacks as lines with runtime frames folded.

Two stacks are equal when their normalised functions and modules are: lines and offsets differ between threads that do the same.
A frame without a symbol is told apart by its offset.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from analyzer.render.find import findings_of
from analyzer.render.frames import is_runtime, is_wait, module_name, normalised

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from analyzer.model import Diagnosis, Finding, Frame, Process, Thread

FOLD_FROM = 2
"""So many runtime frames in a row, and more, become one line."""
REPEATED_FROM = 4
"""So many calls of one function from one place in a row, and more, are shown as the first and a number."""


class StackLine(NamedTuple):
    """One line of a stack: a frame, a row of runtime frames, or the place where frames are missing."""

    frame: Frame | None = None
    folded: tuple[Frame, ...] = ()
    """Runtime frames that share this line."""
    missing: int = 0
    """Frames that were cut here; -1 = some, not counted."""
    matched: bool = False
    """The signature named this frame."""
    guilty: bool = False
    """The frame that made the call that must not be made here."""
    waiting: bool = False
    """Code that only waits."""
    repeated: int = 0
    """So many calls more of the function in the line above, from the same place."""


class Group(NamedTuple):
    """Threads of one process whose stacks are equal."""

    process: Process
    threads: tuple[Thread, ...]
    finding: Finding | None
    """The surest finding about one of them."""
    moving: bool
    """Some of them made progress between two samples."""


def groups(diagnosis: Diagnosis) -> tuple[Group, ...]:
    """All threads of all processes: those with a finding first, then a process at a time, small groups before large ones.

    What only one thread does is worth reading more than what a pool of workers does.
    """
    found: list[Group] = []
    for process in diagnosis.snapshot.processes:
        equal: dict[object, list[Thread]] = {}
        for thread in process.threads:
            finding = next(iter(findings_of(diagnosis, process.pid, thread.tid)), None)
            equal.setdefault((finding is not None, stack_key(thread.frames)), []).append(thread)
        own = [_group(diagnosis, process, threads) for threads in equal.values()]
        found += sorted(own, key=lambda group: (len(group.threads), not group.threads[0].frames))
    return tuple(sorted(found, key=lambda group: group.finding is None))


def stack_key(frames: Iterable[Frame]) -> tuple[tuple[str, str], ...]:
    """What makes two stacks equal."""
    return tuple((normalised(frame.function) or f"?? {frame.offset}", module_name(frame)) for frame in frames)


def stack_lines(thread: Thread, finding: Finding | None = None) -> tuple[StackLine, ...]:
    """The stack to be shown, innermost first. Frames that the finding speaks of are never folded."""
    matched = set(finding.matched_levels) if finding else set()
    guilty = finding.guilty_level if finding else None
    lines: list[StackLine] = []
    folding: list[Frame] = []

    def unfold() -> None:
        if len(folding) >= FOLD_FROM:
            lines.append(StackLine(folded=tuple(folding)))
        else:
            lines.extend(StackLine(frame=frame) for frame in folding)
        folding.clear()

    previous: Frame | None = None
    repeats = _repeats(thread.frames, matched | {guilty})
    for frame in thread.frames:
        gap = frame.level - previous.level - 1 if previous else 0
        if gap > 0:
            unfold()
            lines.append(StackLine(missing=gap))
        special = frame.level in matched or frame.level == guilty
        if frame.level in repeats:
            if repeats[frame.level]:
                lines.append(StackLine(repeated=repeats[frame.level]))
        elif is_runtime(frame) and not special:
            folding.append(frame)
        else:
            unfold()
            waiting = is_wait(frame)
            lines.append(StackLine(frame, (), 0, frame.level in matched, frame.level == guilty, waiting))
        previous = frame
    unfold()
    if thread.cut and not any(line.missing for line in lines):
        shown = len(thread.frames)
        total = thread.frames_total
        lines.append(StackLine(missing=total - shown if total and total > shown else -1))
    return tuple(lines)


def _repeats(frames: Sequence[Frame], never: Collection[int | None]) -> dict[int, int]:
    """Levels of frames that only repeat the one before; the first of each row has the number, the others 0."""
    found: dict[int, int] = {}
    rows = groupby(frames, key=lambda one: (one.level in never, one.function, one.module, one.file, one.line or one.offset))
    for (special, function, *_), members in rows:
        row = list(members)
        if len(row) >= REPEATED_FROM and function and not special and not is_runtime(row[0]):
            found |= dict.fromkeys((one.level for one in row[1:]), 0) | {row[1].level: len(row) - 1}
    return found


def _group(diagnosis: Diagnosis, process: Process, threads: list[Thread]) -> Group:
    order = ("proven", "likely", "possible")
    findings = [one for thread in threads for one in findings_of(diagnosis, process.pid, thread.tid)]
    findings.sort(key=lambda one: order.index(one.certainty))
    return Group(
        process=process,
        threads=tuple(threads),
        finding=findings[0] if findings else None,
        moving=any(thread.moved for thread in threads),
    )
