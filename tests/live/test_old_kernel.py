"""A kernel without pidfd_open (before Linux 5.3, or in a container with an old filter of system calls) is no hindrance."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.capture.process_handle import ProcessHandle
from tests import targets
from tests.live.analysing import hanganalyze
from tests.live.test_guard import analysis, runs, states, stuck_gdb, wait_until

pytestmark = pytest.mark.live

REFUSER = """
import ctypes, os, struct, sys
answer, *command = sys.argv[1:]
instructions = b"".join(
    struct.pack("<HBBI", *one)
    for one in (
        (0x20, 0, 0, 0),  # load the call's number
        (0x15, 0, 1, 434),  # pidfd_open: the same on every architecture
        (0x06, 0, 0, 0x00050000 | int(answer)),  # SECCOMP_RET_ERRNO
        (0x06, 0, 0, 0x7FFF0000),  # SECCOMP_RET_ALLOW
    )
)
held = ctypes.create_string_buffer(instructions)
program = struct.pack("H6xP", 4, ctypes.addressof(held))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS"
assert libc.prctl(22, 2, program, 0, 0) == 0, "PR_SET_SECCOMP"
os.execvp(command[0], command)
"""


def without_pidfd(answer: int = errno.ENOSYS) -> tuple[str, ...]:
    """A command prefix: what it starts is refused every pidfd_open."""
    return (sys.executable, "-c", REFUSER, str(answer))


def test_the_prefix_refuses() -> None:
    tried = [*without_pidfd(), sys.executable, "-c", "import os; os.pidfd_open(os.getpid())"]
    assert "Function not implemented" in subprocess.run(tried, capture_output=True, text=True, check=False, timeout=60).stderr


@pytest.mark.parametrize("answer", [errno.ENOSYS, errno.EPERM])
@pytest.mark.parametrize("capture", ["attach", "stop", "no-stop"])
def test_a_hang_is_proven(capture: str, answer: int) -> None:
    with targets.running("raw_clone_lock", "fork") as target:
        ran = hanganalyze(target.pid, "--capture", capture, "--json", "--no-reference", wrapper=without_pidfd(answer))
        assert ran.code == 0, ran.stderr
        assert [finding["certainty"] for finding in ran.result["findings"]] == ["proven"]
        assert runs(target.pid)


def test_the_guard_restores_a_target(tmp_path: Path) -> None:
    with (
        targets.running("cond_wait_pool") as target,
        stuck_gdb(tmp_path) as gdb,
        analysis(target.pid, "--capture", "attach", "--gdb", gdb, wrapper=without_pidfd()) as process,
    ):
        wait_until(lambda: states(target.pid) & {"t", "T"}, "it never stood still")
        process.kill()
        wait_until(lambda: runs(target.pid), "it was left standing")


def test_runs_are_counted_and_ended(tmp_path: Path) -> None:
    command = ("run", "--repeat", "3", "--timeout", "30", "--json", "--", sys.executable, "-c", "print(1)")
    ran = hanganalyze(*command, wrapper=without_pidfd())
    assert [run["outcome"] for run in ran.result["runs"]] == ["clean"] * 3, ran.stderr


HANDLE = """
import os, signal, sys, time
from analyzer.capture.process_handle import ProcessHandle
child = os.fork()
if child == 0:
    signal.pause()
    os._exit(0)
handle = ProcessHandle(child)
assert not handle.told and not handle.ended()
handle.send(signal.SIGKILL)
deadline = time.monotonic() + 60
while not handle.ended():
    assert time.monotonic() < deadline
    time.sleep(0.002)
os.waitpid(child, 0)
assert handle.ended()
handle.send(signal.SIGKILL)
try:
    ProcessHandle(child)
except ProcessLookupError:
    print("gone")
handle.close()
handle.close()
"""


def test_a_handle_without_a_pidfd() -> None:
    ran = subprocess.run(
        [*without_pidfd(), sys.executable, "-c", HANDLE], capture_output=True, text=True, check=False, timeout=120
    )
    assert (ran.stdout, ran.stderr) == ("gone\n", "")


def test_a_handle_that_was_let_go_of_reaches_nobody() -> None:
    with targets.running("sleeper") as target:
        handle = ProcessHandle(target.pid)
        handle.close()
        handle.send(signal.SIGKILL)
        assert handle.ended()
        assert runs(target.pid)


def test_a_main_thread_that_has_ended_alone_has_not_ended_the_process() -> None:
    code = """
import sys
from analyzer.capture.process_handle import ProcessHandle
handle = ProcessHandle(int(sys.argv[1]))
print(handle.told, handle.ended())
"""
    with targets.running("zombie_leader") as target:
        for prefix, told in (((), True), (without_pidfd(), False)):
            command = [*prefix, sys.executable, "-c", code, str(target.pid)]
            ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
            assert ran.stdout == f"{told} False\n"
