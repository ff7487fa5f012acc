"""`--capture no-stop` on the real podman, hung, by its own ordinary user: what gdb sees, and podman never notices."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from analyzer.capture import procfs
from tests.live.analysing import hanganalyze
from tests.tools.validate import check_schema

from .roots.make import ORDINARY_UID, require_root
from .roots.podman import hang_podman
from .verdicts import FORK, Verdict, assert_chain, assert_proven

pytestmark = pytest.mark.system


def analysed(pid: int, method: str, wrapper: tuple[str, ...] = ()) -> Verdict:
    options = ("--capture", method, "--max-pause", "60", "--json", "--no-reference")  # a busy machine takes its time
    ran = hanganalyze(pid, *options, user=ORDINARY_UID, wrapper=wrapper)
    assert ran.stdout, ran.stderr
    told = Verdict(ran.code, check_schema(json.loads(ran.stdout)), ran.stdout)
    assert told.result["snapshot"]["capture"]["method"] == method
    return told


def switches(pid: int) -> tuple[int | None, int | None]:
    """Of the only thread of the hung child."""
    counters = procfs.thread_counters(pid, pid)
    assert counters is not None
    return counters.voluntary_switches, counters.involuntary_switches


def frames(told: Verdict, pid: int) -> list[tuple[Any, ...]]:
    (thread,) = told.process(pid)["threads"]
    return [(frame["level"], frame["function"], frame["module"], frame["offset"]) for frame in thread["frames"]]


def without_what_moves(lock: dict[str, Any]) -> dict[str, Any]:
    """The thread that took it works, so what it does differs from moment to moment. No owner: it was caught before it had
    written its name into the lock."""
    owner = lock["owner"]
    return {**lock, "owner": owner and {**owner, "function": None, "doing": None}}


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace: apt-get install strace")
def test_same_as_attached_and_nothing_of_it_is_traced(tmp_path: Path) -> None:
    log = tmp_path / "ptrace"
    watched = ("strace", "-f", "-qq", "-e", "trace=ptrace,process_vm_writev", "-e", "signal=none", "-o", str(log))
    with hang_podman(require_root("bookworm"), "stdio") as hung:
        before = switches(hung.child)
        photographed = analysed(hung.pid, "no-stop", watched)
        assert switches(hung.child) == before
        attached = analysed(hung.pid, "attach")
        assert switches(hung.child) != before  # so the counters would have told
        for told in (photographed, attached):
            assert_proven(told, FORK, waiting=hung.child, lock="list_all_lock")
            assert_chain(told, hung.pid, hung.child)
        assert without_what_moves(photographed.lock) == without_what_moves(attached.lock)
        shown, whole = frames(photographed, hung.child), frames(attached, hung.child)
        # Go's frames, nameless to both, need a register further out: shorter there, never other.
        assert shown == whole[: len(shown)]
        assert photographed.functions(hung.child) == attached.functions(hung.child)
        answers = [[(reason["fact"], reason["holds"]) for reason in told.finding["reasons"]] for told in (photographed, attached)]
        assert answers[0] == answers[1]
    captured = photographed.process(hung.child)["capture"]
    assert (captured["method"], captured["stopped_ms"], captured["consistent"]) == ("no-stop", 0, True)
    calls = [line for line in log.read_text().splitlines() if "(" in line]
    assert calls == []
