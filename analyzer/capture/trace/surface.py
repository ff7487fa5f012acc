"""The surface: a text, or a stream of lines, in; snapshots and parse quality out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from analyzer.capture.trace.build import build, capture, process_id
from analyzer.capture.trace.declined import WHY
from analyzer.capture.trace.drafts import TraceDraft
from analyzer.capture.trace.quality import ParseQuality, Tally
from analyzer.capture.trace.reader import LineReader
from analyzer.capture.trace.repeats import without_repeats
from analyzer.capture.trace.stream import drafts
from analyzer.errors import TraceDeclined
from analyzer.lean_dataclass import dataclass
from analyzer.model import Process, Snapshot

LINE_LIMIT = 1 << 24
"""``read_lines`` breaks longer lines, so that a file without line ends does not fill the memory."""
NOTHING_ASKED = (
    "A text shows what was printed: nothing could be asked of the process, so no fact is known and nothing can be proven."
)


@dataclass(frozen=True)
class Parsed:
    """A text, read."""

    snapshot: Snapshot
    quality: ParseQuality


def parse_trace(text: str, source: str | None = None) -> Snapshot:
    """The snapshot of a text; every process and every trace in it is one ``Process``. ``source``: where it was read from.

    Raises TraceDeclined when all that was recognised is of a form that is not read. A text without any trace gives a snapshot
    without processes, whose notes say so.
    """
    return parse(text, source).snapshot


def quality(text: str) -> ParseQuality:
    """How well a text can be read. Raises what `parse_trace` raises."""
    return parse(text).quality


def parse(text: str, source: str | None = None) -> Parsed:
    """`parse_trace`, with the counts."""
    lines = text.splitlines()
    reader = LineReader()
    found = list(without_repeats(drafts(lines, reader)))
    declined = reader.reading.declined
    if not found and declined:
        raise _declined(declined)
    ids = _ids(found)
    tally = Tally()
    processes: list[Process] = []
    for draft, (pid, stands_in) in zip(found, ids, strict=True):
        process, counts = build(draft, pid, stands_in=stands_in)
        processes.append(process)
        tally.add(counts)
    tally.lines = len(lines)
    rest = reader.reading.trace  # what came after the last trace, or the whole text if there is none
    tally.ignored += rest.ignored
    tally.unreadable += rest.unreadable
    tally.first_unreadable = tally.first_unreadable if tally.first_unreadable is not None else rest.first_unreadable
    result = tally.quality(declined)
    return Parsed(_snapshot(tuple(processes), result, source), result)


def iter_traces(lines: Iterable[str], source: str | None = None) -> Iterator[Snapshot]:
    """A snapshot a trace, as soon as each is complete; memory stays flat however many there are.

    For files of many tickets: processes of one ticket come as separate snapshots. Raises TraceDeclined at the end when
    there was nothing but forms that are not read.
    """
    reader = LineReader()
    any_found = False
    for draft in without_repeats(drafts(lines, reader)):
        any_found = True
        known = process_id(draft)
        process, counts = build(draft, known if known is not None else 0, stands_in=known is None)
        yield _snapshot((process,), counts.quality(), source)
    if not any_found and reader.reading.declined:
        raise _declined(reader.reading.declined)


def read_lines(stream: TextIO) -> Iterator[str]:
    """The lines of a stream for `iter_traces`, the longest ones in pieces."""
    while line := stream.readline(LINE_LIMIT):
        yield line


def _declined(found: dict[str, int]) -> TraceDeclined:
    form = max(found, key=lambda name: found[name])
    return TraceDeclined(form, WHY[form])


def _ids(found: list[TraceDraft]) -> list[tuple[int, bool]]:
    """(process id, whether it stands in for an unknown one) of every draft; no id twice.

    A second look at the same process needs an id of its own, too: what points at a process points at one of them.
    """
    known = [process_id(draft) for draft in found]
    taken = {pid for pid in known if pid is not None}
    used: set[int] = set()
    result: list[tuple[int, bool]] = []
    spare = 0
    for pid, draft in zip(known, found, strict=True):
        if pid is not None and pid not in used:
            used.add(pid)
            result.append((pid, False))
            continue
        if pid is not None:
            draft.note(f"This is process {pid} once more, or another one with this id.")
        while spare in taken:
            spare += 1
        taken.add(spare)
        result.append((spare, True))
    return result


def _snapshot(processes: tuple[Process, ...], result: ParseQuality, source: str | None) -> Snapshot:
    notes = result.notes()
    return Snapshot(capture=capture((NOTHING_ASKED,)), processes=processes, source=source, notes=notes)
