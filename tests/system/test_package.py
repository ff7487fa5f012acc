"""Which package a process runs, in roots with another distribution, and in roots that were made to mislead."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from analyzer.capture.package import package_of
from analyzer.capture.package.root import TargetRoot
from analyzer.model import Package

from .roots.enter import Bind, RootProcess, start_in_root
from .roots.make import ORDINARY_UID, Root, require_root

pytestmark = pytest.mark.system

FAST_S = 1.0
SECRET = "Package: coreutils\nStatus: install ok installed\nVersion: 6.6.6\n"


def according_to_dpkg(root: Root, path: str) -> tuple[str, str]:
    """(package, version), asked of dpkg-query itself."""
    query = ["dpkg-query", f"--admindir={root.path}/var/lib/dpkg"]
    for spelling in (path, path.removeprefix("/usr"), f"/usr{path}"):
        done = subprocess.run([*query, "-S", spelling], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            name = done.stdout.split(":")[0]
            version = subprocess.run([*query, "-W", "-f", "${Version}", name], capture_output=True, text=True, check=True)
            return name, version.stdout
    raise AssertionError(f"dpkg knows no {path}")


PROGRAMS = [["sleep", "60"], ["python3", "-c", "import time; time.sleep(60)"], ["sh", "-c", "read line < /dev/zero; :"]]


@pytest.mark.parametrize("argv", PROGRAMS, ids=lambda argv: argv[0])
@pytest.mark.parametrize("suite", ["bullseye", "bookworm", "trixie", "sid"])
def test_as_dpkg_says(suite: str, argv: list[str]) -> None:
    root = require_root(suite)
    with start_in_root(root.path, argv) as process:
        found = package_of(process.pid)
        assert (found.name, found.version) == according_to_dpkg(root, str(Path(f"/proc/{process.pid}/exe").readlink()))
        assert found.found_by == "dpkg"
        # The command that it names says the same.
        said = subprocess.run(found.how.split("; ")[1].split(), capture_output=True, text=True, check=True)
        assert said.stdout.split() == [found.name, found.version]


def test_an_ordinary_user_is_told_the_same_of_his_own_process() -> None:
    program = f"""
import sys
sys.path[:] = {sys.path!r}
from analyzer.capture.package import package_of
print(package_of(int(sys.argv[1])))
"""
    with start_in_root(require_root("trixie").path, ["sleep", "60"]) as process:
        # Already running as root, with everything imported, it becomes the user: our files may lie where he may not read.
        code = program.replace(
            "print(", f"import os; os.setgroups([]); os.setgid({ORDINARY_UID}); os.setuid({ORDINARY_UID}); print("
        )
        done = subprocess.run([sys.executable, "-c", code, str(process.pid)], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == str(package_of(process.pid))
        assert "coreutils" in done.stdout


@contextlib.contextmanager
def hostile_database(tmp_path: Path, argv: tuple[str, ...] = ("sleep", "60")) -> Iterator[tuple[Path, RootProcess]]:
    """A root whose dpkg database is a directory of ours, to be filled before it is asked."""
    database = tmp_path / "dpkg"
    (database / "info").mkdir(parents=True)
    binds = [Bind(str(database), "/var/lib/dpkg")]
    with start_in_root(require_root("bookworm").path, list(argv), binds=binds) as process:
        yield database, process


def ask_quickly(process: RootProcess) -> Package:
    began = time.monotonic()
    found = package_of(process.pid)
    assert time.monotonic() - began < FAST_S
    assert found.version != "6.6.6"
    return found


def test_links_do_not_lead_out_of_the_root(tmp_path: Path) -> None:
    """An absolute link and one full of «..» to a file of the host: both are resolved inside the root, where it is not."""
    outside = tmp_path / "outside"
    outside.write_text(SECRET)
    for link in (str(outside), "../" * 30 + str(outside)[1:], f"/proc/{os.getpid()}/root{outside}"):
        with hostile_database(tmp_path / str(len(link))) as (database, process):
            (database / "info" / "coreutils.list").write_text("/usr/bin/sleep\n/bin/sleep\n")
            (database / "status").symlink_to(link)
            with TargetRoot(process.pid) as root, pytest.raises(OSError):
                root.read("var/lib/dpkg/status", 100)
            assert ask_quickly(process).name is None


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    makers: list[Callable[[Path], None]] = [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")]
    for number, make in enumerate(makers):
        with hostile_database(tmp_path / str(number)) as (database, process):
            make(database / "status")
            found = ask_quickly(process)
            assert found.found_by == "build-id"
            assert found.problem is not None


def test_endless_files_are_cut(tmp_path: Path) -> None:
    with hostile_database(tmp_path) as (database, process):
        with (database / "status").open("wb") as status:
            status.truncate(1 << 40)
        for number in range(50):
            with (database / "info" / f"sleep{number}.list").open("wb") as paths:
                paths.truncate(1 << 40)
        began = time.monotonic()
        assert package_of(process.pid).name is None
        assert time.monotonic() - began < 5 * FAST_S


def test_a_database_of_nonsense_is_no_answer(tmp_path: Path) -> None:
    with hostile_database(tmp_path) as (database, process):
        (database / "status").write_bytes(os.urandom(100_000))
        (database / "diversions").write_bytes(b"/usr/bin/sleep\n/usr/bin/sleep\n")
        (database / "info" / "coreutils.list").write_bytes(b"/usr/bin/sleep\n/bin/sleep\n" + os.urandom(1000))
        found = ask_quickly(process)
        assert found.version is None
        assert "does not say that the package is installed" in (found.problem or "")


def test_a_diverted_file_belongs_to_the_other_package(tmp_path: Path) -> None:
    """/usr/bin/sleep was diverted away by the package «other», which put its own file there."""
    with hostile_database(tmp_path) as (database, process):
        installed = "Package: {}\nStatus: install ok installed\nArchitecture: all\nVersion: {}\n"
        (database / "status").write_text(installed.format("coreutils", "1") + "\n" + installed.format("other", "2"))
        for name in ("coreutils", "other"):
            (database / "info" / f"{name}.list").write_text("/.\n/usr/bin/sleep\n")
        (database / "diversions").write_text("/usr/bin/sleep\n/usr/bin/sleep.distrib\nother\n")
        found = ask_quickly(process)
        assert (found.name, found.version) == ("other", "2")


def executable(pid: int) -> str:
    """Where it runs; empty for a process that has just ended."""
    try:
        return str(Path(f"/proc/{pid}/exe").readlink())
    except OSError:
        return ""


def test_a_replaced_program_belongs_to_no_package(tmp_path: Path) -> None:
    """An update replaces the file of a running program: what the database says is not what runs."""
    script = "cp /bin/sleep /tmp/sleep && { /tmp/sleep 60 & } && sleep 0.2 && rm /tmp/sleep && wait"
    with start_in_root(require_root("bookworm").path, ["sh", "-c", script]) as shell:
        deadline = time.monotonic() + 20
        while not (gone := [pid for pid in shell.family() if executable(pid).endswith("/tmp/sleep (deleted)")]):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        found = package_of(gone[0])
        assert found.name is None
        assert "replaced or removed" in (found.problem or "")


def test_rpm_is_asked_on_a_host_of_its_own_only(tmp_path: Path) -> None:
    """A real RPM database in the target's root; the superuser does not read it, and says so."""
    if shutil.which("rpm") is None:
        pytest.skip("no rpm: apt-get install rpm")
    database = tmp_path / "rpm"
    subprocess.run(["rpm", "--initdb", "--dbpath", str(database)], check=True)
    database.chmod(0o755)
    binds = [Bind(str(database), "/var/lib/dpkg")]
    with start_in_root(require_root("bookworm").path, ["sleep", "60"], binds=binds) as process:
        assert package_of(process.pid).found_by == "build-id"
    binds = [Bind(str(tmp_path), "/var/lib")]
    with start_in_root(require_root("bookworm").path, ["sleep", "60"], binds=binds) as process:
        found = package_of(process.pid)
        assert found.name is None
        assert "superuser does not read" in (found.problem or "")
