"""Locks that cannot be read to the end: each costs only itself, what is missing is said, and none of them proves anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import targets
from tests.live.analysing import Ran, hanganalyze
from tests.live.hostile.starting import runs_on
from tests.live.hostile.test_processes import analysed, thread

pytestmark = pytest.mark.live

UNREADABLE, SPOILED = "memory at 0x", "0xffffffff is no thread id"


def lock_of(process: dict[str, Any], tid: int) -> dict[str, Any]:
    (found,) = [lock for lock in process["locks"] if tid in lock["waiters"]]
    return dict(found)


def fact(process: dict[str, Any], name: str, tid: int) -> tuple[str, str]:
    ((holds, value),) = [(one["holds"], one["value"]) for one in process["facts"] if (one["name"], one["tid"]) == (name, tid)]
    return holds, value


def check(ran: Ran, target: targets.Target, *, gone: bool) -> None:
    process = analysed(ran)
    assert ran.result["status"] == "hung", ran.result["status"]
    assert ran.result["findings"] == []  # nothing is proven of what could not be read
    for name in ("half", "spoiled", "whole", "gone", "truncated"):
        assert "waits_for_mutex" in {frame["function"] for frame in thread(process, target.number(name))["frames"]}, name
    whole = lock_of(process, target.number("whole"))
    assert (whole["word"], whole["owner"]["tid"], whole["owner"]["orphaned"]) == (2, target.pid, False)
    for name, told in (("half", UNREADABLE), ("spoiled", SPOILED)):
        lock = lock_of(process, target.number(name))
        assert (lock["word"], lock["owner"]) == (2, None)
        holds, value = fact(process, "lock-orphaned", target.number(name))
        assert holds == "unknown"
        assert "who holds it could not be read" in value
        assert told in value
    pointer = lock_of(process, target.number("pointer"))
    assert (pointer["owner"]["address"], pointer["owner"]["tid"]) == ("0x6666666660", None)
    assert fact(process, "lock-orphaned", target.number("pointer"))[0] == "unknown"
    holds, value = fact(process, "lock-owner-alive", target.number("pointer"))
    assert holds == "unknown"
    assert UNREADABLE in value
    for name in ("gone", "truncated"):
        lock = lock_of(process, target.number(name))
        assert (lock["word"] is None) is gone
        assert fact(process, "lock-word-held", target.number(name)) == (
            ("unknown", "could not check: the lock word could not be read")
            if gone
            else ("yes", f"the lock at {lock['address']} holds 0x2")
        )


@pytest.mark.parametrize("capture", ["attach", "stop", "no-stop"])
def test_spoiled_locks(capture: str) -> None:
    with targets.running("hostile", "locks") as target:
        check(hanganalyze(target.pid, "--capture", capture, "--no-reference", "--json"), target, gone=False)
        runs_on(target.pid)


@pytest.mark.parametrize("capture", ["auto", "no-stop"])
def test_locks_without_memory(capture: str, tmp_path: Path) -> None:
    """Without a stop: whoever waits for a lock that is gone is ended by the kernel's restart of its call, whatever stopped it."""
    core = tmp_path / "core"
    with targets.running("hostile", "locks-gone") as target:
        ran = hanganalyze(target.pid, "--capture", capture, "--no-reference", "--save-core", core, "--json")
        check(ran, target, gone=True)
        assert analysed(ran)["capture"]["method"] == "no-stop"
        assert "a stop would end the process" in analysed(ran)["capture"]["why"] or capture == "no-stop"
        runs_on(target.pid)
        assert target.pid in target.pids
        check(hanganalyze("core", core, "--no-reference", "--json"), target, gone=True)
