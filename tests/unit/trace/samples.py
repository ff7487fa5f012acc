"""Traces as people paste them, for several tests at once. ``recorded/`` holds what real tools printed."""

from __future__ import annotations

from pathlib import Path

from analyzer.capture.trace import parse_trace
from analyzer.model import Frame, Process, Snapshot, Thread

RECORDED = Path(__file__).parent / "recorded"

CHILD = (Path(__file__).parent / "pasted" / "loader.txt").read_text()
"""gdb's ``thread apply all bt``: inlined frames, a lock's symbol, a C++ name with blanks, a signal, a nameless frame."""


def read(text: str) -> Snapshot:
    """The snapshot of a text."""
    return parse_trace(text)


def recorded(name: str) -> Snapshot:
    """The snapshot of a recorded print."""
    return parse_trace((RECORDED / f"{name}.txt").read_bytes().decode(), name)


def only_process(snapshot: Snapshot) -> Process:
    """The one process of a snapshot."""
    assert len(snapshot.processes) == 1, [(process.pid, len(process.threads)) for process in snapshot.processes]
    return snapshot.processes[0]


def only_thread(snapshot: Snapshot) -> Thread:
    """The one thread of a snapshot."""
    process = only_process(snapshot)
    assert len(process.threads) == 1, [thread.tid for thread in process.threads]
    return process.threads[0]


def names(thread: Thread) -> list[str | None]:
    """The functions of a stack, innermost first."""
    return [frame.function for frame in thread.frames]


def all_frames(snapshot: Snapshot) -> dict[tuple[int, int], tuple[Frame, ...]]:
    """Every stack, by its number among the processes and its thread."""
    return {(index, thread.tid): thread.frames for index, process in enumerate(snapshot.processes) for thread in process.threads}
