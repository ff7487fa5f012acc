"""Huge files: a snapshot a trace, as soon as it is whole, in memory that does not grow."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator

from analyzer.capture.trace import iter_traces, parse_trace, read_lines
from analyzer.capture.trace.surface import LINE_LIMIT
from tests.unit.trace.samples import CHILD, all_frames


def test_every_trace_is_a_snapshot() -> None:
    snapshots = list(iter_traces((CHILD * 5).splitlines(), source="big.txt"))
    assert len(snapshots) == 5
    expected = parse_trace(CHILD, source="big.txt")
    assert all(snapshot == expected for snapshot in snapshots)


def test_lines_may_keep_their_ends() -> None:
    assert list(iter_traces(io.StringIO(CHILD))) == [parse_trace(CHILD)]


def test_a_trace_comes_out_before_the_next_is_read() -> None:
    seen = 0

    def lines() -> Iterator[str]:
        nonlocal seen
        for line in (CHILD * 3).splitlines():
            seen += 1
            yield line

    traces = iter_traces(lines())
    next(traces)
    assert seen < len((CHILD * 3).splitlines())


def test_a_stand_in_is_zero_for_each() -> None:
    text = "#0  0x00007f0000000001 in f ()\n#1  0x00007f0000000002 in main ()\n\n"
    assert [snapshot.processes[0].pid for snapshot in iter_traces((text * 3).splitlines())] == [0, 0, 0]


def _grown(lines: Iterator[str]) -> int:
    """Bytes that reading the stream leaves behind at its peak, after the first tenth."""
    peak = before = 0
    tracemalloc.start()
    try:
        for count, _ in enumerate(iter_traces(lines)):
            if count == 200:
                before = tracemalloc.get_traced_memory()[0]
                tracemalloc.reset_peak()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return peak - before


def test_memory_stays_flat_over_many_traces() -> None:
    def lines() -> Iterator[str]:
        for number in range(1200):
            for line in CHILD.splitlines():
                yield line.replace("main", f"main_{number}").replace("0x7f3a1c7fe640", f"{number:#x}")

    assert _grown(lines()) < 2_000_000


def test_memory_stays_flat_in_one_endless_stack() -> None:
    def lines() -> Iterator[str]:
        for number in range(20_000):
            yield f"#{number} 0x00007f0000000001 in function_{number} (x={number}) at file_{number}.c:{number + 1}"

    tracemalloc.start()
    try:
        (snapshot,) = iter_traces(lines())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(snapshot.processes[0].threads[0].frames) == 80
    assert peak < 4_000_000


def test_threads_without_end_are_bounded() -> None:
    def lines() -> Iterator[str]:
        for number in range(25_000):
            yield f"Thread {number} (Thread 0x7f00 (LWP {number + 1})):"
            yield "#0  0x00007f0000000001 in f ()"

    (snapshot,) = iter_traces(lines())
    (process,) = snapshot.processes
    assert (len(process.threads), process.threads_total) == (20_000, 25_000)
    assert process.capture is not None
    assert any("5000 threads more" in note for note in process.capture.notes)


def test_long_lines_come_in_pieces() -> None:
    pieces = list(read_lines(io.StringIO("a" * (LINE_LIMIT + 5) + "\n" + "b\n")))
    assert [len(piece) for piece in pieces] == [LINE_LIMIT, 6, 2]


def test_the_same_frames_alone_and_in_a_stream() -> None:
    (snapshot,) = iter_traces(CHILD.splitlines())
    assert all_frames(snapshot) == all_frames(parse_trace(CHILD))
