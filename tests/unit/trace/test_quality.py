"""How well a text was read is part of what comes back."""

from __future__ import annotations

from analyzer.capture.trace import ParseQuality, parse, parse_trace, quality
from tests.unit.trace.samples import CHILD


def test_the_counts_of_a_clean_trace() -> None:
    assert quality(CHILD) == ParseQuality(
        lines=16,
        ignored=0,
        unreadable=0,
        first_unreadable=None,
        forms=(("gdb", 2),),
        declined=(),
        processes=1,
        threads=2,
        frames=13,
        named=11,
        placed=11,
        cut=0,
        standing_in=0,
    )


def test_sentences_for_a_reader() -> None:
    assert parse_trace(CHILD).notes == ("Read from text: gdb (2).", "11 of 13 frames have a function's name.")


def test_lines_that_could_not_be_read_are_counted() -> None:
    text = "Prose.\n#0  0x00007f0000000001 in f ()\n#1  0x00007f000000zz02\n#1  0x00007f0000000002 in main ()\n"
    found = parse(text)
    assert (found.quality.unreadable, found.quality.first_unreadable, found.quality.ignored) == (1, 3, 1)
    assert any("line 3" in note for note in found.snapshot.notes)


def test_cut_stacks_and_stand_ins_are_counted() -> None:
    found = quality("#3  0x00007f0000000001 in f ()\n#4  0x00007f0000000002 in ?? ()\n")
    assert (found.cut, found.standing_in, found.frames, found.named, found.placed) == (1, 1, 2, 1, 0)


def test_a_text_without_a_trace() -> None:
    found = parse("It hangs. Please help.\n", source="ticket 7")
    assert found.snapshot.processes == ()
    assert found.snapshot.source == "ticket 7"
    assert found.snapshot.notes == ("No stack was recognised in the text.",)
    assert (found.quality.lines, found.quality.forms) == (1, ())


def test_no_text_at_all() -> None:
    assert parse_trace("").processes == ()


def test_nothing_is_claimed_that_a_text_cannot_tell() -> None:
    snapshot = parse_trace(CHILD, source="-")
    assert (snapshot.host, snapshot.taken_at, snapshot.tools) == (None, None, ())
    assert snapshot.capture.method == "trace"
    assert (snapshot.capture.stopped_ms, snapshot.capture.consistent) == (None, None)
    assert any("nothing can be proven" in note for note in snapshot.capture.notes)
    for process in snapshot.processes:
        assert (process.facts, process.libc, process.started_at, process.command_line) == ((), None, None, None)
        assert all(thread.thread_pointer is None and thread.moved is None for thread in process.threads)
