"""The tool itself in need: little memory, a full disk, a folder that cannot be written, and every gdb that there is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import targets
from tests.live.analysing import ORDINARY_USER, hanganalyze
from tests.live.debugger import needs_gdb, write_core
from tests.live.hostile.starting import runs_on, started
from tests.live.hostile.test_processes import READS, analysed, thread

pytestmark = pytest.mark.live

MEMORY = 256 << 20
CGROUPS = Path("/sys/fs/cgroup/memory")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts and becomes another user")


@contextmanager
def little_memory() -> Iterator[tuple[str, ...]]:
    """A command prefix: 256 MB for us and all our gdbs together by the memory cgroup of version 1 where root may make one, else
    256 MB of data for each (RLIMIT_DATA). Not RLIMIT_AS: gdb maps debug information that it hardly reads, and aborts."""
    group = CGROUPS / f"hanganalyze-test-{os.getpid()}"
    if os.geteuid() != 0 or not CGROUPS.is_dir():
        yield ("prlimit", f"--data={MEMORY}", "--")
        return
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(MEMORY))
        yield ("sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(group))
    finally:
        deadline = time.monotonic() + 20
        while (group / "cgroup.procs").read_text() and time.monotonic() < deadline:
            time.sleep(0.01)
        group.rmdir()


@pytest.mark.parametrize("format", ["json", "html"])
@pytest.mark.parametrize("capture", ["attach", "stop", "no-stop"])
def test_256_megabytes(capture: str, format: str) -> None:
    with targets.running("raw_clone_lock", "fork") as target, little_memory() as limited:
        ran = hanganalyze(target.pid, "--capture", capture, "--format", format, "-o", "-", wrapper=limited)
        assert ran.code == 0, ran.stderr
        runs_on(target.pid)


def test_a_thousand_threads_in_256_megabytes() -> None:
    with targets.running("many_threads", 1000, ready_timeout=60) as target, little_memory() as limited:
        ran = hanganalyze(target.pid, "--json", "--max-pause", 60, wrapper=limited, deadline=300)
        assert len(analysed(ran)["threads"]) == 1001
        runs_on(target.pid)


def test_memory_is_limited_in_this_test() -> None:
    """The limit that the tests above set is one: a process that asks for more does not get it."""
    with little_memory() as limited:
        command = [*limited, sys.executable, "-c", f"bytearray({MEMORY}).find(b'x')"]
        assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@needs_root
def test_a_full_disk(tmp_path: Path) -> None:
    """The report's folder, the cache and the temporary folder are full: the report goes where there is room, or it is said."""
    place = tmp_path / "full"
    place.mkdir()
    script = 'mount -t tmpfs -o size=64k none "$1" && dd if=/dev/zero of="$1/filler" bs=1k 2>/dev/null; shift; "$@"; code=$?; '
    script += f'ls -A {place} >&2; exit "$code"'
    full = ("unshare", "--mount", "--", "sh", "-c", script, "sh", str(place))
    with targets.running("hostile") as target:
        ran = hanganalyze(target.pid, "-o", place / "report.html", wrapper=full)
        assert ran.code == 3
        assert "No space left on device" in ran.stderr
        assert "Next: give another place with -o PATH" in ran.stderr
        assert ran.stderr.endswith("filler\n")  # no half of a report
        runs_on(target.pid)
        told = hanganalyze(target.pid, "--json", wrapper=full, XDG_CACHE_HOME=str(place), TMPDIR=str(place))
        assert READS in {frame["function"] for frame in thread(analysed(told), target.pid)["frames"]}
        runs_on(target.pid)


@needs_root
def test_a_read_only_folder(tmp_path: Path) -> None:
    place = tmp_path / "read-only"
    place.mkdir()
    script = 'mount -t tmpfs -o ro none "$1" && shift && exec "$@"'
    read_only = ("unshare", "--mount", "--", "sh", "-c", script, "sh", str(place))
    with targets.running("hostile") as target:
        ran = hanganalyze(target.pid, "-o", place / "report.html", wrapper=read_only)
        assert ran.code == 3
        assert "could not be written" in ran.stderr
        assert "Next: give another place with -o PATH" in ran.stderr
        runs_on(target.pid)


@needs_root
def test_an_ordinary_user_in_a_folder_of_somebody_else(tmp_path: Path) -> None:
    with targets.running("hostile", user=ORDINARY_USER) as target:
        for path in (tmp_path, *tmp_path.parents):
            if os.stat(path).st_uid == os.geteuid() and path != Path("/") and path != Path("/tmp"):
                path.chmod(0o755)
        ran = hanganalyze(target.pid, user=ORDINARY_USER, cwd=tmp_path)
        assert ran.code == 3
        assert "is not writable for you" in ran.stderr
        assert list(tmp_path.iterdir()) == []
        runs_on(target.pid)


VERSIONS = {"13": None, "16": "16.3.0.post6", "18": "18.1.0.post1"}


@pytest.mark.parametrize("capture", ["attach", "stop", "no-stop"])
@pytest.mark.parametrize("major", VERSIONS)
def test_every_gdb(major: str, capture: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """13.1 is Debian 12's; the others come from the registry, as the [gdb] extra does."""
    gdb, settings = _gdb(major, tmp_path_factory.getbasetemp() / f"gdb-{major}")
    with targets.running("raw_clone_lock", "fork") as target:
        ran = hanganalyze(target.pid, "--gdb", gdb, "--capture", capture, "--json", "--max-pause", 60, **settings)  # type: ignore[arg-type] # not those names
        process = analysed(ran)
        assert [one["certainty"] for one in ran.result["findings"]][:1] == ["proven"], ran.stdout
        assert "main" in {frame["function"] for frame in thread(process, target.pid)["frames"]}
        (version,) = [tool["version"] for tool in ran.result["snapshot"]["tools"] if tool["name"] == "gdb"]
        assert version.split(".")[0] == major
        runs_on(target.pid)


@needs_gdb
@pytest.mark.parametrize("major", VERSIONS)
def test_every_gdb_and_a_core(major: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where the core says that its program was, and beside the core, lies a pipe without a writer: whoever opens it waits.

    From 16 on gdb looks for the program at both places, outside of the root that it is given.
    """
    gdb, settings = _gdb(major, tmp_path_factory.getbasetemp() / f"gdb-{major}")
    program = tmp_path / "program"
    shutil.copy(targets.build("raw_clone_lock"), program)
    with started([program, "fork"]) as pid:
        core = write_core(pid, tmp_path)
    beside = tmp_path / "beside"
    beside.mkdir()
    core = core.rename(beside / "core")
    whole = program.rename(tmp_path / "whole")
    for place in (program, beside / "program"):
        os.mkfifo(place)
    for given in ((), ("--exe", whole)):
        ran = hanganalyze("core", core, *given, "--gdb", gdb, "--no-reference", "--json", deadline=100, **settings)  # type: ignore[arg-type] # not those names
        process = analysed(ran)
        assert [one["certainty"] for one in ran.result["findings"]][:1] == ["proven"], ran.stdout
        functions = {frame["function"] for one in process["threads"] for frame in one["frames"]}
        assert "__libc_fork" in functions or "fork" in functions
        assert ("main" in functions) is bool(given)
        (version,) = [tool["version"] for tool in ran.result["snapshot"]["tools"] if tool["name"] == "gdb"]
        assert version.split(".")[0] == major


def _gdb(major: str, folder: Path) -> tuple[str, dict[str, str]]:
    release = VERSIONS[major]
    if release is None:
        gdb = shutil.which("gdb")
        if gdb is None:
            pytest.skip("no gdb of the system: apt-get install gdb")
        said = subprocess.run([gdb, "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]
        if f" {major}." not in said:
            pytest.skip(f"the gdb of this system is another one: {said}")
        return gdb, {}
    path = folder / "gdb_for_pwndbg" / "_vendor" / "bin" / "gdb"
    if not path.exists():
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--disable-pip-version-check",
            "--target",
            str(folder),
        ]
        subprocess.run([*command, "--target", str(folder), f"gdb-for-pwndbg=={release}"], check=True, timeout=300)
    return str(path), {"PYTHONPATH": str(folder)}
