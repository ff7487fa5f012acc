"""Targets in places of their own: namespaces, chroots, executables without a file, and a root that is laid out to harm."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import targets
from tests.live.analysing import hanganalyze
from tests.live.hostile.starting import runs_on, started
from tests.live.hostile.test_processes import READS, analysed, thread

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="needs root: mounts, chroot, namespaces")]

MOUNTS = ("unshare", "--mount", "--propagation", "private", "--")
CAPTURES = ("attach", "stop", "no-stop")


def seen(pid: int, *arguments: str) -> dict[str, Any]:
    """The process, analysed, with its stack."""
    ran = hanganalyze(pid, "--json", "--max-pause", 60, *arguments)
    process = analysed(ran)
    runs_on(pid)
    return process


def functions(process: dict[str, Any]) -> set[str]:
    return {frame["function"] for frame in thread(process, process["pid"])["frames"]}


@pytest.mark.parametrize("capture", CAPTURES)
@pytest.mark.parametrize("namespaces", ["--pid --fork --mount-proc", "--mount", "--net", "--user --map-root-user", "all"])
def test_other_namespaces(namespaces: str, capture: str) -> None:
    options = "--user --map-root-user --pid --fork --mount --net --uts --ipc --mount-proc" if namespaces == "all" else namespaces
    forked = "--fork" in options
    command = ["unshare", *options.split(), "--kill-child"] if forked else ["unshare", *options.split()]
    harness = {"TARGET_HARNESS": "0"} if forked else {}
    with started([*command, targets.build("hostile"), "plain"], env=harness) as pid:
        process = seen(pid, "--capture", capture)
        assert {READS, "main"} <= functions(process)
        assert process["namespace_pids"] == ([pid, 1] if forked else [pid])


@pytest.mark.parametrize("capture", CAPTURES)
def test_in_a_chroot(capture: str, tmp_path: Path) -> None:
    program = tmp_path / "program"
    shutil.copy(targets.build("hostile", static=True), program)
    with started(["chroot", tmp_path, "/program", "plain"]) as pid:
        process = seen(pid, "--capture", capture)
        assert {READS, "main"} <= functions(process)


@pytest.mark.parametrize("capture", CAPTURES)
def test_a_root_that_is_gone(capture: str, tmp_path: Path) -> None:
    """/proc/PID/root leads to a folder that was removed: no library, no debug file and no package is to be found in it."""
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(targets.build("hostile", static=True), root / "program")
    with started(["chroot", root, "/program", "plain"]) as pid:
        shutil.rmtree(root)
        assert os.readlink(f"/proc/{pid}/root").endswith(" (deleted)")
        process = seen(pid, "--capture", capture)
        assert {READS, "main"} <= functions(process)
        assert "replaced or removed" in process["package"]["problem"]


@pytest.mark.parametrize("capture", CAPTURES)
def test_a_deleted_executable(capture: str, tmp_path: Path) -> None:
    program = tmp_path / "program"
    shutil.copy(targets.build("hostile"), program)
    with started([program, "plain"]) as pid:
        program.unlink()
        process = seen(pid, "--capture", capture)
        assert {READS, "main"} <= functions(process)
        assert process["executable"].endswith(" (deleted)")


@pytest.mark.parametrize("capture", CAPTURES)
def test_another_program_at_the_place_of_the_executable(capture: str, tmp_path: Path) -> None:
    program = tmp_path / "program"
    shutil.copy(targets.build("hostile"), program)
    with started([program, "plain"]) as pid:
        program.unlink()
        shutil.copy("/bin/true", program)
        assert {READS, "main"} <= functions(seen(pid, "--capture", capture))


@pytest.mark.parametrize("capture", CAPTURES)
def test_an_executable_in_memory(capture: str) -> None:
    file = os.memfd_create("no such place", 0)
    try:
        os.write(file, targets.build("hostile").read_bytes())
        with started([f"/proc/self/fd/{file}", "plain"], pass_fds=(file,)) as pid:
            process = seen(pid, "--capture", capture)
            assert {READS, "main"} <= functions(process)
            assert process["executable"].startswith("/memfd:")
    finally:
        os.close(file)


@pytest.mark.parametrize("capture", CAPTURES)
def test_an_executable_on_an_overlay(capture: str, tmp_path: Path) -> None:
    """Its inode in the map of memory is another than the one that stat tells."""
    layers = tmp_path / "layers"
    layers.mkdir()
    script = (
        'mount -t tmpfs none "$1" && cd "$1" && mkdir lower upper work merged && cp "$2" lower/program && '
        "mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work none merged && exec merged/program plain"
    )
    with started([*MOUNTS, "sh", "-c", script, "sh", layers, targets.build("hostile")]) as pid:
        assert {READS, "main"} <= functions(seen(pid, "--capture", capture))


LIBC = Path("/lib/x86_64-linux-gnu/libc.so.6")


@contextmanager
def own_libc(folder: Path) -> Iterator[tuple[int, Path]]:
    """A target that runs with a copy of libc in ``folder``; (pid, the copy)."""
    copy = folder / "libc.so.6"
    shutil.copy(LIBC, copy)
    with started([targets.build("hostile"), "plain"], env={"LD_LIBRARY_PATH": str(folder)}) as pid:
        yield pid, copy


needs_libc = pytest.mark.skipif(not LIBC.exists(), reason="needs a Debian of x86_64")


@needs_libc
@pytest.mark.parametrize("capture", CAPTURES)
def test_a_libc_on_disk_that_is_not_the_mapped_one(capture: str, tmp_path: Path) -> None:
    with own_libc(tmp_path) as (pid, copy):
        copy.unlink()
        shutil.copy(targets.build("hostile"), copy)
        process = seen(pid, "--capture", capture)
        assert process["libc"]["kind"] == "glibc"
        assert process["libc"]["version"] is not None
        # No name of the wrong file: the innermost frame is in libc, and only a function of libc or none may be named there.
        inner = thread(process, pid)["frames"][0]
        assert inner["function"] in {None, "read", "__GI___libc_read", "__libc_read"}
        assert READS in functions(process)


@needs_libc
@pytest.mark.parametrize("capture", CAPTURES)
@pytest.mark.parametrize("kind", ["fifo", "endless", "loop", "outside", "directory", "garbage"])
def test_a_libc_that_is_laid_out_to_harm(kind: str, capture: str, tmp_path: Path) -> None:
    """Nobody waits for a FIFO for ever, and no endless file is read to its end."""
    with own_libc(tmp_path) as (pid, copy):
        copy.unlink()
        _lay(copy, kind)
        began = time.monotonic()
        ran = hanganalyze(pid, "--capture", capture, "--max-pause", 20, "--json")
        assert time.monotonic() - began < 120
        assert ran.code == 1, ran.stderr
        runs_on(pid)


def _lay(place: Path, kind: str) -> None:
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "endless":
        os.mknod(place, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero
    elif kind == "loop":
        place.symlink_to(place)
    elif kind == "outside":
        place.symlink_to("/etc/shadow")
    elif kind == "directory":
        place.mkdir()
    else:
        place.write_bytes(b"\x7fELF" + os.urandom(4000))


@pytest.mark.parametrize("capture", CAPTURES)
def test_a_root_that_is_laid_out_to_harm(capture: str, tmp_path: Path) -> None:
    """Scripts beside the program, a .gdbinit, a thread library, package databases of pipes and links, debug files without end:
    nothing is run, and nothing of it holds us up."""
    ran_it = tmp_path / "ran"
    root = tmp_path / "root"
    for folder in ("var/lib/dpkg/info", "usr/lib/debug/.build-id", "usr/share/gdb/auto-load", "root", "lib", "etc"):
        (root / folder).mkdir(parents=True)
    program = root / "program"
    shutil.copy(targets.build("hostile", static=True), program)
    script = f"import os\nopen({str(ran_it)!r}, 'w')\n"
    (root / "program-gdb.py").write_text(script)
    (root / "usr/share/gdb/auto-load/program-gdb.py").write_text(script)
    for init in (".gdbinit", "root/.gdbinit", "program-gdb.gdb"):
        (root / init).write_text(f"shell touch {ran_it}\n")
    shutil.copy(targets.build("hostile"), root / "lib/libthread_db.so.1")
    os.mkfifo(root / "var/lib/dpkg/status")
    (root / "var/lib/dpkg/diversions").symlink_to("/../../../../../../etc/shadow")
    os.mknod(root / "var/lib/dpkg/info/program.list", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    os.mkfifo(root / "usr/lib/debug/program.debug")
    (root / "etc/os-release").symlink_to("/dev/zero")
    with started(["chroot", root, "/program", "plain"]) as pid:
        ran = hanganalyze(pid, "--capture", capture, "--json", cwd=root)
        process = analysed(ran)
        assert {READS, "main"} <= functions(process)
        assert "root:" not in ran.stdout  # nothing of /etc/shadow
        runs_on(pid)
    assert not ran_it.exists()


@pytest.mark.parametrize("capture", CAPTURES)
def test_paths_of_every_byte(capture: str, tmp_path: Path) -> None:
    """The path of the executable and the names of its functions, as they stand in its symbol table and its debug information."""
    hostile = b"<img src=x>{}[]=,';&\\\"\xc3\xa4\xff\n\r\x1b[31m%s%n$(id)`id`" + bytes(range(0x80, 0x90))
    data = targets.build("hostile").read_bytes()
    old = READS.encode()
    assert data.count(old + b"\0") >= 1
    name = bytes(byte for byte in range(1, 256) if byte != ord("/"))
    folder = os.fsencode(tmp_path)
    path = folder + b"/" + name
    with ExitStack() as stack:
        stack.callback(lambda: Path(os.fsdecode(path)).unlink(missing_ok=True))
        with open(path, "wb") as file:
            file.write(data.replace(old, hostile.ljust(len(old), b"x")))
        os.chmod(path, 0o755)
        pid = stack.enter_context(started([os.fsdecode(path), "plain"]))
        ran = hanganalyze(pid, "--capture", capture, "--json")
        process = analysed(ran)
        # Without a stop the frame pointer is worked out by way of the function's name, which gdb cannot read here; that is said.
        told = {one["problem"] for one in process["threads"]} if capture == "no-stop" else set()
        assert "main" in functions(process) or any("--capture stop" in (problem or "") for problem in told), ran.stdout
        assert ran.stdout.isascii()
        for format in ("html", "markdown", "text"):
            written = hanganalyze(pid, "--capture", capture, "--format", format, "-o", "-")
            assert written.code == 1, written.stderr
            assert "<img" not in written.stdout or format != "html"
            assert "\x1b" not in written.stdout
        runs_on(pid)
