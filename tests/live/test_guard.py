"""Whatever dies while a process stands still for us, it runs on; what was stopped before stays stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from analyzer.capture import guard
from analyzer.capture.early import start_gdb
from analyzer.capture.gdb import find
from analyzer.capture.gdbmi import MiSession
from analyzer.capture.restore import Target
from analyzer.errors import DebuggerDied, NoSuchProcess
from tests import targets
from tests.targets import procs
from tests.targets.subreaper import subreaper

pytestmark = pytest.mark.live

WITHIN_S = 120.0


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.002)


def states(pid: int) -> set[str]:
    """Of all threads; t for a traced one."""
    found = set()
    for tid in procs.threads_of(pid):
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{pid}/task/{tid}/status").read_text()
            fields = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
            found.add("t" if fields["TracerPid"] != "0" else fields["State"][0])
    return found


def runs(pid: int) -> bool:
    return bool(states(pid)) and not states(pid) & {"t", "T"}


def helpers_of(pid: int, *, dead: bool = False) -> dict[str, int]:
    """The children of an analysis by their names."""
    found = {}
    with contextlib.suppress(OSError):
        for tid in procs.threads_of(pid):
            for child in Path(f"/proc/{pid}/task/{tid}/children").read_text().split():
                if dead or not gone(int(child)):
                    found[Path(f"/proc/{child}/comm").read_text().strip()] = int(child)
    return found


def gone(pid: int) -> bool:
    return procs.stat_of(pid)[:1] in ([], ["Z"], ["X"])


@contextlib.contextmanager
def analysis(pid: int, *arguments: str, wrapper: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """hanganalyze on its way; whatever comes of it, it and its helpers are gone afterwards."""
    command = [sys.executable, "-m", "analyzer", str(pid), "--no-reference", "--max-pause", "100", "--format", "text"]
    with subreaper():
        process = subprocess.Popen(
            [*wrapper, *command, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            helpers = helpers_of(process.pid)
            process.kill()
            process.communicate()
            helpers |= helpers_of(os.getpid(), dead=True)  # those that became our children with its death
            for name, helper in helpers.items():
                if name in {"gdb", "target-guard"}:
                    wait_until(lambda helper=helper: gone(helper), "a helper is left")  # type: ignore[misc]
                    with contextlib.suppress(ChildProcessError):
                        os.waitpid(helper, os.WNOHANG)


@contextlib.contextmanager
def stuck_gdb(folder: Path) -> Iterator[str]:
    """A gdb that hears nothing once it has been told to attach, and does not end with its input: the target stands still until
    somebody kills it."""
    path = folder / "gdb"
    path.write_text(
        f"""#!{sys.executable}
import signal, subprocess, sys
child = subprocess.Popen([{find()!r}, *sys.argv[1:]], stdin=subprocess.PIPE)
for line in sys.stdin.buffer:
    child.stdin.write(line)
    child.stdin.flush()
    if b"-target-attach" in line:
        while True:
            signal.pause()
"""
    )
    path.chmod(0o755)
    yield str(path)


def until_traced(process: subprocess.Popen[bytes], pid: int) -> None:
    wait_until(lambda: "t" in states(pid) or process.poll() is not None, "never traced")
    assert process.poll() is None, process.communicate()


@pytest.mark.parametrize(("number", "threads"), [(signal.SIGKILL, "1"), (signal.SIGKILL, "50"), (signal.SIGHUP, "50")])
def test_the_analysis_is_killed(number: signal.Signals, threads: str, tmp_path: Path) -> None:
    with targets.running("many_threads", threads) as target, stuck_gdb(tmp_path) as gdb:
        with analysis(target.pid, "--capture", "attach", "--gdb", gdb, "--max-pause", "600") as process:
            until_traced(process, target.pid)
            helpers = helpers_of(process.pid)
            process.send_signal(number)
            wait_until(lambda: runs(target.pid), "left standing")
            process.wait(WITHIN_S)
            for helper in helpers.values():
                wait_until(lambda helper=helper: gone(helper), "a helper is left")  # type: ignore[misc]
        assert runs(target.pid)


def test_a_stopped_target_stays_stopped_when_the_analysis_is_killed(tmp_path: Path) -> None:
    with targets.running("stopped") as target, stuck_gdb(tmp_path) as gdb:
        with analysis(target.pid, "--capture", "attach", "--gdb", gdb, "--max-pause", "600") as process:
            until_traced(process, target.pid)
            helpers = helpers_of(process.pid)
            process.kill()
            process.wait()
            for helper in helpers.values():
                wait_until(lambda helper=helper: gone(helper), "a helper is left")  # type: ignore[misc]
        wait_until(lambda: states(target.pid) == {"T"}, "not stopped again")


def test_the_analysis_is_stopped(tmp_path: Path) -> None:
    """^Z while the target stands still: it is let go although nobody continues us."""
    with targets.running("many_threads", "20") as target, stuck_gdb(tmp_path) as gdb:
        with analysis(target.pid, "--capture", "attach", "--gdb", gdb, "--max-pause", "600") as process:
            until_traced(process, target.pid)
            process.send_signal(signal.SIGSTOP)
            wait_until(lambda: runs(target.pid), "left standing")
            assert procs.stat_of(process.pid)[0] == "T"
            process.send_signal(signal.SIGCONT)
            out, said = process.communicate(timeout=WITHIN_S)
            assert process.returncode == 3, out
            assert b"gdb ended in the middle" in said
        assert runs(target.pid)


def test_gdb_is_stopped(tmp_path: Path) -> None:
    """Somebody stops gdb itself: the guard has it go on, and the analysis notices nothing."""
    with targets.running("many_threads", "60") as target, analysis(target.pid, "--capture", "attach") as process:
        until_traced(process, target.pid)
        with contextlib.suppress(ProcessLookupError, KeyError):
            os.kill(helpers_of(process.pid)["gdb"], signal.SIGSTOP)
        _, said = process.communicate(timeout=WITHIN_S)
        assert process.returncode == 1, said
        assert runs(target.pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_gdb_is_deaf_to_what_makes_it_kill_the_target(number: signal.Signals) -> None:
    with targets.running("many_threads", "50") as target, analysis(target.pid, "--capture", "attach") as process:
        until_traced(process, target.pid)
        with contextlib.suppress(ProcessLookupError, KeyError):
            os.kill(helpers_of(process.pid)["gdb"], number)
        _, said = process.communicate(timeout=WITHIN_S)
        assert process.returncode == 1, said
        assert runs(target.pid)


def test_the_guard_is_out_of_reach() -> None:
    """In a session of its own, deaf to what a terminal sends, known by another name, and no reader waits for it."""
    with guard.on_duty():
        wait_until(lambda: "target-guard" in helpers_of(os.getpid()), "not named")
        pid = helpers_of(os.getpid())["target-guard"]
        wait_until(lambda: procs.stat_of(pid)[3] == str(pid), "no session of its own")
        wait_until(lambda: Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0") == b"target-guard", "named like us")
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGTSTP):
            os.kill(pid, number)
        wait_until(lambda: any("pidfd" in os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()), "not on duty")
        links = {os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()}
        assert all(link == "/dev/null" or "pipe:" in link or "pidfd" in link for link in links), links
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        wait_until(lambda: procs.stat_of(pid)[0] == "S", "never at rest")
        with guard.on_duty():
            assert helpers_of(os.getpid())["target-guard"] == pid
        assert procs.stat_of(pid)[0] == "S"
    assert procs.stat_of(pid) == []


FORKS_ONE_THAT_STOPS_ITSELF = """\
import os, signal, sys
child = os.fork()
if child == 0: os.kill(os.getpid(), signal.SIGSTOP); os._exit(0)
os.waitpid(child, os.WUNTRACED)
"""


def test_what_gdb_forks_ends_with_it() -> None:
    """Before its first attach gdb forks a child that stops itself, and is killed at that moment."""
    script = (
        f"{FORKS_ONE_THAT_STOPS_ITSELF}"
        "print(f'~\"{child}\"', flush=True)\n"
        "print(sys.stdin.readline().split('-')[0] + '^done', flush=True)\n"
        "signal.pause()\n"
    )
    with subreaper():
        session = MiSession([sys.executable, "-c", script], dict(os.environ))
        try:
            child = int(session.ask("-gdb-version", time.monotonic() + WITHIN_S).console.strip(b'"'))
            assert procs.stat_of(child)[0] == "T"
        finally:
            session.kill()
            session.close()
        wait_until(lambda: gone(child), "left stopped")
        os.waitpid(child, 0)


def test_the_guard_ends_what_gdb_forked(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    fake = tmp_path / "gdb"
    fake.write_text(
        f"#!{sys.executable}\n"
        "import os, signal, sys\n"
        "sys.stdin.readline()\n"  # the guard knows of it by then
        "child = os.fork()\n"
        "if child == 0: os.kill(os.getpid(), signal.SIGSTOP); os._exit(0)\n"
        "os.waitpid(child, os.WUNTRACED)\n"
        f"open({str(pids)!r} + '.new', 'w').write(f'{{os.getpid()}} {{child}}')\n"
        f"os.rename({str(pids)!r} + '.new', {str(pids)!r})\n"
        "while True: signal.pause()\n"
    )
    fake.chmod(0o755)
    with targets.running("sleeper") as target, analysis(target.pid, "--gdb", str(fake)) as process:
        wait_until(pids.exists, "the debugger has not started")
        ours = [int(word) for word in pids.read_text().split()]
        process.kill()
        process.wait()
        for pid in ours:
            wait_until(lambda pid=pid: gone(pid), "left")  # type: ignore[misc]


LATE_GUARD = """
import os, signal, sys, time
from analyzer.capture import guard, guardian
ward, settle = os.getpid(), guardian._settle
def late(pipe):
    while os.getppid() == ward:
        time.sleep(0.002)
    settle(pipe)
guardian._settle = late
with guard.on_duty():
    guard.debugger(int(sys.argv[1]))
    os.kill(ward, signal.SIGKILL)
"""


def test_a_guard_that_comes_too_late_ends_the_debugger() -> None:
    """On a busy machine: the analysis is killed before the guard it has forked gets to run."""
    debugger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        ward = subprocess.run([sys.executable, "-c", LATE_GUARD, str(debugger.pid)], check=False, timeout=WITHIN_S)
        assert ward.returncode == -signal.SIGKILL
        assert debugger.wait(WITHIN_S) == -signal.SIGKILL
    finally:
        debugger.kill()
        debugger.wait()


def test_the_end_of_gdb_is_seen_although_what_it_forked_holds_its_output() -> None:
    script = (
        f"{FORKS_ONE_THAT_STOPS_ITSELF}"
        "sys.stdin.readline()\n"
        "print(f'~\"{child}\"', flush=True)\n"
        "print('1^done', flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with subreaper():
        session = MiSession([sys.executable, "-c", script], dict(os.environ))
        try:
            child = int(session.ask("-gdb-version", time.monotonic() + WITHIN_S).console.strip(b'"'))
            with pytest.raises(DebuggerDied, match="killed by SIGKILL"):
                session.ask("-gdb-version", time.monotonic() + WITHIN_S)
        finally:
            session.close()
        wait_until(lambda: gone(child), "left stopped")
        os.waitpid(child, 0)


def test_a_child_born_while_gdb_traces_its_parent_is_not_left_stopped() -> None:
    with targets.running("tortured", 2) as target:
        target._process.stdin.write(b"f")  # type: ignore[union-attr]
        target._process.stdin.flush()  # type: ignore[union-attr]
        for _ in range(5):
            with analysis(target.pid, "--capture", "attach", "--no-family") as process:
                until_traced(process, target.pid)
                with contextlib.suppress(ProcessLookupError, KeyError):
                    os.kill(helpers_of(process.pid)["gdb"], signal.SIGKILL)
                process.communicate(timeout=WITHIN_S)
            before = target.ask(WITHIN_S)["forked"]
            wait_until(lambda before=before: target.ask(WITHIN_S)["forked"] > before, "its child is left stopped")  # type: ignore[misc]


def test_another_process_with_the_pid_is_not_meant() -> None:
    with targets.running("sleeper") as target:
        with contextlib.closing(Target(target.pid)) as held:
            began = held.start_ticks
            assert held.still_there()
        with pytest.raises(NoSuchProcess):
            Target(target.pid, began - 1)
    process = subprocess.Popen(["sleep", "60"])
    held = Target(process.pid)
    try:
        process.kill()
        process.wait()
        assert not held.still_there()
    finally:
        held.close()


def test_gdb_does_not_attach_to_a_pid_whose_process_has_ended() -> None:
    from analyzer.capture.attach import Attach
    from analyzer.errors import ProcessGone

    with targets.running("sleeper") as target:
        ended = subprocess.Popen(["sleep", "60"])
        held = Target(ended.pid)
        ended.kill()
        ended.wait()
        held.pid = target.pid  # as if the number had been given away
        debugger = Attach(held, "sleeper", start_gdb(target.pid, find()), max_pause=5.0)
        try:
            debugger.prepare()
            with pytest.raises(ProcessGone):
                debugger.photograph(None, [], [])
        finally:
            debugger.close()
            held.close()
        assert runs(target.pid)
