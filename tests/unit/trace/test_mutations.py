"""Whatever is done to a text, reading it ends, and what comes out is well formed."""

from __future__ import annotations

import os
import random
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.capture.trace import iter_traces, parse
from analyzer.errors import TraceDeclined
from analyzer.model import Snapshot
from tests.unit.trace.noises import NOISES
from tests.unit.trace.samples import CHILD, RECORDED

MUTATED = int(os.environ.get("MUTATED_TRACES", "120"))
"""Examples of each kind; a hundred thousand for a night."""
TEXTS = [CHILD, *(path.read_bytes().decode() for path in sorted(RECORDED.glob("*.txt")))]
PIECES = [
    "#0  0x00007f0000000001 in ",
    "Thread 1 (Thread 0x7f00 (LWP 12)):",
    "(gdb) ",
    "#3",
    "...",
    "[Switching to thread 2 (LWP 3)]#0 ",
    "goroutine 1 [running]:",
    "PID 3 - process",
    "TID 4:",
    "^done,stack=[frame={",
    '~"#0 ',
    "[pid 3] ",
    "futex(0x1, FUTEX_WAIT, 2, NULL",
    "[<0>] f+0x1/0x2",
    "=\n",
    "\x1b[0m",
    "&lt;",
    "<br>",
    "\u200b",
    "> ",
    "--Type <RET> for more--",
    "Backtrace stopped: x",
    "\t",
    "\r\n",
    "    at ",
    " from ",
    "clone(flags=CLONE_THREAD) = 4",
    "frame #0: 0x1",
    "/proc/1/task/2/stack",
    "strace: Process 9 attached",
    "0x1: ",
    "----------------- 3 -----------------",
    "* 1 Thread 0x7f (LWP 2) ",
    "Id   Target Id   Frame",
    "-----",
    "\\n#1",
    "a <- b_c <- d_e",
    "0  0x00001234 in ",
    "/lib/x(f+0x1) [0x2]",
    "PID: 3 (x)",
    "Stack trace of thread 4:",
    "<signal handler called>",
    "#L12",
    "created by x",
]


def check(snapshot: Snapshot) -> None:
    """What must hold for every snapshot of a text."""
    pids = [process.pid for process in snapshot.processes]
    assert len(pids) == len(set(pids))
    assert all(pid >= 0 for pid in pids)
    for process in snapshot.processes:
        tids = [thread.tid for thread in process.threads]
        assert len(tids) == len(set(tids))
        assert process.name
        assert process.facts == ()
        for lock in process.locks:
            assert lock.address.startswith("0x")
            assert set(lock.waiters) <= set(tids)
        for thread in process.threads:
            levels = [frame.level for frame in thread.frames]
            assert levels == sorted(set(levels))
            assert len(thread.frames) <= 256
            assert not levels or thread.cut == (levels != list(range(len(levels))) or thread.frames_total is None)
            assert thread.frames_total is None or thread.frames_total >= len(levels)
            assert thread.cut <= (thread.problem is not None)


def survive(text: str) -> None:
    """Read a text in both ways."""
    try:
        found = parse(text)
    except TraceDeclined:
        return
    check(found.snapshot)
    quality = found.quality
    assert quality.named <= quality.frames
    assert quality.placed <= quality.frames
    assert quality.cut <= quality.threads
    assert quality.processes == len(found.snapshot.processes)
    for snapshot in iter_traces(text.splitlines()):
        check(snapshot)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A real text with pieces cut, doubled, swapped and put in, and perhaps some noise."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 400)))
        piece = draw(st.one_of(st.just(""), st.sampled_from(PIECES), st.text(max_size=12), st.just(text[start:end] * 2)))
        text = text[:start] + piece + text[end:]
    noise = draw(st.one_of(st.none(), st.sampled_from(sorted(NOISES))))
    return NOISES[noise](text) if noise else text


@settings(max_examples=MUTATED, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(mutated())
def test_mutated_traces(text: str) -> None:
    survive(text)


@settings(max_examples=MUTATED, deadline=None)
@given(st.lists(st.one_of(st.sampled_from([*PIECES, "\n", " ", "f ()", "#1", "#2"]), st.text(max_size=8)), max_size=40))
def test_pieces_in_any_order(pieces: list[str]) -> None:
    survive("".join(pieces))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    survive(text)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    survive(data.decode("utf-8", "surrogateescape"))
    survive(data.decode("latin-1"))


def test_every_recorded_text_cut_anywhere() -> None:
    rng = random.Random(11)
    for text in TEXTS:
        for _ in range(15):
            survive(text[: rng.randrange(len(text) + 1)])
            survive(text[rng.randrange(len(text) + 1) :])


def test_every_recorded_text_with_lines_shuffled() -> None:
    rng = random.Random(12)
    for text in TEXTS:
        lines = text.splitlines()
        rng.shuffle(lines)
        survive("\n".join(lines))


def test_the_pasted_sample_is_there() -> None:
    assert (Path(__file__).parent / "pasted" / "loader.txt").exists()
