"""The target programs stand where their heads say they stand, seen from /proc, and leave nothing behind."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import targets
from tests.live.debugger import backtrace, needs_gdb
from tests.targets.procs import sample, session_members, stat_of, threads_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.live

GET_ROBUST_LIST = {"x86_64": 274, "s390x": 305, "aarch64": 100, "ppc64le": 299}

# What raw_clone_lock can call, with the function of the program that the stack of the waiting child must show.
CALLS = {
    "malloc": "call_malloc",
    "free": "call_free",
    "setenv": "call_setenv",
    "setenv-malloc": "call_setenv",
    "stdio": "call_stdio",
    "localtime": "call_localtime",
    "nss": "call_nss",
    "exit": "call_exit",
    "dlopen": "call_dlopen",
    "pthread_create": "call_pthread_create",
    "pthread_once": "call_pthread_once",
    "fopen": "call_fopen",
    "fork": "call_fork",
    "fork-malloc": "call_fork",
    "fork-atfork": "call_fork",
}
HUNG_RAW_CLONES: list[tuple[str, ...]] = [
    *(("raw_clone_lock", call) for call in CALLS),
    ("parent_gone",),
    ("clock_thread", "hung", "20"),
    ("socketpair_lock",),
]
OTHER_RAW_CLONES: list[tuple[str, ...]] = [
    ("pause_process",),
    ("owner_alive",),
    ("owner_alive", "main_arena"),
    ("vm_shared_child",),
    ("raw_clone_transient",),
    ("signal_self_deadlock", "localtime", "raw"),
    ("signal_self_deadlock", "malloc", "raw"),
    ("signal_self_deadlock", "fork", "raw"),
    ("atfork_handler_blocks", "raw"),
]
ORDINARY: list[tuple[str, ...]] = [
    ("atfork_handler_blocks",),
    ("busy_loop",),
    ("clock_thread", "plain", "5"),
    ("cond_wait_pool",),
    ("dead_owner_mutex",),
    ("deep_stack", "1000"),
    ("dying_threads", "10"),
    ("file_locks", "flock"),
    ("file_locks", "fcntl"),
    ("file_locks", "inherited"),
    ("many_threads", "100"),
    ("many_threads", "10", "busy"),
    ("many_waiters", "70"),
    ("pipe_read",),
    *(("polls_pipe", call) for call in ("poll", "select", "epoll", "nested", "pidfd")),
    *(("hostile", kind) for kind in ("plain", "corrupt", "cyclic", "names", "undumpable", "seccomp")),
    ("plain_fork_child", "env"),
    ("plain_fork_child", "tz"),
    ("plain_fork_child", "passwd"),
    ("plain_fork_child", "mutex"),
    ("signal_self_deadlock", "localtime"),
    ("tortured", "5"),
    ("signal_self_deadlock", "malloc"),
    ("signal_self_deadlock", "fork"),
    ("sleeper",),
    ("stopped",),
    ("stopped_holder",),
    *(("streams", kind) for kind in ("fifo", "unix", "tcp", "full")),
    ("two_lock_cycle",),
    ("waitpid_child",),
    ("zombie_leader",),
]
WITHOUT_ROBUST_LIST: list[tuple[str, ...]] = [("vfork_child",), ("musl_static",)]
EVERYTHING = [*HUNG_RAW_CLONES, *OTHER_RAW_CLONES, *ORDINARY, *WITHOUT_ROBUST_LIST]


def until(what: str, holds: Callable[[], bool], timeout: float = 10.0) -> None:
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, f"not in {timeout} s: {what}"
        time.sleep(0.005)


def robust_list_is_null(pid: int) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    head, size = ctypes.c_void_p(), ctypes.c_size_t()
    number = GET_ROBUST_LIST[platform.machine()]
    assert libc.syscall(number, pid, ctypes.byref(head), ctypes.byref(size)) == 0, os.strerror(ctypes.get_errno())
    return head.value is None


def futex(tid: int) -> int:
    """The address the thread waits for."""
    seen = sample(tid)
    assert seen is not None
    return int(seen.syscall.split()[1], 0)


def skip_if_it_cannot_run_here(name: str, *arguments: str) -> None:
    if not targets.can_build(name):
        pytest.skip("no musl-gcc: apt-get install musl-tools")
    if (name, *arguments) == ("hostile", "undumpable") and os.geteuid() != 0:
        pytest.skip("only root can see where a process that is not dumpable stands")


@pytest.mark.parametrize("name", targets.names())
def test_compiles_without_a_warning(name: str) -> None:
    skip_if_it_cannot_run_here(name)  # a warning of the compiler's is one of Python's, and those are errors here
    program = targets.build(name)
    assert os.access(program, os.X_OK)
    assert targets.build(name) == program


def test_every_target_is_tried_here() -> None:
    assert {case[0] for case in EVERYTHING} | {"raw_clone_nss"} == set(targets.names())


@pytest.mark.parametrize("case", EVERYTHING, ids=" ".join)
def test_stands_still_and_leaves_nothing(case: tuple[str, ...]) -> None:
    skip_if_it_cannot_run_here(*case)
    with targets.running(*case) as target:
        assert target.pid in target.pids
        before = [sample(wait.tid) for wait in target.waits]
        time.sleep(0.05)
        after = [sample(wait.tid) for wait in target.waits]
        assert before == after
        assert all(wait.reached(seen) for wait, seen in zip(target.waits, after, strict=True))
        pids = target.pids
    assert session_members(target.started) == []
    assert [pid for pid in pids if stat_of(pid)] == []


@pytest.mark.parametrize("case", [*HUNG_RAW_CLONES, *OTHER_RAW_CLONES], ids=" ".join)
def test_raw_clone_leaves_the_robust_list_cleared(case: tuple[str, ...]) -> None:
    with targets.running(*case) as target:
        assert robust_list_is_null(target.pid)
        if target.number("parent") in target.pids:
            assert not robust_list_is_null(target.number("parent"))


@pytest.mark.parametrize("case", ORDINARY, ids=" ".join)
def test_ordinary_process_has_a_robust_list(case: tuple[str, ...]) -> None:
    skip_if_it_cannot_run_here(*case)
    with targets.running(*case) as target:
        ended = stat_of(target.pid)[0] == "Z"  # a thread that has ended has none
        assert robust_list_is_null(target.pid) == ended


@pytest.mark.parametrize("case", HUNG_RAW_CLONES, ids=" ".join)
def test_the_holder_was_not_copied(case: tuple[str, ...]) -> None:
    with targets.running(*case) as target:
        holder = target.number("holder")
        assert holder not in threads_of(target.pid)
        if case[0] != "parent_gone":
            assert holder in threads_of(target.number("parent"))


@needs_gdb
@pytest.mark.parametrize(("call", "function"), CALLS.items())
def test_the_child_waits_inside_the_call(call: str, function: str) -> None:
    with targets.running("raw_clone_lock", call) as target:
        waiting, _, callers = backtrace(target.pid).partition(function)
        assert "#1 " in waiting
        assert " main " in callers


@pytest.mark.skipif(
    tuple(map(int, platform.libc_ver()[1].split(".")[:2])) < (2, 33), reason="fork() takes this lock from glibc 2.33 on"
)
def test_the_lock_of_the_nss_database_lies_in_the_heap() -> None:
    with targets.running("raw_clone_nss", ready_timeout=60) as target:
        assert robust_list_is_null(target.pid)
        assert futex(target.pid) == target.number("lock")
        heap = next(line for line in Path(f"/proc/{target.pid}/maps").read_text().splitlines() if "[heap]" in line)
        begin, end = (int(part, 16) for part in heap.split()[0].split("-"))
        assert begin <= target.number("lock") < end


def test_parent_gone_is_adopted() -> None:
    with targets.running("parent_gone") as target:
        assert stat_of(target.number("parent")) == []
        assert int(stat_of(target.pid)[1]) == os.getpid()


def test_owner_alive_has_its_holder_in_the_same_process() -> None:
    with targets.running("owner_alive") as target:
        assert target.number("holder") in threads_of(target.pid)


def test_vm_shared_child_shares_its_memory() -> None:
    with targets.running("vm_shared_child") as target:
        maps = [Path(f"/proc/{pid}/maps").read_bytes() for pid in (target.pid, target.number("parent"))]
        assert maps[0] == maps[1]


def test_two_lock_cycle_is_one() -> None:
    with targets.running("two_lock_cycle") as target:
        assert futex(target.number("one")) == target.number("held_by_other")
        assert futex(target.number("other")) == target.number("held_by_one")


@pytest.mark.parametrize("case", [("dead_owner_mutex",), ("atfork_handler_blocks",), ("atfork_handler_blocks", "raw")])
def test_waits_for_its_own_mutex(case: tuple[str, ...]) -> None:
    with targets.running(*case) as target:
        assert futex(target.pid) == target.number("lock")


def test_zombie_leader_has_live_threads() -> None:
    with targets.running("zombie_leader") as target:
        assert stat_of(target.pid)[0] == "Z"
        assert futex(target.number("waits")) == target.number("lock")


def test_vfork_child_holds_up_its_parent() -> None:
    with targets.running("vfork_child") as target:
        assert stat_of(target.number("parent"))[0] == "D"


@needs_gdb
def test_deep_stack_is_deep() -> None:
    with targets.running("deep_stack", 5000) as target:
        deepest = backtrace(target.number("deep"), "-3")
        assert int(deepest.rpartition("#")[2].split()[0]) > 5000


@pytest.mark.parametrize(
    ("case", "thread"),
    [
        (("raw_clone_transient",), "pid"),
        (("raw_clone_transient",), "flushes"),
        (("sleeper",), "polls"),
        (("many_threads", "5", "busy"), "busy"),
        (("busy_loop",), "busy"),
        (("clock_thread", "hung"), "clock"),
        (("dying_threads", "10"), "sends"),
    ],
)
def test_what_is_meant_to_move_moves(case: tuple[str, ...], thread: str) -> None:
    with targets.running(*case) as target:
        tid = target.number(thread)
        work = Path(f"/proc/{target.pid}/task/{tid}/schedstat")  # time on a processor, in ns, comes first
        first = int(work.read_text().split()[0])
        until(f"{thread} moves", lambda: int(work.read_text().split()[0]) > first)


def test_the_clock_sees_the_process_stand_still() -> None:
    with targets.running("clock_thread", "hung", 10) as target:
        target.ask()
        os.kill(target.pid, signal.SIGSTOP)
        until("stopped", lambda: stat_of(target.pid)[0] == "T")
        time.sleep(0.3)
        os.kill(target.pid, signal.SIGCONT)
        stopped = target.ask()
        assert stopped["gap_us"] >= 300_000
        until("a gap under the time it was stopped", lambda: target.ask()["gap_us"] < 300_000)


def test_signals_arrive_although_threads_come_and_go() -> None:
    with targets.running("dying_threads", 20) as target:
        until("signals, ticks and births", lambda: min(target.ask().values()) > 50)
        until("nothing under way", lambda: (seen := target.ask())["sent"] <= seen["received"])


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
def test_runs_as_somebody_else() -> None:
    with targets.running("raw_clone_lock", "fork", user="nobody") as target:
        assert {Path(f"/proc/{pid}").stat().st_uid for pid in target.pids} == {65534}


def test_what_is_not_ready_is_said_and_ended() -> None:
    with (
        pytest.raises(targets.NotReadyError, match=r"raw_clone_lock .*no such call"),
        targets.running("raw_clone_lock", "nonsense"),
    ):
        pass


HARNESS = """
import sys, time
from tests import targets
from tests.live.debugger import backtrace, needs_gdb
with targets.running(*sys.argv[1:]) as target:
    print(target.started, *target.pids, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("case", [("raw_clone_lock", "fork"), ("parent_gone",), ("vfork_child",)], ids=" ".join)
def test_dies_with_whoever_started_it(case: tuple[str, ...], tmp_path: Path) -> None:
    root, env = Path(__file__).parents[2], {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", HARNESS, *case]
    with subprocess.Popen(command, cwd=root, env=env, stdout=subprocess.PIPE, text=True) as harness:
        try:
            assert harness.stdout is not None
            session, *pids = map(int, harness.stdout.readline().split())
            assert pids
        finally:
            harness.kill()
    until("no live process", lambda: all(stat_of(pid)[:1] in ([], ["Z"]) for pid in session_members(session)))
