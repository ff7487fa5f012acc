"""The guest itself: it boots, runs what the cases need, and a raw-clone child hangs in it as on a real machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analyzer.capture.architecture import ARCHITECTURES

from .crossbuilt import compile_program
from .errors import GuestError
from .guest import Guest
from .hostgdb import ask_about_core
from .rootimage import RootImage

pytestmark = pytest.mark.s390x

FUTEX = ARCHITECTURES["s390x"].number("futex")


@pytest.fixture(scope="module")
def hung(guest: Guest) -> int:
    """The pid of a raw-clone child that waits for list_all_lock, seen in its futex call."""
    compile_program(guest, "orphaned_lock")
    ready = "/share/orphaned_lock > /tmp/pid & until [ -s /tmp/pid ]; do sleep 0.05; done; cat /tmp/pid"
    pid = int(guest.run("hang", ready, 20, leave_running=True, check=True).stdout)
    in_futex = f"until grep -q ^{FUTEX}' ' /proc/{pid}/syscall; do sleep 0.05; done"
    guest.run("in-futex", in_futex, 20, check=True)
    return pid


def test_the_guest_is_an_s390x_debian_with_the_tools(guest: Guest) -> None:
    assert guest.run("uname", "uname -m", 10, check=True).stdout == "s390x\n"
    assert "GNU gdb" in guest.run("gdb", "gdb --version", 30, check=True).stdout
    assert "Python 3.11" in guest.run("python", "python3 --version", 10, check=True).stdout
    imported = "import attr, cattrs, elftools, jinja2, psutil, rich; import sys; print(sys.byteorder)"
    assert guest.run("imports", f"python3 -c '{imported}'", 60, check=True).stdout == "big\n"
    assert "version 4.3.1" in guest.run("podman", "podman --version", 30, check=True).stdout


def test_a_step_runs_as_an_ordinary_user_with_its_own_environment(guest: Guest) -> None:
    told = guest.run("user", 'echo "$(id -un) $HOME $XDG_RUNTIME_DIR $MARK"', 10, "alice", {"MARK": "7"}, check=True)
    assert told.stdout == "alice /home/alice /run/user/1000 7\n"


def test_exit_code_and_both_streams_come_back(guest: Guest) -> None:
    result = guest.run("streams", "echo out; echo err >&2; exit 7", 10)
    assert (result.exit_code, result.stdout, result.stderr) == (7, "out\n", "err\n")
    with pytest.raises(GuestError, match="exit code 3"):
        guest.run("checked", "exit 3", 10, check=True)


def test_a_late_step_is_ended_with_all_it_started(guest: Guest) -> None:
    result = guest.run("late", "sleep 1000 & setsid -f true; sleep 1000", 1.0)
    assert result.exit_code is None
    assert guest.run("left", "pgrep -x sleep", 10).exit_code == 1


def test_gdb_in_the_guest_names_the_lock(guest: Guest, hung: int) -> None:
    command = f"gdb --nx -batch -p {hung} -ex bt -ex 'p list_all_lock.lock' -ex 'p list_all_lock.owner != 0'"
    stack = guest.run("gdb-bt", command, 60, check=True).stdout
    assert [name for name in ("_IO_list_lock", "fork", "main") if name in stack] == ["_IO_list_lock", "fork", "main"]
    assert "$1 = 2" in stack
    assert "$2 = 1" in stack


def test_the_kernels_core_is_read_on_the_host(guest: Guest, image: RootImage, tmp_path: Path, hung: int) -> None:
    guest.run(
        "core",
        f"echo /share/core.%p > /proc/sys/kernel/core_pattern && prlimit --core=unlimited --pid {hung} && "
        f"kill -ABRT {hung} && while kill -0 {hung}; do sleep 0.05; done",
        30,
        check=True,
    )
    core = guest.share / f"core.{hung}"
    print(f"core: {core.stat().st_size / 1e6:.1f} MB, {os.stat(core).st_blocks * 512 / 1e3:.0f} kB on disk")
    told = ask_about_core(image.sysroot, guest.share / "orphaned_lock", core, ["bt", "p list_all_lock.lock"])
    assert "_IO_list_lock" in told
    assert "fork" in told
    assert "$1 = 2" in told


def test_the_image_is_not_changed_by_the_guest(guest: Guest, image: RootImage) -> None:
    before = image.disk.stat().st_mtime_ns
    guest.run("write", "echo changed > /etc/changed && sync", 10, check=True)
    assert image.disk.stat().st_mtime_ns == before
