"""Every refusal says what to change, and doctor says the same before: as an ordinary user, as root without the capability, under
Yama, inside a container-like root.

Where the kernel has no Yama, a folder laid over /proc/sys/kernel holds its file, and the refusal is that of a process which is
not dumpable: the kernel answers both with the same code, so what is tried is everything but Yama's own decision.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import targets
from tests.live.analysing import ORDINARY_USER, Ran, hanganalyze
from tests.live.hostile.starting import runs_on, started

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="only root can give rights up")]

WITHOUT_CAPABILITY = ("setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", "--")
# A root of its own, as a container runtime makes it: a user namespace, a mount namespace, another root directory.
PIVOT = (
    'mount --make-rprivate / && mount -t tmpfs none "$1" && mkdir "$1/root" && mount --rbind / "$1/root" && cd "$1/root" && '
    'pivot_root . . && umount -l . && cd / && shift && exec "$@"'
)


def yama(scope: int) -> tuple[str, ...]:
    lay = "mount -t tmpfs none /proc/sys/kernel && mkdir /proc/sys/kernel/yama && "
    lay += f"echo {scope} > /proc/sys/kernel/yama/ptrace_scope"
    return ("unshare", "--mount", "--", "sh", "-c", f'{lay} && exec "$@"', "sh")


def container(folder: Path) -> tuple[str, ...]:
    return ("unshare", "--user", "--map-root-user", "--mount", "--", "sh", "-c", PIVOT, "sh", str(folder))


def refused(pid: int, cause: str, mend: str, *, user: int | None = None, wrapper: tuple[str, ...] = ()) -> None:
    """Both the analysis and doctor say ``cause`` and ``mend``; the target runs on."""
    ran = hanganalyze(pid, "--json", user=user, wrapper=wrapper)
    assert ran.code == 3, ran.stdout
    assert cause in ran.stderr
    assert mend in ran.stderr.partition("Next: ")[2]
    told = hanganalyze("doctor", pid, user=user, wrapper=wrapper)
    assert told.code == 3
    (line,) = [line for line in told.stdout.split("\n") if line.startswith(f"NO   process {pid}:")]
    assert cause in line
    assert mend in told.stdout.partition(line)[2]
    runs_on(pid)


def rights(ran: Ran) -> str:
    """What doctor says of the rights, with what mends them."""
    return ran.stdout.partition("rights: ")[2].partition("  ptrace: ")[0]


@pytest.fixture
def undumpable() -> Iterator[int]:
    with targets.running("hostile", "undumpable", user=ORDINARY_USER) as target:
        yield target.pid


def test_an_ordinary_user_and_somebody_elses_process() -> None:
    with targets.running("hostile") as target:
        refused(target.pid, "belongs to another user (uid 0)", f"sudo hanganalyze {target.pid}", user=ORDINARY_USER)
    assert "for others: sudo hanganalyze PID" in rights(hanganalyze("doctor", user=ORDINARY_USER))


def test_an_ordinary_user_and_a_process_that_is_not_dumpable(undumpable: int) -> None:
    refused(undumpable, "not dumpable", f"sudo hanganalyze {undumpable}", user=ORDINARY_USER)


def test_root_and_a_process_that_is_not_dumpable(undumpable: int) -> None:
    ran = hanganalyze(undumpable, "--json")
    assert ran.code in {0, 1}, ran.stderr
    assert ran.result["snapshot"]["processes"][0]["threads"][0]["frames"]
    assert hanganalyze("doctor", undumpable).code == 0
    runs_on(undumpable)


def test_root_without_the_capability() -> None:
    with targets.running("hostile", user=ORDINARY_USER) as target:
        refused(target.pid, "root without the capability SYS_PTRACE", "--cap-add=SYS_PTRACE", wrapper=WITHOUT_CAPABILITY)
    assert "--cap-add=SYS_PTRACE" in rights(hanganalyze("doctor", wrapper=WITHOUT_CAPABILITY))


@pytest.mark.parametrize(
    ("scope", "words"), [(1, "not below the debugger"), (2, "only root may attach"), (3, "nobody may attach until")]
)
def test_yama(scope: int, words: str, undumpable: int) -> None:
    mend = "hanganalyze core CORE" if scope == 3 else f"sudo hanganalyze {undumpable}"
    refused(undumpable, words, mend, user=ORDINARY_USER, wrapper=yama(scope))
    told = rights(hanganalyze("doctor", user=ORDINARY_USER, wrapper=yama(scope)))
    assert f"kernel.yama.ptrace_scope is {scope}" in told
    assert "mend: " in told


def test_inside_a_container_like_root_a_process_of_the_host(tmp_path: Path) -> None:
    with targets.running("hostile") as target:
        refused(
            target.pid, "root of a user namespace only", f"run hanganalyze {target.pid} on the host", wrapper=container(tmp_path)
        )
    assert "of this user namespace only" in rights(hanganalyze("doctor", wrapper=container(tmp_path)))


def test_inside_a_container_like_root_with_its_own_pids(tmp_path: Path) -> None:
    """The number of the host means nobody there."""
    inside = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "--")
    with targets.running("hostile") as target:
        ran = hanganalyze(target.pid, wrapper=inside)
        assert ran.code == 3
        assert f"There is no process {target.pid} here" in ran.stderr
        assert "another pid namespace" in ran.stderr
        told = hanganalyze("doctor", target.pid, wrapper=inside)
        assert told.code == 3
        assert "another pid namespace" in told.stdout
        runs_on(target.pid)


def test_inside_a_container_like_root_one_of_its_own(tmp_path: Path) -> None:
    """Where nothing refuses, doctor says so, and the analysis works."""
    with started(["unshare", "--user", "--map-root-user", targets.build("hostile"), "plain"]) as pid:
        join = (
            "nsenter",
            f"--user=/proc/{pid}/ns/user",
            "--preserve-credentials",
            "unshare",
            "--mount",
            "--",
            "sh",
            "-c",
            PIVOT,
            "sh",
        )
        wrapper = (*join, str(tmp_path))
        told = hanganalyze("doctor", pid, wrapper=wrapper)
        assert f"process {pid}: " in told.stdout
        assert "can be analysed" in told.stdout, told.stdout + told.stderr
        ran = hanganalyze(pid, "--json", wrapper=wrapper)
        assert ran.code in {0, 1}, ran.stderr
        assert "main" in {frame["function"] for frame in ran.result["snapshot"]["processes"][0]["threads"][0]["frames"]}
        runs_on(pid)


# seccomp(2): every call passes but the one of this number, which is answered with EPERM. As a container runtime would set it.
FILTERED = """
import ctypes, os, struct, sys
rows = [(0x20, 0, 0, 0), (0x15, 0, 1, int(sys.argv[1])), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7FFF0000)]
code = b"".join(struct.pack("=HBBI", *row) for row in rows)
buffer = ctypes.create_string_buffer(code, len(code))
class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))
program = Program(len(rows), ctypes.addressof(buffer))
libc = ctypes.CDLL(None)
assert libc.prctl(38, ctypes.c_ulong(1), 0, 0, 0) == 0 == libc.prctl(22, ctypes.c_ulong(2), ctypes.byref(program), 0, 0)
os.execvp(sys.argv[2], sys.argv[2:])
"""
PTRACE = {"x86_64": 101, "aarch64": 117, "s390x": 26, "ppc64le": 26}


@pytest.fixture
def without_ptrace() -> tuple[str, ...]:
    return (sys.executable, "-c", FILTERED, str(PTRACE[platform.machine()]))


@pytest.mark.parametrize("capture", ["attach", "stop"])
def test_inside_a_container_that_refuses_ptrace(capture: str, without_ptrace: tuple[str, ...]) -> None:
    """Memory can be read there, so that only the attempt shows it; doctor makes one."""
    with targets.running("many_threads", 3) as target:
        ran = hanganalyze(target.pid, "--capture", capture, "--json", wrapper=without_ptrace)
        assert ran.code == 3, ran.stdout
        assert "ptrace is refused to everybody here" in ran.stderr
        told = ran.stderr.partition("Next: ")[2]
        assert f"hanganalyze --capture no-stop {target.pid}" in told
        assert "seccomp=unconfined" in told
        told = hanganalyze("doctor", target.pid, wrapper=without_ptrace).stdout
        assert "ptrace: refused to everybody (Operation not permitted)" in told
        assert "seccomp=unconfined" in told
        assert "can be analysed, without a stop only" in told
        runs_on(target.pid)


def test_where_ptrace_is_refused_auto_does_without(without_ptrace: tuple[str, ...]) -> None:
    with targets.running("raw_clone_lock", "fork") as target:
        ran = hanganalyze(target.pid, "--no-reference", "--json", wrapper=without_ptrace)
        assert [one["certainty"] for one in ran.result["findings"]][:1] == ["proven"], ran.stdout + ran.stderr
        capture = ran.result["snapshot"]["processes"][0]["capture"]
        assert capture["method"] == "no-stop"
        assert "ptrace is refused to everybody here" in capture["why"]
        runs_on(target.pid)


def test_doctor_says_that_ptrace_works() -> None:
    assert "yes  ptrace: " in hanganalyze("doctor").stdout
