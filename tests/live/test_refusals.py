"""Everything that cannot be analysed is refused with a clear sentence and the next command; the target runs on as it was, and no
half-written file is left."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import targets
from tests.live import debugger
from tests.live.analysing import ORDINARY_USER, hanganalyze

pytestmark = pytest.mark.live

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.005)


def status_of(pid: int) -> dict[str, str]:
    text = Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def assert_untouched(pid: int) -> None:
    wait_until(lambda: status_of(pid)["TracerPid"] == "0")
    assert status_of(pid)["State"][0] in "SR"


def fake_gdb(folder: Path, script: str) -> str:
    path = folder / "gdb"
    path.write_text(f"#!{sys.executable}\n{script}")
    path.chmod(0o755)
    return str(path)


def unused_pid() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_no_such_process(tmp_path: Path) -> None:
    pid = unused_pid()
    ran = hanganalyze(pid, cwd=tmp_path)
    assert ran.code == 3
    assert f"There is no process {pid}" in ran.stderr
    assert "Next: ps " in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "PID"),
        (("podman",), "neither a process id nor a command"),
        (("-1",), ""),
        (("0",), "neither a process id"),
        (("1", "--max-pause", "0"), "above 0"),
        (("1", "--format", "pdf"), "invalid choice"),
        (("1", "--json", "--format", "html"), "contradict"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], said: str) -> None:
    ran = hanganalyze(*arguments)
    assert ran.code == 2
    assert said in ran.stderr
    assert ran.stdout == ""


def test_zombie_names_its_parent() -> None:
    process = subprocess.Popen(["true"])
    wait_until(lambda: status_of(process.pid)["State"][0] == "Z")
    ran = hanganalyze(process.pid)
    process.wait()
    assert ran.code == 3
    assert "is a zombie" in ran.stderr
    assert f"Next: hanganalyze {os.getpid()}" in ran.stderr


def test_kernel_thread() -> None:
    # kthreadd, where pid namespaces let it be seen
    if not Path("/proc/2/status").exists() or "kthreadd" not in Path("/proc/2/status").read_text():
        pytest.skip("no kernel threads in this pid namespace")
    ran = hanganalyze(2)
    assert ran.code == 3
    assert "is a kernel thread" in ran.stderr
    assert "/proc/2/stack" in ran.stderr


@needs_root
def test_another_users_process() -> None:
    with targets.running("sleeper") as target:
        ran = hanganalyze(target.pid, user=ORDINARY_USER)
        assert ran.code == 3
        assert "belongs to another user (uid 0)" in ran.stderr
        assert f"Next: sudo hanganalyze {target.pid}" in ran.stderr
        assert_untouched(target.pid)


@needs_root
def test_root_without_the_capability() -> None:
    with targets.running("sleeper", user=ORDINARY_USER) as target:
        ran = hanganalyze(
            target.pid, wrapper=("setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", "--"), HOME="/root"
        )
        assert ran.code == 3, ran.stdout
        assert "without the capability SYS_PTRACE" in ran.stderr
        assert "--cap-add=SYS_PTRACE" in ran.stderr
        assert_untouched(target.pid)


def test_already_traced() -> None:
    with targets.running("sleeper") as target:
        tracer = subprocess.Popen(
            debugger.command("--nx", "-q", "-p", str(target.pid)),
            env=debugger.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: status_of(target.pid)["TracerPid"] == str(tracer.pid), 30.0)
            ran = hanganalyze(target.pid)
            assert ran.code == 3
            assert f"already traced by process {tracer.pid} (gdb)" in ran.stderr
            assert status_of(target.pid)["TracerPid"] == str(tracer.pid)
        finally:
            tracer.kill()
            tracer.communicate()


def test_itself_and_its_ancestors() -> None:
    ran = hanganalyze(os.getpid())
    assert ran.code == 2
    assert "an ancestor of hanganalyze" in ran.stderr
    own = subprocess.run(
        [sys.executable, "-c", "import os; from analyzer.cli import main; raise SystemExit(main([str(os.getpid())]))"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert own.returncode == 2
    assert "is hanganalyze itself" in own.stderr


def test_gdb_missing(tmp_path: Path) -> None:
    with targets.running("sleeper") as target:
        ran = hanganalyze(target.pid, "--gdb", tmp_path / "none", cwd=tmp_path)
        assert ran.code == 3
        assert "No usable debugger" in ran.stderr
        assert "apt-get install gdb" in ran.stderr
        assert "hanganalyze[gdb]" in ran.stderr
        assert_untouched(target.pid)
    assert list(tmp_path.iterdir()) == []


OLD = r"""
import sys
for line in sys.stdin:
    if "gdb-version" in line:
        print('~"GNU gdb (GDB) 7.6.1\\n"')
    print(line.split("-")[0] + "^done", flush=True)
"""
SILENT = "import time\ntime.sleep(600)\n"
DEAD = "import sys\nsys.stdin.readline()\nsys.exit(7)\n"
NOISY = "import sys\nsys.stderr.write('x' * 400000)\nsys.stderr.flush()\nsys.exit(5)\n"


@pytest.mark.parametrize(
    ("script", "said"),
    [(OLD, "is version 7.6.1"), (DEAD, "exit code 7"), (NOISY, "exit code 5")],
    ids=["too-old", "dies", "floods-stderr"],
)
def test_broken_gdb(tmp_path: Path, script: str, said: str) -> None:
    with targets.running("sleeper") as target:
        ran = hanganalyze(target.pid, "--gdb", fake_gdb(tmp_path, script), "-o", tmp_path / "out.html")
        assert ran.code == 3
        assert said in ran.stderr
        assert "Next: " in ran.stderr
        assert_untouched(target.pid)
    assert not (tmp_path / "out.html").exists()


def test_gdb_killed_in_the_middle(tmp_path: Path) -> None:
    """A real gdb that is killed as soon as it has stopped the target."""
    real = debugger.command()
    killer = f"""
import os, subprocess, sys, threading, time
target = int(os.environ["TARGET"])
process = subprocess.Popen([*{real!r}, *sys.argv[1:]], env={{**os.environ, **{debugger.environment()!r}}})
while process.poll() is None:
    with open(f"/proc/{{target}}/status") as status:
        if f"TracerPid:\\t{{process.pid}}\\n" in status.read():
            process.kill()
            break
process.wait()
sys.exit(1)
"""
    with targets.running("many_threads", 30) as target:
        ran = hanganalyze(target.pid, "--gdb", fake_gdb(tmp_path, killer), TARGET=str(target.pid))
        assert ran.code == 3
        assert "gdb ended in the middle" in ran.stderr
        assert_untouched(target.pid)
        for task in Path(f"/proc/{target.pid}/task").iterdir():
            assert (task / "status").read_text().split("State:\t")[1][0] in "SR"


def test_pause_is_bounded(tmp_path: Path) -> None:
    with targets.running("many_threads", 50) as target:
        began = time.monotonic()
        ran = hanganalyze(target.pid, "--max-pause", "0.001", "-o", tmp_path / "out.html")
        assert time.monotonic() - began < 60
        assert ran.code == 3
        assert "stood still for more than 0.001 s" in ran.stderr
        assert re.search(r"Next: hanganalyze --max-pause \S+ \d+", ran.stderr)
        assert_untouched(target.pid)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted(number: signal.Signals, tmp_path: Path) -> None:
    with targets.running("many_threads", 50) as target:
        process = subprocess.Popen(
            [sys.executable, "-m", "analyzer", str(target.pid), "-o", str(tmp_path / "out.html")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            wait_until(lambda: status_of(target.pid)["TracerPid"] != "0", 30.0)
            process.send_signal(number)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 3
        assert number.name in said
        assert_untouched(target.pid)
    assert list(tmp_path.iterdir()) == []


def test_target_that_ends_meanwhile() -> None:
    with targets.running("sleeper") as target:
        process = subprocess.Popen(
            [sys.executable, "-m", "analyzer", str(target.pid), "--capture", "attach", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            wait_until(lambda: status_of(target.pid)["TracerPid"] != "0", 30.0)
            os.kill(target.pid, signal.SIGKILL)
            out, said = process.communicate(timeout=30)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 3, out
        assert "went away" in said or "could not attach" in said or "gdb" in said
        assert out == ""


def test_stopped_process_stays_stopped() -> None:
    with targets.running("stopped") as target:
        ran = hanganalyze(target.pid, "--json")
        assert ran.code == 1, ran.stderr
        capture = ran.result["snapshot"]["capture"]
        assert (capture["state_before"], capture["state_after"]) == ("T", "T")
        wait_until(lambda: status_of(target.pid)["TracerPid"] == "0")
        assert status_of(target.pid)["State"][0] == "T"


def test_unwritable_output_is_found_before_the_target_is_stopped(tmp_path: Path) -> None:
    with targets.running("sleeper") as target:
        for place in (tmp_path / "missing" / "report.html", Path("/proc/report.html")):
            ran = hanganalyze(target.pid, "-o", place)
            assert ran.code == 3
            assert "could not be written" in ran.stderr
            assert "-o PATH" in ran.stderr


def test_report_is_private_and_replaces_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    report = tmp_path / "report.html"
    report.symlink_to(victim)
    with targets.running("sleeper") as target:
        ran = hanganalyze(target.pid, "-o", report)
    assert ran.code == 1, ran.stderr
    assert victim.read_text() == "untouched"
    assert stat.S_IMODE(report.lstat().st_mode) == 0o600
    assert stat.S_ISREG(report.lstat().st_mode)


def foretold(pid: int, said: str) -> None:
    told = hanganalyze("doctor", pid)
    assert told.code == 3
    (line,) = [line for line in told.stdout.split("\n") if line.startswith(f"NO   process {pid}:")]
    assert said in line
    assert "mend: " in told.stdout.partition(line)[2]


def test_doctor_foretells_what_no_rights_mend(tmp_path: Path) -> None:
    foretold(unused_pid(), "There is no process")
    foretold(os.getpid(), "an ancestor of hanganalyze")
    zombie = subprocess.Popen(["true"])
    try:
        wait_until(lambda: status_of(zombie.pid)["State"][0] == "Z")
        foretold(zombie.pid, "is a zombie")
    finally:
        zombie.wait()
    with targets.running("sleeper") as target:
        command = ["strace", "-qq", "-o", str(tmp_path / "trace"), "-p", str(target.pid)]
        tracer = subprocess.Popen(command)
        try:
            wait_until(lambda: status_of(target.pid)["TracerPid"] == str(tracer.pid))
            foretold(target.pid, f"already traced by process {tracer.pid} (strace)")
        finally:
            tracer.terminate()
            tracer.wait()


@needs_root
def test_doctor_foretells() -> None:
    with targets.running("sleeper") as target:
        ours = hanganalyze("doctor", target.pid)
        assert ours.code == 0, ours.stdout
        assert f"process {target.pid}" in ours.stdout
        theirs = hanganalyze("doctor", target.pid, user=ORDINARY_USER)
        assert theirs.code == 3
        assert "belongs to another user" in theirs.stdout
        assert "mend: sudo hanganalyze" in theirs.stdout
