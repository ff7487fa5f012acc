"""Processes that are hard to look at: a report for each that says what could be seen, and the target runs on."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests import targets
from tests.live.analysing import Ran, hanganalyze
from tests.live.hostile.starting import runs_on

pytestmark = pytest.mark.live

CAPTURES = ("auto", "attach", "stop", "no-stop")
READS = "a_name_that_is_replaced_by_every_kind_of_byte_in_a_copy_of_this_program"
FREEZER = Path("/sys/fs/cgroup/freezer")


def analysed(ran: Ran) -> dict[str, Any]:
    """The process of a run that came to a report."""
    assert ran.code in {0, 1}, ran.stderr
    process: dict[str, Any] = ran.result["snapshot"]["processes"][0]
    return process


def thread(process: dict[str, Any], tid: int) -> dict[str, Any]:
    (found,) = [one for one in process["threads"] if one["tid"] == tid]
    return dict(found)


@pytest.mark.parametrize("capture", CAPTURES)
def test_a_main_thread_that_has_ended(capture: str) -> None:
    with targets.running("zombie_leader") as target:
        process = analysed(hanganalyze(target.pid, "--capture", capture, "--json"))
        waits, holder = thread(process, target.number("waits")), thread(process, target.number("holder"))
        assert "waits_for_mutex" in [frame["function"] for frame in waits["frames"]]
        assert "holder_of_mutex" in [frame["function"] for frame in holder["frames"]]
        leader = thread(process, target.pid)
        assert leader["frames"] == []
        assert "it has ended" in leader["problem"]
        assert process["executable"] is not None
        (lock,) = process["locks"]
        assert lock["owner"]["tid"] == target.number("holder")
        facts = {fact["name"]: fact["holds"] for fact in process["facts"] if fact["tid"] is None}
        assert facts["robust-list-unregistered"] == "unknown"  # a thread that ends gives its list up
        assert facts["created-by-raw-clone"] != "yes"
        assert process["capture"]["method"] == ("no-stop" if capture == "no-stop" else "stop")
        runs_on(target.number("waits"))


@pytest.mark.parametrize("capture", ["attach", "stop", "no-stop"])
@pytest.mark.parametrize("kind", ["corrupt", "cyclic"])
def test_a_stack_that_makes_no_sense(kind: str, capture: str) -> None:
    with targets.running("hostile", kind) as target:
        process = analysed(hanganalyze(target.pid, "--capture", capture, "--json"))
        main = thread(process, target.pid)
        assert {READS, "main"} <= {frame["function"] for frame in main["frames"]}
        (other,) = [wait.tid for wait in target.waits if wait.tid != target.pid]
        broken = thread(process, other)
        assert READS in {frame["function"] for frame in broken["frames"]}
        assert len(broken["frames"]) <= 80
        runs_on(target.pid)


@pytest.mark.parametrize("capture", ["attach", "stop", "no-stop"])
def test_a_stack_of_100000_frames(capture: str) -> None:
    with targets.running("deep_stack", 100_000, ready_timeout=60) as target:
        process = analysed(hanganalyze(target.pid, "--capture", capture, "--max-pause", 60, "--json"))
        deep = thread(process, target.number("deep"))
        assert deep["cut"]
        assert 64 <= len(deep["frames"]) <= 80
        assert deep["frames_total"] is None or deep["frames_total"] > 80
        assert "down" in {frame["function"] for frame in deep["frames"]}
        runs_on(target.pid)


@pytest.mark.parametrize("capture", ["stop", "no-stop"])
def test_10000_threads(capture: str) -> None:
    with targets.running("many_threads", 10_000, ready_timeout=300) as target:
        ran = hanganalyze(target.pid, "--capture", capture, "--max-pause", 60, "--json", deadline=900)
        process = analysed(ran)
        assert process["threads_total"] == 10_001
        assert len(process["threads"]) == 10_001
        seen = [one for one in process["threads"] if one["frames"]]
        # What time did not allow is said, with the thread and as a note.
        assert all(one["problem"] for one in process["threads"] if not one["frames"])
        assert len(seen) == 10_001 or any("were not looked at" in note for note in process["capture"]["notes"])
        assert "main" in {frame["function"] for frame in thread(process, target.pid)["frames"]}
        runs_on(target.pid)


def test_it_may_make_no_system_call() -> None:
    """Under seccomp a call that the analysis made in the target would be its end."""
    with targets.running("hostile", "seccomp") as target:
        for capture in CAPTURES:
            process = analysed(hanganalyze(target.pid, "--capture", capture, "--json"))
            assert READS in {frame["function"] for frame in thread(process, target.pid)["frames"]}
            runs_on(target.pid)


def test_names_of_every_byte() -> None:
    with targets.running("hostile", "names") as target:
        ran = hanganalyze(target.pid, "--json")
        process = analysed(ran)
        assert len(process["threads"]) == 18
        assert process["name"].startswith("<b>")
        assert ran.stdout.isascii()
        assert not set(ran.stdout) & {chr(number) for number in range(32) if number != 10}
        for format in ("html", "markdown", "text"):
            told = hanganalyze(target.pid, "--format", format, "-o", "-")
            assert told.code == 1, told.stderr
            assert "\x1b" not in told.stdout
            assert format != "html" or "<b>\\n" not in told.stdout  # Markdown has it in code, which shows it as it is
        runs_on(target.pid)


@pytest.mark.parametrize("capture", CAPTURES)
def test_a_vfork_child_and_its_parent_in_state_d(capture: str) -> None:
    with targets.running("vfork_child") as target:
        parent = target.number("parent")
        assert "call_" not in hanganalyze(target.pid, "--capture", capture, "--no-family", "--json").stderr
        ran = hanganalyze(parent, "--capture", capture, "--max-pause", 2, "--json")
        # What no signal reaches cannot be attached to; then it is said, and the thread is released.
        assert ran.code in {0, 1} or "stood still for more than" in ran.stderr or "gdb" in ran.stderr, ran.stderr
        if ran.code in {0, 1}:
            waits = [one["wait"]["kind"] for one in analysed(ran)["threads"] if one["wait"]]
            assert "vfork" in waits or "clone" in waits
            assert not [finding for finding in ran.result["findings"] if finding["certainty"] == "proven"]
        runs_on(parent)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root freezes processes")
@pytest.mark.parametrize("capture", CAPTURES)
def test_every_thread_in_state_d(capture: str) -> None:
    """The cgroup freezer of version 1 holds its processes in state D, where no signal and no tracer reaches them."""
    group = FREEZER / f"hanganalyze-test-{os.getpid()}"
    with targets.running("hostile") as target:
        if not FREEZER.is_dir():  # without it, the closest there is: the parent of a vfork, above
            return
        group.mkdir()
        try:
            (group / "cgroup.procs").write_text(str(target.pid))
            (group / "freezer.state").write_text("FROZEN")
            _until(lambda: (group / "freezer.state").read_text().strip() == "FROZEN")
            ran = hanganalyze(target.pid, "--capture", capture, "--max-pause", 2, "--json")
            if capture in {"auto", "attach"}:
                assert ran.code == 3 or analysed(ran)
            else:
                process = analysed(ran)
                assert thread(process, target.pid)["state"] == "D"
        finally:
            (group / "freezer.state").write_text("THAWED")
            (FREEZER / "cgroup.procs").write_text(str(target.pid))
            _until(lambda: not (group / "cgroup.procs").read_text())
            group.rmdir()
        runs_on(target.pid)


def _until(holds: Any) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
