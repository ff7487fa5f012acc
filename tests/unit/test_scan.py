"""The scan's reading and words: odd names, what is a lock and what is not, the text for a person."""

from __future__ import annotations

import json
import os

import pytest

from analyzer.capture.architecture import ARCHITECTURES
from analyzer.capture.waits import FutexWait
from analyzer.model.scan import Scan, Suspect
from analyzer.render.scan import to_json, to_text
from analyzer.scan.candidates import candidates, for_lock, libc_of
from analyzer.scan.survey import Row, survey
from tests.tools.validate import check_schema

X86 = ARCHITECTURES["x86_64"]


def futex_line(operation: int, expected: int, timeout: int = 0) -> str:
    return f"202 0x7f00 {operation:#x} {expected:#x} {timeout:#x} 0x0 0x0 0x7ffe 0x7f01\n"


@pytest.mark.parametrize(
    ("operation", "expected", "libc", "lock"),
    [
        (0, 2, "glibc", True),  # lll_lock
        (9, 2, "glibc", False),  # a condition variable that happens to count two
        (9, 0, "glibc", False),  # a semaphore
        (0, 0, "glibc", False),
        (6, 0, "glibc", True),  # a mutex with priority inheritance
        (0, 0x80000002, "musl", True),
        (0, 2, "musl", False),  # musl's condition variable
    ],
)
def test_what_is_a_lock(operation: int, expected: int, libc: str, lock: bool) -> None:
    assert for_lock(FutexWait(0x7F00, operation, expected, timed=False), libc) == lock


def row(state: str, *lines: str) -> Row:
    return Row(10, 1, "name", state, len(lines), 5, {10 + place: line for place, line in enumerate(lines)})


@pytest.mark.parametrize(
    ("line", "chosen"),
    [
        (futex_line(0x80, 2), True),
        (futex_line(0x189, 0), True),
        (futex_line(0x80, 2, 0x7FFE), False),
        (futex_line(0x81, 1), False),
        ("0 0x3 0x0 0x0 0x0 0x0 0x0 0x7ffe 0x7f01\n", False),
        ("running\n", False),
        ("-1 0x7ffe 0x7f01\n", False),
        ("", False),
    ],
)
def test_who_is_looked_at_twice(line: str, chosen: bool) -> None:
    assert [one.tid for one in candidates([row("S", line)], X86)] == ([10] if chosen else [])


def test_stopped_and_uninterruptible_are_looked_at_twice() -> None:
    assert [one.row.state for one in candidates([row("T", ""), row("D", ""), row("S", ""), row("R", "")], X86)] == ["T", "D"]


def test_private_is_told_from_shared() -> None:
    lines = (futex_line(0x80, 2), futex_line(0, 2))
    assert [one.private for one in candidates([row("S", *lines)], X86)] == [True, False]


def test_the_survey_sees_our_parent_and_not_ourselves() -> None:
    found = survey()
    assert os.getpid() not in found.rows
    assert os.getppid() in found.rows


def test_our_libc() -> None:
    assert libc_of(os.getpid()) in {"glibc", "musl"}
    assert libc_of(1 << 22) == "unknown"


def suspect(name: str, rank: str) -> Suspect:
    return Suspect(7, name, rank, 7, 2, "a lock at 0x7f00", ("it stands still",), (), "hanganalyze 7")  # type: ignore[arg-type]


def a_scan(*suspects: Suspect) -> Scan:
    return Scan("2026-01-01T00:00:00+00:00", 3, 4, 1, 0.2, suspects, ("what 1 process waits for could not be seen",))


@pytest.mark.parametrize("name", ["\x1b[2J\x1b[31mred", "a\nHUNG     1 (root)", "\u202egnp.exe", "(((", ""])
def test_a_hostile_name_moves_nothing(name: str) -> None:
    text = to_text(a_scan(suspect(name, "hung")))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert sum(line.startswith("HUNG") for line in text.splitlines()) == 1
    assert check_schema(json.loads(to_json(a_scan(suspect(name, "hung")))), "hanganalyze-scan-1.schema.json")


def test_those_that_merely_wait_are_counted_not_listed() -> None:
    scan = a_scan(suspect("worker", "waits"))
    assert "worker" not in to_text(scan)
    assert "1 process; --all lists them" in to_text(scan)
    assert "None looks hung." in to_text(scan)
    assert "waits    7 (worker, 2 threads)" in to_text(scan, everything=True)
    assert "could not be seen" in to_text(scan)


def test_json_on_one_line() -> None:
    assert "\n" not in to_json(a_scan(suspect("a", "hung")), indent=None)
