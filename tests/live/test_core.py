"""Cores: of the kernel, of gdb and our own. What the live process proves, its core proves; what it does not, no core does."""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import shutil
import signal
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.analyse import analyse_core, analyse_process
from analyzer.capture.core import CoreOptions
from analyzer.capture.core_notes import REGISTERS_AT
from analyzer.capture.live import Options
from analyzer.capture.method import Choice
from analyzer.errors import CoreUnreadable, HangAnalyzeError
from analyzer.model import Diagnosis
from tests import targets
from tests.live.analysing import hanganalyze
from tests.live.debugger import needs_gdb, write_core
from tests.live.test_targets import until
from tests.system.s390x.kept_cores import KeptCore, kept_cores

pytestmark = pytest.mark.live

PATTERN = Path("/proc/sys/kernel/core_pattern").read_text().strip()
needs_kernel_cores = pytest.mark.skipif(
    "/" in PATTERN or PATTERN.startswith("|") or "%" in PATTERN or not PATTERN,
    reason=f"the kernel does not leave cores in the working directory here: core_pattern is {PATTERN}",
)
WRITERS = [pytest.param("kernel", marks=needs_kernel_cores), pytest.param("gcore", marks=needs_gdb)]

PROVEN = [("raw_clone_lock", "fork"), ("raw_clone_lock", "malloc"), ("raw_clone_lock", "setenv"), ("parent_gone",)]
LOOK_ALIKES = [
    ("vm_shared_child",),
    ("owner_alive",),
    ("owner_alive", "main_arena"),
    ("plain_fork_child", "mutex"),
    ("plain_fork_child", "env"),
    ("signal_self_deadlock", "malloc", "raw"),
    ("atfork_handler_blocks", "raw"),
    ("two_lock_cycle",),
    ("cond_wait_pool",),
    ("pause_process",),
]
FAMILY = {"glibc-fork-lock-after-raw-clone", "glibc-lock-after-raw-clone"}


def core_of(case: tuple[str, ...], writer: str, folder: Path) -> tuple[Path, Path]:
    """(core, program) of a target."""
    with targets.running(*case, cwd=folder) as target:
        program = Path(shutil.copy(f"/proc/{target.pid}/exe", folder / "program"))
        if writer == "gcore":
            return write_core(target.pid, folder), program
        resource.prlimit(target.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        os.kill(target.pid, signal.SIGABRT)
        # The kernel ends the process when it has written the whole core.
        until("it has ended", lambda: target.pid not in target.pids)
        (core,) = folder.glob(f"{PATTERN}*")
        return core, program


def read(core: Path, program: Path | None = None, sysroot: Path | None = None) -> Diagnosis:
    return analyse_core(core, CoreOptions(program, sysroot), with_reference=False)


def proven(diagnosis: Diagnosis) -> set[str]:
    return {finding.signature for finding in diagnosis.findings if finding.certainty == "proven"}


@pytest.mark.parametrize("case", PROVEN, ids=" ".join)
@pytest.mark.parametrize("writer", WRITERS)
def test_a_core_proves_what_the_process_proved(case: tuple[str, ...], writer: str, tmp_path: Path) -> None:
    diagnosis = read(*core_of(case, writer, tmp_path))
    assert diagnosis.status == "root-cause"
    assert len(proven(diagnosis)) == 1
    assert proven(diagnosis) <= FAMILY
    (process,) = diagnosis.snapshot.processes
    assert len(process.threads) == 1  # libthread_db would invent the parent's
    assert process.libc is not None
    assert process.libc.kind == "glibc"


@pytest.mark.parametrize("case", LOOK_ALIKES, ids=" ".join)
@pytest.mark.parametrize("writer", WRITERS)
def test_no_core_proves_what_is_not_so(case: tuple[str, ...], writer: str, tmp_path: Path) -> None:
    assert not proven(read(*core_of(case, writer, tmp_path))) & FAMILY


@pytest.mark.parametrize("method", ["no-stop", "stop", "attach"])
def test_a_core_of_our_own_says_what_the_capture_said(method: Choice, tmp_path: Path) -> None:
    core = tmp_path / "small"
    with targets.running("raw_clone_lock", "stdio") as target:
        options = Options(method=method, keep_core=lambda data: _write(core, data))
        live = analyse_process(target.pid, options, with_reference=False)
        saved = read(core)
    assert core.stat().st_size < 4 << 20
    assert proven(saved) == proven(live) != set()
    now, then = saved.snapshot.processes[0], live.snapshot.processes[0]
    assert [frame.function for frame in now.threads[0].frames] == [frame.function for frame in then.threads[0].frames]
    answers = {fact.name: fact.holds for fact in now.facts}
    for name in ("robust-list-unregistered", "tcb-tid-stale", "thread-count-stale", "address-space-shared", "lock-orphaned"):
        assert answers[name] == next(fact.holds for fact in then.facts if fact.name == name)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def test_running_threads_are_in_a_core_of_our_own(tmp_path: Path) -> None:
    core = tmp_path / "small"
    with targets.running("many_threads", "5", "busy") as target:
        analyse_process(target.pid, Options(method="no-stop", keep_core=lambda data: _write(core, data)), with_reference=False)
        (process,) = read(core).snapshot.processes
    assert len(process.threads) >= 6
    (running,) = [thread for thread in process.threads if thread.state == "R"]
    assert running.frames == ()
    assert "it runs" in (running.problem or "")


@needs_gdb
def test_a_core_is_explained_clause_by_clause(tmp_path: Path) -> None:
    core, _ = core_of(("raw_clone_lock", "fork"), "gcore", tmp_path)
    ran = hanganalyze("signatures", "explain", "glibc-fork-lock-after-raw-clone", core)
    assert ran.code == 0, ran.stderr
    assert ran.stdout.startswith("glibc-fork-lock-after-raw-clone: proven, ")
    assert "yes     lock-orphaned: " in ran.stdout


PACKAGES = {"zstd": "zstd", "lz4": "lz4", "xz": "xz-utils", "gzip": "gzip"}


@contextlib.contextmanager
def away(program: Path, folder: Path) -> Iterator[None]:
    """While the block runs a program is not where it was."""
    moved = shutil.move(program, folder / "away")
    try:
        yield
    finally:
        shutil.move(moved, program)


@needs_gdb
def test_what_a_file_that_is_not_here_hides_is_not_taken_as_absent(tmp_path: Path) -> None:
    """The stack leads through the signal handler of a program that is gone: gdb guesses its way out of it, and may miss that it
    is one. The lock does not say who holds it, so nothing else speaks against a holder left behind."""
    case = ("signal_self_deadlock", "malloc", "raw")
    core, program = core_of(case, "gcore", tmp_path)
    program.unlink()
    with away(targets.build(case[0]), tmp_path):
        diagnosis = read(core)
    (thread,) = diagnosis.snapshot.processes[0].threads
    assert "not here" in diagnosis.snapshot.notes[0]
    assert thread.cut
    assert "gdb had to guess" in (thread.problem or "") or "could not go on" in (thread.problem or "")
    assert not proven(diagnosis)


@pytest.mark.parametrize("packer", PACKAGES)
@needs_gdb
def test_packed_cores(packer: str, tmp_path: Path) -> None:
    if shutil.which(packer) is None:
        pytest.skip(f"no {packer}: apt-get install {PACKAGES[packer]}")
    core, program = core_of(("raw_clone_lock", "fork"), "gcore", tmp_path)
    packed = tmp_path / "packed"
    with packed.open("wb") as file:
        subprocess.run([packer, "-c", str(core)], stdout=file, check=True)
    assert proven(read(packed, program))
    packed.write_bytes(packed.read_bytes()[:-2000])
    with pytest.raises(CoreUnreadable):
        read(packed, program)


@needs_gdb
def test_a_wrong_libc_or_program_is_said_first(tmp_path: Path) -> None:
    core, program = core_of(("raw_clone_lock", "fork"), "gcore", tmp_path)
    right = read(core, program)
    libc = right.snapshot.processes[0].libc
    assert libc is not None
    assert libc.path is not None
    sysroot = tmp_path / "sysroot"
    place = sysroot / libc.path.lstrip("/")
    place.parent.mkdir(parents=True)
    shutil.copy("/proc/self/exe", place)
    wrong = read(core, program, sysroot)
    assert wrong.snapshot.notes[0].startswith(f"{libc.path} here is not the C library of the core")
    assert not proven(wrong)
    sleeper = targets.build("sleeper")
    with away(targets.build("raw_clone_lock"), tmp_path):  # gdb 18 looks for it by itself where the core says that it was
        other = read(core, sleeper)
    assert "is not the program of the core" in other.snapshot.notes[0]
    (thread,) = other.snapshot.processes[0].threads
    assert all(frame.function != "main" for frame in thread.frames)
    assert thread.cut


@pytest.mark.parametrize("case", [("raw_clone_lock", "fork"), ("plain_fork_child", "mutex"), ("owner_alive",)], ids=" ".join)
@pytest.mark.parametrize("writer", WRITERS)
def test_cut_off_cores(case: tuple[str, ...], writer: str, tmp_path: Path) -> None:
    core, program = core_of(case, writer, tmp_path)
    whole = core.read_bytes()
    core.unlink()
    for parts in range(9):
        core.write_bytes(whole[: len(whole) * parts // 8])
        with contextlib.suppress(HangAnalyzeError):
            assert not proven(read(core, program)) or case[0] == "raw_clone_lock"


@needs_kernel_cores
@pytest.mark.skipif(platform.machine() != "x86_64", reason="changes x86_64's registers")
def test_a_thread_that_was_lost_proves_nothing(tmp_path: Path) -> None:
    """The one that holds the lock lives in the core; with its note damaged it must not count as a thread that never was."""
    core, program = core_of(("owner_alive",), "kernel", tmp_path)
    data = bytearray(core.read_bytes())
    first = data.find(b"CORE\0\0\0\0", 64)
    second = data.find(struct.pack("<III", 5, 336, 1) + b"CORE\0", first)
    assert second > first
    lost, other_pointer = data.copy(), data.copy()
    lost[second + 8] = 77
    core.write_bytes(lost)
    with pytest.raises(CoreUnreadable, match="a thread is missing"):
        read(core, program)
    fs_base = second + 20 + REGISTERS_AT + 168
    other_pointer[fs_base : fs_base + 8] = bytes(8 * [0x33])
    core.write_bytes(other_pointer)
    assert not proven(read(core, program))


def test_what_is_no_core_is_refused(tmp_path: Path) -> None:
    text, fifo = tmp_path / "text", tmp_path / "fifo"
    text.write_text("no core\n" * 50)
    os.mkfifo(fifo)
    for path in (tmp_path / "nothing", tmp_path, text, fifo, Path("/proc/self/exe"), Path("/dev/null")):
        with pytest.raises(CoreUnreadable):
            read(path)


@pytest.mark.skipif(shutil.which("gdb-multiarch") is None, reason="no gdb-multiarch: apt-get install gdb-multiarch")
@pytest.mark.skipif(shutil.which("zstd") is None, reason="no zstd: apt-get install zstd")
@pytest.mark.parametrize("kept", kept_cores().values(), ids=lambda kept: kept.architecture)
def test_a_foreign_core_without_its_libraries_proves_nothing(kept: KeptCore) -> None:
    diagnosis = read(kept.core, kept.program)
    (process,) = diagnosis.snapshot.processes
    (thread,) = process.threads
    assert (process.architecture, process.pid, process.name) == (kept.architecture, kept.pid, "program")
    number, *arguments = kept.system_call
    if kept.architecture == "aarch64":  # the signal took the number away; the call's instruction is in the library
        assert thread.syscall is None
    else:
        assert thread.syscall is not None
        assert (thread.syscall.name, thread.syscall.number) == ("futex", number)
        assert [int(argument, 16) for argument in thread.syscall.arguments[:3]] == arguments
    assert {fact.name: fact.holds for fact in process.facts}["tcb-tid-stale"] == "yes"
    assert not proven(diagnosis)
    assert "linux-gnu/libc.so.6" in diagnosis.snapshot.notes[0]
