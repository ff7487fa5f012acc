"""Package databases and look-up commands that are laid out to harm: the package is lost, which is said, and nothing else is."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import targets
from tests.live.analysing import ORDINARY_USER, Ran, hanganalyze
from tests.live.hostile.starting import runs_on, started
from tests.live.hostile.test_processes import READS, analysed, thread
from tests.targets.procs import PROC

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="needs root: mounts, chroot")]

STATUS = "Package: program\nStatus: install ok installed\nArchitecture: all\nVersion: 1.2\n"


def told(ran: Ran, pid: int) -> str:
    """What is said of the package, once everything else is seen to be there."""
    process = analysed(ran)
    assert {READS, "main"} <= {frame["function"] for frame in thread(process, pid)["frames"]}
    assert len(process["facts"]) > 5
    package = process["package"]
    assert package["version"] is None
    runs_on(pid)
    return str(package["problem"])


@contextmanager
def in_a_root(folder: Path, *, user: int = 0) -> Iterator[tuple[int, Path]]:
    """(a static target in a root of its own, the folder of that root's package database, which lists the target)."""
    root = folder / "root"
    database = root / "var/lib/dpkg"
    (database / "info").mkdir(parents=True)
    (database / "status").write_text(STATUS)
    (database / "info/program.list").write_text("/.\n/program\n")
    shutil.copy(targets.build("hostile", static=True), root / "program")
    for path in (folder, *folder.parents):
        if path != Path("/") and os.stat(path).st_uid == 0 and path != Path("/tmp"):
            path.chmod(path.stat().st_mode | 0o055)
    with started(["chroot", f"--userspec={user}:{user}", root, "/program", "plain"]) as pid:
        yield pid, database


def test_the_database_that_the_others_are_spoiled_copies_of(tmp_path: Path) -> None:
    with in_a_root(tmp_path) as (pid, _):
        package = analysed(hanganalyze(pid, "--json"))["package"]
        assert (package["found_by"], package["name"], package["version"]) == ("dpkg", "program", "1.2")


def endless(place: Path) -> None:
    os.mknod(place, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero


def enormous(place: Path) -> None:
    with place.open("wb") as file:
        file.truncate(1 << 40)


SPOILED: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "fifo": ("status", os.mkfifo, "not a regular file"),
    "endless": ("status", endless, "not a regular file"),
    "enormous": ("status", enormous, "does not say that the package is installed"),
    "loop": ("status", lambda place: place.symlink_to("status"), "Too many levels of symbolic links"),
    "outside": ("status", lambda place: place.symlink_to("/../../../../../../var/lib/dpkg/status"), "symbolic links"),
    "folder": ("status", Path.mkdir, "not a regular file"),
    "garbage": ("status", lambda place: place.write_bytes(os.urandom(100_000)), "does not say that the package is installed"),
    "empty": ("status", Path.touch, "does not say that the package is installed"),
    "lists-are-a-file": ("info", Path.touch, "Not a directory"),
    "lists-are-gone": ("info", lambda place: None, "No such file"),
}


@pytest.mark.parametrize("kind", SPOILED)
def test_a_spoiled_database(kind: str, tmp_path: Path) -> None:
    name, lay, because = SPOILED[kind]
    with in_a_root(tmp_path) as (pid, database):
        place = database / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()
        lay(place)
        began = time.monotonic()
        problem = told(hanganalyze(pid, "--json"), pid)
        assert time.monotonic() - began < 60
        assert because in problem


def test_a_database_that_may_not_be_read(tmp_path: Path) -> None:
    with in_a_root(tmp_path, user=ORDINARY_USER) as (pid, database):
        database.chmod(0o700)
        assert "Permission denied" in told(hanganalyze(pid, "--json", user=ORDINARY_USER), pid)


SILENT_FILE_SYSTEM = textwrap.dedent("""
    import ctypes, os, sys
    device = os.open("/dev/fuse", os.O_RDWR)
    os.set_inheritable(device, True)  # nobody ever answers on it; it lives as long as the target
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    if ctypes.CDLL(None, use_errno=True).mount(b"silent", sys.argv[1].encode(), b"fuse", 0, options) != 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    os.execvp("chroot", ["chroot", *sys.argv[2:]])
""")


@pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="no FUSE in this kernel")
def test_a_file_system_that_does_not_answer(tmp_path: Path) -> None:
    """A database on it; without a limit the analysis would wait for ever."""
    root = tmp_path / "root"
    (root / "var/lib/dpkg").mkdir(parents=True)
    shutil.copy(targets.build("hostile", static=True), root / "program")
    mounts = ("unshare", "--mount", "--propagation", "private", "--")
    with started([*mounts, sys.executable, "-c", SILENT_FILE_SYSTEM, root / "var/lib/dpkg", root, "/program", "plain"]) as pid:
        assert "did not answer within 1 s" in told(hanganalyze(pid, "--json"), pid)


HANGS = f"sleep 600.{os.getpid()}"
COMMANDS = {
    "missing": (None, "there is no command «rpm» here"),
    "hangs": (f"#!/bin/sh\nexec {HANGS}\n", "did not answer within 1 s"),
    "fails": ("#!/bin/sh\nexit 1\n", "no package database"),
    "floods": ("#!/bin/sh\nexec yes\n", "no package database"),
    "garbage": ("#!/bin/sh\nhead -c 5000 /dev/urandom\n", "no package database"),
    "like-an-answer": ("#!/bin/sh\nprintf 'a\\001b\\t1.2\\tx\\n'\n", "no package database"),
    "cannot-start": ("\x7fELF garbage", "Exec format error"),
}


@pytest.mark.parametrize("kind", COMMANDS)
def test_the_look_up_command(kind: str, tmp_path: Path) -> None:
    """In a system with an RPM database: a place of ours is laid over /var/lib, and the target sees our root."""
    script, because = COMMANDS[kind]
    commands = tmp_path / "bin"
    commands.mkdir()
    for folder in os.get_exec_path():
        for name in ("gdb", "sh", "sleep", "yes", "head", "cc"):
            if (Path(folder) / name).exists() and not (commands / name).exists():
                (commands / name).symlink_to(Path(folder) / name)
    if script is not None:
        (commands / "rpm").write_text(script, encoding="latin-1")
        (commands / "rpm").chmod(0o755)
    lay = 'mount -t tmpfs none /var/lib && mkdir /var/lib/rpm && touch /var/lib/rpm/Packages && exec "$@"'
    program = targets.build("hostile")
    with started(["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", lay, "sh", program, "plain"]) as pid:
        assert because in told(hanganalyze(pid, "--json", PATH=str(commands)), pid)
        assert still_running(commands) == []


def still_running(commands: Path) -> list[str]:
    """Processes of this folder's rpm."""
    found = []
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(commands / "rpm") in line or HANGS in line:
                found.append(line)
    return found
