"""The scan of the host: finds what hangs among what does not, calls nothing healthy hung, and touches nothing."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer.reference.image_make import make_image
from analyzer.reference.options import LoaderOptions
from analyzer.reference.run import run_until_hung
from analyzer.scan import scan
from tests import targets
from tests.bench.scan import sleepers
from tests.live.analysing import ORDINARY_USER, hanganalyze
from tests.targets.procs import sample, stat_of
from tests.tools.validate import check_schema

pytestmark = pytest.mark.live
SCAN_SCHEMA = "hanganalyze-scan-1.schema.json"

HUNG: list[tuple[str, ...]] = [
    *(("raw_clone_lock", call) for call in ("fork", "malloc", "setenv", "stdio", "pthread_once", "exit", "dlopen")),
    ("socketpair_lock",),
    ("parent_gone",),
    ("plain_fork_child", "env"),
]
# Nothing of these may be called hung; the rank that is true of the process to analyse, None where it should not be listed at all.
HEALTHY: list[tuple[tuple[str, ...], set[str | None]]] = [
    (("sleeper",), {None}),
    (("cond_wait_pool",), {"waits"}),
    (("pipe_read",), {None}),
    (("waitpid_child",), {None}),
    (("pause_process",), {None}),
    (("busy_loop",), {"waits"}),
    (("many_threads", "20"), {None, "waits"}),
    (("many_threads", "20", "busy"), {None, "waits"}),
    (("dying_threads", "10"), {None, "waits"}),
    (("raw_clone_transient",), {None, "waits", "suspect"}),
    (("vfork_child",), {None}),
    (("polls_pipe", "epoll"), {None}),
    # Hung or not: from /proc alone a thread that might release the lock is in sight.
    (("owner_alive",), {"suspect"}),
    (("vm_shared_child",), {"suspect"}),
    (("two_lock_cycle",), {"suspect"}),
    (("signal_self_deadlock", "malloc"), {"suspect"}),
    (("stopped",), {"waits"}),
]


def scanned(*arguments: str, user: int | None = None) -> tuple[int, dict[str, Any]]:
    ran = hanganalyze("scan", "--json", *arguments, user=user)
    assert ran.code in {0, 1}, ran.stderr
    return ran.code, check_schema(ran.result, SCAN_SCHEMA)


def ranks() -> dict[int, str]:
    return {one.pid: one.rank for one in scan().suspects}


@pytest.mark.parametrize("case", HUNG, ids=" ".join)
def test_finds_what_hangs(case: tuple[str, ...]) -> None:
    with targets.running(*case) as target:
        found = {one.pid: one for one in scan().suspects}
        assert found[target.pid].rank == "hung"
        assert found[target.pid].tid == target.pid
        assert {pid for pid in target.pids if pid in found and found[pid].rank == "hung"} == {target.pid}


@pytest.mark.parametrize(("case", "expected"), HEALTHY, ids=[" ".join(case) for case, _ in HEALTHY])
def test_calls_nothing_healthy_hung(case: tuple[str, ...], expected: set[str | None]) -> None:
    with targets.running(*case) as target:
        found = ranks()
        assert found.get(target.pid) in expected
        assert "hung" not in {found.get(pid) for pid in target.pids}


@pytest.mark.skipif(not targets.can_build("musl_static"), reason="no musl-gcc: apt-get install musl-tools")
def test_another_libc_is_not_judged_by_glibcs_rules() -> None:
    with targets.running("musl_static") as target:
        assert ranks().get(target.pid) != "hung"


def test_hung_loaders_among_healthy_processes(tmp_path: Path) -> None:
    store = tmp_path / "stores"
    store.mkdir()
    options = LoaderOptions(make_image(tmp_path / "image.tar").path, store / "store", "none", "stdio")
    with contextlib.ExitStack() as stack:
        loader = stack.enter_context(run_until_hung(options, 60, 120.0))
        stack.enter_context(sleepers(50))
        healthy = [stack.enter_context(targets.running(*case)) for case, _ in HEALTHY[:5]]
        code, found = scanned()
        assert loader.child_pid is not None
        suspects = {one["pid"]: one for one in found["suspects"]}
        hung = suspects[loader.child_pid]
        assert code == 0
        assert hung["rank"] == "hung"
        assert any("raw clone" in reason for reason in hung["reasons"])
        assert stat_of(loader.child_pid)[1] in map(str, hung["waiters"])
        assert not [pid for target in healthy for pid in target.pids if suspects.get(pid, {}).get("rank") == "hung"]
        assert found["processes"] >= 50


def test_a_stopped_process_that_others_wait_for() -> None:
    with targets.running("stopped_holder") as target:
        found = {one.pid: one for one in scan().suspects}
        stopped = found[target.number("holder")]
        assert stopped.rank == "suspect"
        assert target.number("worker") in stopped.waiters


def test_nothing_is_touched() -> None:
    with targets.running("raw_clone_lock", "fork") as target:
        before = [sample(wait.tid) for wait in target.waits]
        scan()
        assert [sample(wait.tid) for wait in target.waits] == before


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace: apt-get install strace")
def test_no_ptrace_and_no_other_program(tmp_path: Path) -> None:
    log = tmp_path / "calls"
    command = ["strace", "-f", "-o", str(log), "-e", "trace=ptrace,process_vm_readv,execve,kill,tgkill", sys.executable]
    with targets.running("raw_clone_lock", "fork"):
        subprocess.run([*command, "-m", "analyzer", "scan"], capture_output=True, timeout=60, check=True)
    calls = log.read_text()
    assert "ptrace(" not in calls
    assert "process_vm_readv(" not in calls
    assert calls.count("execve(") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_what_an_ordinary_user_cannot_see_is_counted() -> None:
    with targets.running("raw_clone_lock", "fork") as ours, targets.running("raw_clone_lock", "fork", user="nobody") as theirs:
        _, found = scanned(user=ORDINARY_USER)
        pids = {one["pid"]: one["rank"] for one in found["suspects"]}
        assert pids[theirs.pid] == "hung"
        assert ours.pid not in pids
        assert found["not_seen"] >= len(ours.pids)
        assert any("sudo hanganalyze scan" in note for note in found["notes"])


# In a pid namespace of its own, so that --analyse attaches to nothing but what the test started.
ALONE = """
import subprocess, sys
from tests import targets
with targets.running("raw_clone_lock", "fork") as target, targets.running("cond_wait_pool"):
    command = [sys.executable, "-m", "analyzer", "scan", "--json", "--analyse", "--no-reference", "--format", "json", "-o"]
    done = subprocess.run([*command, sys.argv[1]], stdout=subprocess.PIPE, text=True)
    print(target.pid, done.returncode)
    print(done.stdout)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for a pid namespace of its own")
def test_analyse_writes_a_report_of_the_likeliest(tmp_path: Path) -> None:
    command = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable, "-c", ALONE, str(tmp_path)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120, cwd=root, check=True)
    first, _, rest = done.stdout.partition("\n")
    pid, code = map(int, first.split())
    found = check_schema(json.loads(rest), SCAN_SCHEMA)
    assert code == 0
    (one,) = [one for one in found["suspects"] if one["rank"] == "hung"]
    assert (one["pid"], one["status"]) == (pid, "root-cause")
    report = check_schema(json.loads(Path(one["report"]).read_text()))
    assert report["findings"][0]["pid"] == pid
    assert [other["report"] for other in found["suspects"] if other is not one] == [None] * (len(found["suspects"]) - 1)


def test_text_says_who_and_what_to_type() -> None:
    with targets.running("raw_clone_lock", "fork") as target:
        ran = hanganalyze("scan")
        assert ran.code == 0
        assert f"HUNG     {target.pid} " in ran.stdout
        assert f"Next: hanganalyze {target.pid}" in ran.stdout


@pytest.mark.parametrize("arguments", [("-o", "/"), ("--analyse", "-o", "/does/not/exist"), ("--every", "0")], ids=" ".join)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert hanganalyze("scan", *arguments).code == 2


@contextlib.contextmanager
def watching() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "analyzer", "scan", "--watch", "--every", "0.3", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_watch_tells_what_is_new_and_ends_with_a_signal() -> None:
    with watching() as process:
        assert process.stdout is not None
        json.loads(process.stdout.readline())
        with targets.running("raw_clone_lock", "fork") as target:
            deadline, told = time.monotonic() + 20, 0
            while time.monotonic() < deadline:
                found = check_schema(json.loads(process.stdout.readline()), SCAN_SCHEMA)
                told += any(one["pid"] == target.pid for one in found["suspects"])
                if told and not any(one["pid"] == target.pid for one in found["suspects"]):
                    break  # told once, then no more
            assert told == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
