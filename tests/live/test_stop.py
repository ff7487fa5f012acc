"""``--capture stop``: the same picture as gdb's, and the target goes on as it was."""

from __future__ import annotations

import os
import time

import pytest

from analyzer.capture import procfs, stop
from analyzer.capture.look import look
from tests import targets
from tests.live.comparing import seen
from tests.live.test_targets import EVERYTHING, skip_if_it_cannot_run_here, until

pytestmark = pytest.mark.live

RUNS = int(os.environ.get("HANGANALYZE_STOP_RUNS", "60"))
"""1,000 for the full trial."""
MOVES = {"busy_loop", "clock_thread", "dying_threads", "raw_clone_transient"}
NOT_ADMITTED = {"zombie_leader"}
"""The kernel does not show the memory of a process by the pid of a main thread that has ended."""
CASES = [case for case in EVERYTHING if case[0] not in NOT_ADMITTED]


def states(pid: int) -> list[str]:
    texts = (procfs.read_text(f"/proc/{pid}/task/{tid}/status") for tid in procfs.thread_ids(pid))
    return [procfs.status_fields(text)["State"][:1] for text in texts if text]


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_sees_what_gdb_sees(case: tuple[str, ...]) -> None:
    skip_if_it_cannot_run_here(*case)
    with targets.running(*case) as target:
        stopped = seen(target.pid, "stop")
        attached = seen(target.pid, "attach")
    assert stopped.snapshot.capture.method == "stop"
    if case[0] in {"dying_threads", "raw_clone_transient"}:  # never twice the same
        assert stopped.verdict[0] == attached.verdict[0]
        return
    assert stopped.verdict == attached.verdict
    assert stopped.locks == attached.locks
    assert stopped.facts == attached.facts
    standing = {wait.tid for wait in target.waits}
    for tid, frames in attached.frames.items():
        if case[0] not in MOVES or tid in standing:
            assert (stopped.frames[tid], stopped.problems[tid]) == (frames, attached.problems[tid])
        else:
            assert stopped.frames[tid][-2:] == frames[-2:]


def test_many_stops_of_a_process_whose_threads_come_and_go() -> None:
    with targets.running("dying_threads") as target:
        before = target.ask()
        for _ in range(RUNS):
            photo = stop.take(look(procfs.sample(target.pid)), 5.0)
            assert sum(thread.problem is None for thread in photo.threads.values()) > 50
            assert not {"T", "t"} & set(states(target.pid))
        after = target.ask()
        assert after["born"] > before["born"]
        assert after["timer"] > before["timer"]
        # Signals go on being sent; those under way are few, and one that is lost stays missing.
        until("every signal arrived", lambda: (now := target.ask())["sent"] - now["received"] <= 1)


def test_a_stopped_process_stays_stopped() -> None:
    with targets.running("stopped") as target:
        assert set(states(target.pid)) == {"T"}
        photo = stop.take(look(procfs.sample(target.pid)), 5.0)
        assert photo.threads[target.pid].registers
        until("it stands again", lambda: set(states(target.pid)) == {"T"})
        time.sleep(0.05)
        assert set(states(target.pid)) == {"T"}
