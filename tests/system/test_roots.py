"""The roots themselves, and the real hang in them: what the analyzer's system tests stand on.

HANGANALYZE_PODMAN_RUNS sets the runs behind each line of the table of rates (default 5); `pytest -s` shows it.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .roots.archive import IMAGE, docker_archive
from .roots.debugger import stack_of
from .roots.enter import RootEntryFailed, start_in_root
from .roots.loader import run_loader
from .roots.make import ORDINARY_UID, SUITES, RootUnavailable, Suite, make_root, require_root, root_store
from .roots.podman import HungPodman, hang_podman, load_image
from .roots.rates import measure, table
from .roots.reference import widener_library
from .roots.watch import look, threads

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.system

GLIBC = {"bullseye": "2.31", "bookworm": "2.36", "trixie": "2.41", "sid": "2."}
WITH_PODMAN = ["bookworm", "trixie", "sid"]
WIDENERS = (None, "stdio", "malloc", "trim")
ALLOCATIONS = {"malloc", "calloc", "realloc"}
READ_CALL = "0" if platform.machine() == "x86_64" else {"s390x": "3", "ppc64le": "3"}.get(platform.machine(), "63")
RUNS = int(os.environ.get("HANGANALYZE_PODMAN_RUNS", "5"))


def wait_until(holds: Callable[[], bool], what: str, limit_s: float = 20.0) -> None:
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, f"not seen within {limit_s} s: {what}"
        time.sleep(0.01)


def identity(pid: int) -> tuple[int, str]:
    """A process id and its start time, which together name one process for ever."""
    return pid, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def alive(process: tuple[int, str]) -> bool:
    try:
        return identity(process[0]) == process
    except OSError:
        return False


@pytest.mark.parametrize("suite", GLIBC)
def test_root_holds_its_glibc_and_an_ordinary_user_may_make_namespaces(suite: str) -> None:
    root = require_root(suite)
    script = "getconf GNU_LIBC_VERSION; id -u; readlink /proc/$$/exe; unshare --user --map-root-user id -u; exec sleep 60"
    with start_in_root(root.path, ["sh", "-c", script]) as process:
        wait_until(lambda: process.output().count("\n") == 4, "four lines of output")
        glibc, uid, _, uid_in_namespace = process.output().splitlines()
        assert glibc.startswith(f"glibc {GLIBC[suite]}")
        assert (uid, uid_in_namespace) == (str(ORDINARY_UID), "0")
        # The number is the same outside.
        wait_until(lambda: Path(f"/proc/{process.pid}/comm").read_text() == "sleep\n", "exec of sleep")
    assert require_root(suite).seconds < 1


@pytest.mark.parametrize("suite", GLIBC)
def test_widener_library_loads(suite: str) -> None:
    env = {"LD_PRELOAD": "/tmp/widen.so", "HANGANALYZE_WIDEN": "stdio"}
    files = {"/tmp/widen.so": widener_library()}
    with start_in_root(require_root(suite).path, ["sleep", "60"], env=env, files=files) as process:
        wait_until(lambda: len(threads(process.pid)) == 2, f"the widener's thread; output: {process.output()}")


@pytest.mark.parametrize("suite", GLIBC)
def test_loader_with_the_complete_fix_loads_the_image(suite: str) -> None:
    with run_loader(require_root(suite), fix="complete") as run:
        assert run.exit_status == 0, run.process.output()


@pytest.mark.parametrize("suite", GLIBC)
def test_loader_without_fix_hangs_in_fork(suite: str) -> None:
    with run_loader(require_root(suite, debug_symbols=True), fix="none", widen="stdio") as run:
        assert run.child is not None, run.process.output()
        stack = stack_of(run.child, uid=ORDINARY_UID)
        assert stack.lock == "list_all_lock"
        assert "fork" in stack.plain


def test_nothing_is_left_of_processes_that_resist() -> None:
    root = require_root("bookworm")
    script = "trap '' TERM HUP INT; setsid sh -c 'trap \"\" TERM; sleep 600 & sleep 601' & sleep 602 & wait"
    with start_in_root(root.path, ["sh", "-c", script]) as process:
        wait_until(lambda: len(process.family()) == 5, "three sleeps and two shells")
        family = [identity(pid) for pid in process.family()]
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
        assert sum(map(alive, family)) >= 4  # the program is gone, what it left behind is not
    assert not any(map(alive, family))
    assert str(root.path) not in Path("/proc/self/mountinfo").read_text()


def test_nothing_is_left_when_the_caller_is_killed() -> None:
    root = require_root("bookworm")
    program = f"""
import json, sys, pathlib
sys.path[:] = {sys.path!r}
from {__package__}.roots.enter import start_in_root
with start_in_root(pathlib.Path({str(root.path)!r}), ["sh", "-c", "setsid sleep 600 & sleep 601"]) as process:
    while len(process.family()) < 3:
        pass
    print(json.dumps(process.family()), flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as caller:
        assert caller.stdout is not None
        try:
            family = [identity(pid) for pid in json.loads(caller.stdout.readline())]
        finally:
            caller.kill()
    wait_until(lambda: not any(map(alive, family)), "the end of all processes in the root")


def test_a_program_that_is_not_there_is_said_to_be_missing() -> None:
    with (
        pytest.raises(RootEntryFailed, match="no-such-program"),
        start_in_root(require_root("bookworm").path, ["no-such-program"]),
    ):
        pass


def test_without_root_rights_the_reason_and_the_way_out_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: ORDINARY_UID)
    with pytest.raises(RootUnavailable, match=r"need root\nto mend it: run the tests as root"):
        make_root("bookworm")


@pytest.fixture
def impossible_suite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A suite that no mirror has, in a store of its own."""
    if os.geteuid() != 0:
        pytest.skip("needs root: run the tests as root")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setitem(SUITES, "no-such-suite", Suite(("passwd",)))
    return "no-such-suite"


def test_a_root_that_cannot_be_made_leaves_the_reason_and_no_half_root(impossible_suite: str) -> None:
    with pytest.raises(RootUnavailable, match=r"(?s)mmdebstrap failed: .*apt-get update.*\nto mend it: mmdebstrap"):
        make_root(impossible_suite)
    assert [path.suffix for path in root_store().iterdir()] == [".lock"]


def test_an_earlier_weeks_root_serves_where_a_new_one_cannot_be_made(impossible_suite: str) -> None:
    with pytest.raises(RootUnavailable):
        make_root(impossible_suite)
    (lock,) = root_store().iterdir()
    earlier = lock.with_name(f"{lock.stem}-2020w01")
    earlier.mkdir()
    root = make_root(impossible_suite)
    assert root.path == earlier
    assert root.stale_because is not None


@pytest.mark.parametrize("suite", WITH_PODMAN)
def test_podman_loads_the_image_without_widener(suite: str) -> None:
    with load_image(require_root(suite), then="podman image list --format '{{.Repository}}:{{.Tag}}'") as run:
        assert run.exit_status == 0, run.process.output()
        assert run.process.output().splitlines()[-1] == IMAGE


def test_the_archive_is_the_same_bytes_each_time() -> None:
    assert docker_archive() == docker_archive()


def assert_same_stack_for_its_user(hung: HungPodman, expected_lock: str) -> list[str]:
    """The plain frames, which must be the same for the superuser and for podman's own user."""
    as_root, as_user = stack_of(hung.child), stack_of(hung.child, uid=ORDINARY_UID)
    assert as_root == as_user
    assert as_root.lock == expected_lock
    assert "lll_lock_wait_private" in as_root.plain[:2]  # innermost of all its inlined futex_wait
    return as_root.plain[as_root.plain.index("lll_lock_wait_private") + 1 :]


def test_podman_before_the_fix_hangs_in_fork() -> None:
    with hang_podman(require_root("bookworm", debug_symbols=True), "stdio") as hung:
        frames = assert_same_stack_for_its_user(hung, "list_all_lock")
        # "??" is create_pause_process, which is static and stripped.
        assert frames[:4] == ["IO_list_lock", "fork", "??", "reexec_in_user_namespace"]
        assert_parent_waits_for_child(hung)


def test_podman_before_the_fix_hangs_in_malloc() -> None:
    with hang_podman(require_root("bookworm", debug_symbols=True), "malloc") as hung:
        frames = assert_same_stack_for_its_user(hung, "main_arena")
        assert ALLOCATIONS & set(frames)
        assert "reexec_in_user_namespace" in frames


def test_podman_after_the_fix_still_hangs_in_malloc() -> None:
    with hang_podman(require_root("trixie", debug_symbols=True), "malloc") as hung:
        frames = assert_same_stack_for_its_user(hung, "main_arena")
        assert ALLOCATIONS & set(frames)
        assert "fork" not in frames
        assert_parent_waits_for_child(hung)


def assert_parent_waits_for_child(hung: HungPodman) -> None:
    """Some thread of the podman that the user sees reads from a socket whose both ends the hung child holds too."""
    reads = [look(hung.pid, tid).syscall for tid in threads(hung.pid)]
    descriptors = Path(f"/proc/{hung.pid}/fd")
    waited_for = [str((descriptors / str(int(call[1], 16))).readlink()) for call in reads if call[0] == READ_CALL]
    assert len(waited_for) == 1, reads
    held_by_child = {str(path.readlink()) for path in Path(f"/proc/{hung.child}/fd").iterdir()}
    assert waited_for[0].startswith("socket:[")
    assert waited_for[0] in held_by_child


def test_rates_by_version_and_widener(capsys: pytest.CaptureFixture[str]) -> None:
    rates = [measure(require_root(suite), widener, RUNS) for suite in WITH_PODMAN for widener in WIDENERS]
    with capsys.disabled():
        print(f"\n{table(rates)}")
    assert not [rate for rate in rates if rate.failed]
    assert not [rate for rate in rates if rate.widener is None and rate.hung]
    # The upstream fix: no fork any more between the raw clone and exec, so no lock of stdio.
    assert not [rate for rate in rates if rate.widener == "stdio" and rate.hung and rate.podman.startswith("5.4.")]
