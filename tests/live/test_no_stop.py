"""``--capture no-stop``: the same picture of what stands still, and the target never notices."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from analyzer.capture import no_stop, procfs
from analyzer.capture.bulk_read import read_pieces
from analyzer.capture.look import look
from tests import targets
from tests.live.analysing import ORDINARY_USER, hanganalyze
from tests.live.comparing import NEEDS_REGISTER, seen
from tests.live.test_stop import CASES, MOVES
from tests.live.test_targets import skip_if_it_cannot_run_here, until

pytestmark = pytest.mark.live

UNKNOWN_WITHOUT_REGISTERS = {
    # A thread on a stack that somebody made for it: which control block it has, only a register tells.
    "vm_shared_child",
    # glibc's list of threads is torn: its holder was caught in the middle of changing it.
    "raw_clone_lock pthread_create",
}


def switches(pid: int) -> dict[int, tuple[int | None, int | None]]:
    found = {tid: procfs.thread_counters(pid, tid) for tid in procfs.thread_ids(pid)}
    return {tid: (now.voluntary_switches, now.involuntary_switches) for tid, now in found.items() if now}


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_sees_what_gdb_sees(case: tuple[str, ...]) -> None:
    skip_if_it_cannot_run_here(*case)
    with targets.running(*case) as target:
        photographed = seen(target.pid, "no-stop")
        attached = seen(target.pid, "attach")
    assert photographed.snapshot.capture.method == "no-stop"
    assert photographed.snapshot.capture.stopped_ms == 0
    if case[0] in {"dying_threads", "raw_clone_transient"}:  # never twice the same
        return
    cut = set()
    for tid, frames in attached.frames.items():
        shown, problem = photographed.frames[tid], photographed.problems[tid]
        if problem is None:
            assert shown == frames
        elif problem == NEEDS_REGISTER:
            # Shorter, never other: what is shown is the inner part of what gdb shows.
            assert shown == frames[: len(shown)]
            cut.add(tid)
        else:
            assert shown == ()
            assert case[0] in MOVES or "busy" in case or problem == attached.problems[tid]
    assert photographed.locks == attached.locks
    for question, answer in photographed.facts.items():
        if answer != attached.facts[question]:
            assert (answer == "unknown" and " ".join(case) in UNKNOWN_WITHOUT_REGISTERS) or case[0] in MOVES, question
    if not cut and case[0] not in MOVES and " ".join(case) not in UNKNOWN_WITHOUT_REGISTERS:
        assert photographed.verdict == attached.verdict


@pytest.mark.parametrize("case", [("raw_clone_lock", "fork"), ("two_lock_cycle",), ("many_threads", "100")], ids=" ".join)
def test_the_target_does_not_notice(case: tuple[str, ...]) -> None:
    with targets.running(*case) as target:
        before = switches(target.pid)
        photographed = seen(target.pid, "no-stop")
        assert switches(target.pid) == before
    assert photographed.snapshot.capture.consistent is True


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace: apt-get install strace")
def test_no_ptrace_call_is_made(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = ["strace", "-f", "-qq", "-e", "trace=ptrace", "-o", str(log), sys.executable, "-m", "analyzer"]
    with targets.running("raw_clone_lock", "fork") as target:
        options = ["--capture", "no-stop", "--no-reference", "--json", str(target.pid)]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert '"proven"' in done.stdout
    assert "ptrace(" not in log.read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_sees_the_same() -> None:
    with targets.running("raw_clone_lock", "fork", user=ORDINARY_USER) as target:
        ran = hanganalyze(target.pid, "--capture", "no-stop", "--no-reference", "--json", user=ORDINARY_USER)
    assert ran.code == 0, ran.stderr
    (finding,) = ran.result["findings"]
    assert (finding["certainty"], finding["lock"]["symbol"]) == ("proven", "list_all_lock")
    assert ran.result["snapshot"]["capture"]["method"] == "no-stop"


def test_a_thread_that_runs_has_no_made_up_stack() -> None:
    with targets.running("busy_loop") as target:
        photographed = seen(target.pid, "no-stop")
    running = [tid for tid, problem in photographed.problems.items() if problem]
    assert running
    assert all(photographed.frames[tid] == () for tid in running)
    assert photographed.snapshot.capture.consistent is False


def test_a_thread_that_starts_running_in_the_middle_is_told_and_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its memory was read while it ran: no stack is made of that, and the photograph is taken once more."""
    times: list[int] = []
    with targets.running("clock_thread", "plain", "3") as target:
        listening = target.number("listening")

        def woken(pid: int, ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, bytes]]:
            """The first time, and only then, something wakes the thread between the two samples."""
            if not times:
                target.ask()
                until(
                    "it listens again", lambda: (now := procfs.thread_counters(pid, listening)) is not None and now.state == "S"
                )
            times.append(pid)
            return read_pieces(pid, ranges)

        monkeypatch.setattr("analyzer.capture.no_stop.read_pieces", woken)
        at_once = no_stop.take_once(look(procfs.sample(target.pid)))
        times.clear()
        photo = no_stop.take(look(procfs.sample(target.pid)))
    assert at_once.consistent is False
    moved = at_once.threads[listening]
    assert (moved.moved, moved.stack_pointer, moved.program_counter) == (True, None, None)
    assert moved.problem == "it ran while the photograph was taken, so its stack would be made up"
    assert len(times) > 1
    still = photo.threads[listening]
    assert (still.moved, still.problem) == (False, None)
    assert still.program_counter


@pytest.mark.parametrize(
    ("case", "method"),
    [(("raw_clone_lock", "fork"), "attach"), (("busy_loop",), "no-stop"), (("dying_threads",), "stop")],
    ids=str,
)
def test_auto_takes_what_fits_and_says_why(case: tuple[str, ...], method: str) -> None:
    with targets.running(*case) as target:
        capture = seen(target.pid, "auto").snapshot.capture
    assert capture.method == method
    assert capture.why
