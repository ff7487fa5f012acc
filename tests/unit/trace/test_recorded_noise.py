"""Every form of trace, not gdb's alone, after what happens to it between the terminal and the ticket."""

from __future__ import annotations

import pytest

from analyzer.capture.trace import parse
from analyzer.model import Snapshot
from tests.unit.trace.noises import NOISES
from tests.unit.trace.samples import RECORDED

_BREAKING = {name for name in NOISES if name.startswith(("folded", "cropped"))}
_NOT_MADE_FOR: dict[str, set[str]] = {
    # Written for gdb's numbered frames, or for lines that begin with one.
    "addr2line-plain": {"bullets", "grep"},
    "backtrace-symbols": {"grep"},
    "delve-bt": {"comment"} | _BREAKING,
    "delve-goroutines": _BREAKING,
    "gdb-bt-full": {"flat"},
    "gdb-info-threads": {"comment", "cropped at 80"},
    "gdb-info-threads-parent": {"comment", "cropped at 72", "cropped at 80"},
    "gdb-mi": {"escaped", "cropped at 72"},
    "go-sigquit": {"cropped at 72"},  # the edge lies between a call and its brackets
    "strace-run": {"folded at 72", "folded at 76", "folded at 80", "cropped at 100"},  # the threads' order
    # Text within strings of its own: what breaks or escapes it breaks the strings.
    "gdb-mi-console": {"escaped", "html_breaks", "gdb_width", "JSON log"} | _BREAKING,
    "gdb-target-sysroot": {"flat"},
    "gdb-terminal": {"quoted_printable", "JSON log"} | _BREAKING,  # its colours are broken with the lines
    "lldb-linux": _BREAKING,
    "perf-script": _BREAKING,
}
"""Recorded print -> noises that it may lose by. Everything else must come through."""
FORMS = sorted(path.stem for path in RECORDED.glob("*.txt"))


def told(snapshot: Snapshot) -> list[list[tuple[int, list[str | None], str | None]]]:
    """Who stands where, and waits for what: what a diagnosis is made from."""
    return [
        [
            (thread.tid, [frame.function for frame in thread.frames], thread.wait.kind if thread.wait is not None else None)
            for thread in process.threads
        ]
        for process in snapshot.processes
    ]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_comes_through_every_noise(form: str) -> None:
    text = (RECORDED / f"{form}.txt").read_bytes().decode()
    clean = told(parse(text).snapshot)
    assert any(thread for process in clean for thread in process)
    lost = [
        noise
        for noise, spoil in NOISES.items()
        if noise not in _NOT_MADE_FOR.get(form, ()) and told(parse(spoil(text)).snapshot) != clean
    ]
    assert not lost


def test_few_forms_lose_much() -> None:
    assert sum(map(len, _NOT_MADE_FOR.values())) < len(FORMS) * len(NOISES) / 10
    assert set(_NOT_MADE_FOR) <= set(FORMS)
