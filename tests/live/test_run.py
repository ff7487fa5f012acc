"""``hanganalyze run`` on real commands: counted rightly, analysed before they are ended, and nothing of them left running."""

from __future__ import annotations

import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests import targets
from tests.live.analysing import ORDINARY_USER, Ran
from tests.live.leftovers import Leftovers
from tests.tools.validate import check_schema

pytestmark = pytest.mark.live

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do that")
SOURCE = Path(__file__).with_name("run_subject.c")


@pytest.fixture
def left(tmp_path: Path) -> Leftovers:
    return Leftovers(tmp_path)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> str:
    built = tmp_path_factory.mktemp("subject") / "fake_podman"
    subprocess.run([*targets.compiler(static=True), "-O1", "-Wall", "-Wextra", str(SOURCE), "-o", str(built)], check=True)
    return str(built)


def run(left: Leftovers, *arguments: str | float) -> Ran:
    """The command line; whatever came of it, nothing is left running."""
    return left.hanganalyze("run", *arguments)


def shell(script: str) -> tuple[str, ...]:
    return ("--", "sh", "-c", f"echo $$ >> $PIDS; {script}")


def numbers(ran: Ran) -> dict[str, Any]:
    assert ran.code in {0, 1}, ran.stderr
    return check_schema(ran.result)["numbers"][0]  # type: ignore[no-any-return]


def mixed(value: int) -> int:
    """As run_subject.c has it."""
    mask = (1 << 64) - 1
    value = (value + 0x9E3779B97F4A7C15) & mask
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & mask
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & mask
    return value ^ (value >> 31)


def test_a_subject_that_hangs_in_one_run_of_200(left: Leftovers, subject: str) -> None:
    seed, runs = 7, 2000
    expected = [run for run in range(1, runs + 1) if mixed(seed * 1000003 + run) % 1_000_000 < 5000]
    ran = run(left, "--timeout", 2, "--repeat", runs, "--jobs", 2, "--json", "--", subject, seed, 5000)
    one = numbers(ran)
    assert ran.code == 1
    assert [each["number"] for each in ran.result["runs"] if each["outcome"] == "hung"] == expected
    assert (one["counted"], one["hung"], one["clean"]) == (runs, len(expected), runs - len(expected))
    assert one["low"] <= 0.005 <= one["high"]
    (kind,) = ran.result["hangs"]
    assert kind["example_run"] in expected
    assert kind["diagnosis"]["snapshot"]["processes"][0]["name"] == "fake_podman"


def test_200_clean_runs_are_not_proof(left: Leftovers, subject: str) -> None:
    ran = run(left, "--repeat", 200, "--rate-before", "1/200", "--format", "text", "--", subject, 7, 0)
    said = " ".join(ran.stdout.split())
    assert ran.code == 1
    assert "did not hang in 200 runs, which alone is no proof" in said
    assert "200 clean runs come by luck with probability 0.37" in said
    assert "598" in said
    assert "fixed" not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--timeout", "0", "--", "true"), "--timeout must be above 0"),
        (("--timeout", "-1", "--", "true"), "--timeout must be above 0"),
        (("--timeout", "nan", "--", "true"), "--timeout must be above 0"),
        (("--timeout", "soon", "--", "true"), "not a number of seconds"),
        (("--repeat", "0", "--", "true"), "--repeat must be from 1"),
        (("--repeat", "-5", "--", "true"), "--repeat must be from 1"),
        (("--jobs", "0", "--", "true"), "--jobs must be from 1"),
        (("--",), "No command was given"),
        ((), "No command was given"),
        (("--", ""), "No command was given"),
        (("--", "no-such-command-here"), "There is no command no-such-command-here on PATH"),
        (("--", "./no/such/file"), "There is no file ./no/such/file"),
        (("--", "/etc/passwd"), "may not be executed"),
        (("--", "/tmp"), "is a directory"),
        (("--against", "x 'y", "--", "true"), "--against cannot be read"),
        (("--against", "true", "--against-root", "/tmp", "--", "true"), "give one of them"),
        (("--against-root", "/no/such", "--", "true"), "is not a directory"),
        (("--against-root", "/", "--", "true"), "has already"),
        (("--rate-before", "2", "--", "true"), "above 0 and at most 1"),
        (("--rate-before", "often", "--", "true"), "neither a rate nor a file"),
        (("--widen", "everything", "--", "true"), "invalid choice"),
        (("-o", "/no/such/folder/x.html", "--", "true"), "does not exist"),
        (("--setup", "echo no room; exit 7", "--", "true"), "--setup failed before run 1: exit code 7, it said: no room"),
    ],
)
def test_what_cannot_be_meant_or_done(left: Leftovers, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    ran = left.hanganalyze("run", *arguments, cwd=tmp_path)
    assert said in ran.stderr
    assert ran.code == (3 if {"--setup", "-o"} & set(arguments) else 2)
    assert "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []
    left.gone()


@pytest.mark.parametrize(
    ("script", "outcome", "note"),
    [
        ("exit 3", "failed", "exit code 3 (2)"),
        ("no-such-command-inside", "failed", "exit code 127 (2)"),
        ("kill -SEGV $$", "signalled", "ended by SIGSEGV (2)"),
        ("sleep 600 & exit 0", "clean", "still there in the background"),
        ("setsid sh -c 'trap \"\" TERM HUP; sleep 600; sleep 600' & sleep 0.1", "clean", "still there in the background"),
        ("(setsid sleep 600 &) ; sleep 600", "hung", ""),
        ("trap '' TERM INT HUP; sleep 600; sleep 600; sleep 600", "hung", ""),
        ("setsid sh -c 'echo $$ >> $PIDS; trap \"\" TERM; sleep 600' ; sleep 600", "hung", ""),
        ("kill -STOP $$", "hung", ""),
        ("while :; do :; done", "moving", "still at work"),
    ],
)
def test_however_it_behaves_it_is_counted_and_ended(left: Leftovers, script: str, outcome: str, note: str) -> None:
    ran = run(left, "--timeout", 1, "--repeat", 2, "--json", *shell(script))
    one = numbers(ran)
    assert [each["outcome"] for each in ran.result["runs"]] == [outcome] * 2
    assert one[outcome] == 2
    assert note in " ".join(ran.result["notes"])
    assert len(left.started()) >= 2
    if outcome in {"hung", "moving"}:
        assert ran.result["hangs"][0]["diagnosis"]["snapshot"]["processes"][0]["pid"] in left.started()


def test_a_flood_is_counted_and_does_not_fill_memory(left: Leftovers) -> None:
    flood = 500_000_000
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    ran = run(left, "--timeout", 60, "--json", "--include-values", *shell(f"head -c {flood} /dev/zero; echo the end; exit 4"))
    (one,) = ran.result["runs"]
    assert one["output_bytes"] == flood + len("the end\n")
    assert one["output_tail"].endswith("the end\n")
    assert len(one["output_tail"]) <= 4000
    # The largest child of this process so far, in KiB: ours, or an earlier and larger one.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 200_000)


def test_the_end_of_the_output_is_shown_and_kept_out_of_the_report(left: Leftovers) -> None:
    ran = run(left, "--json", *shell("echo secret reason >&2; exit 1"))
    assert "the end of what run 1 (failed) wrote:\n  secret reason" in ran.stderr
    assert "secret" not in ran.stdout
    assert ran.result["subjects"][0]["command_line"] is None


def test_a_flood_that_does_not_end_is_no_hang(left: Leftovers) -> None:
    """While it is analysed somebody must read, or its full pipe would make it stand still."""
    ran = run(left, "--timeout", 1, "--json", "--", "yes")
    assert numbers(ran)["moving"] == 1


def test_setup_and_teardown_belong_to_the_run(left: Leftovers, tmp_path: Path) -> None:
    log = tmp_path / "log"
    ran = run(
        left, "--repeat", 2, "--json", "--setup", f"sleep 600 & echo $! > {tmp_path}/daemon; echo up $HANGANALYZE_RUN >> {log}",
        "--teardown", f"kill -0 $(cat {tmp_path}/daemon) && echo down $HANGANALYZE_SUBJECT >> {log}",
        *shell(f"kill -0 $(cat {tmp_path}/daemon)"),
    )  # fmt: skip
    assert numbers(ran)["clean"] == 2
    assert log.read_text().splitlines() == ["up 1", "down A", "up 2", "down A"]
    assert not [note for note in ran.result["notes"] if "failed" in note]


def test_two_subjects_take_turns_and_are_compared(left: Leftovers, subject: str) -> None:
    ran = run(
        left, "--timeout", 0.7, "--repeat", 6, "--json", "--against", f"{subject} 7 0", "--", subject, 7, 1_000_000
    )  # fmt: skip
    assert [each["subject"] for each in check_schema(ran.result)["runs"]] == ["A", "B"] * 6
    a, b = ran.result["numbers"]
    assert (a["hung"], b["hung"], b["rate_before"]) == (6, 0, 1.0)
    if ran.result["statistics_from"] != "hanganalyze":
        assert ran.result["p_value"] == pytest.approx(0.0021645, abs=1e-6)


@pytest.mark.parametrize("user", [pytest.param(None, id="root"), pytest.param(ORDINARY_USER, id="user")])
@needs_root
def test_the_same_command_in_another_root(left: Leftovers, subject: str, user: int | None) -> None:
    # Below /tmp itself: the ordinary user must be able to come here.
    root = Path(f"/tmp/hanganalyze-root-{os.getpid()}-{user}")
    try:
        for name in ("proc", "dev", "sys", "mnt", "bin"):
            (root / name).mkdir(parents=True)
        root.chmod(0o755)
        shutil.copy(subject, root / "bin" / "true")  # there it is the fake subject, which wants arguments
        ran = left.hanganalyze("run", "--json", "--repeat", 2, "--against-root", root, "--", "true", user=user)
        assert ran.code == 1, ran.stderr
        assert [(each["subject"], each["exit_code"]) for each in ran.result["runs"]] == [("A", 0), ("B", 2)] * 2
        assert list((root / "mnt").iterdir()) == list((root / "proc").iterdir()) == []
        left.gone()
    finally:
        shutil.rmtree(root)


def start(left: Leftovers, *arguments: str | float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "analyzer", "run", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **left.environment},
    )


def wait_for_runs(left: Leftovers, number: int) -> None:
    deadline = time.monotonic() + 60
    while len(left.started()) < number:
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


def test_ctrl_c_gives_the_partial_result(left: Leftovers) -> None:
    script = "[ $HANGANALYZE_RUN -lt 4 ] || { setsid sleep 600 & trap '' TERM INT; sleep 600; }"
    process = start(left, "--repeat", 100, "--timeout", 300, "--json", *shell(script))
    try:
        wait_for_runs(left, 4)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    left.gone()
    result = check_schema(Ran(process.returncode, stdout, stderr).result)
    assert process.returncode == 1
    assert "ended by SIGINT" in stderr
    assert result["interrupted"] is True
    assert [each["outcome"] for each in result["runs"]] == ["clean"] * 3 + ["stopped"]
    assert result["numbers"][0]["counted"] == 3


def test_ctrl_c_in_the_middle_of_an_analysis(left: Leftovers, tmp_path: Path) -> None:
    slow = tmp_path / "gdb"
    slow.write_text("#!/bin/sh\n[ \"$1\" = --version ] && { echo 'GNU gdb (GDB) 13.1'; exit; }\nexec sleep 600\n")
    slow.chmod(0o755)
    process = start(left, "--timeout", 0.5, "--gdb", str(slow), "--json", *shell("sleep 600"))
    try:
        wait_for_runs(left, 1)
        time.sleep(1.5)  # past the timeout, into the analysis; nothing of it shows from outside
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    left.gone()


@pytest.mark.parametrize("timeout", [300, 0.5])
def test_nothing_outlives_a_hanganalyze_that_is_killed(left: Leftovers, timeout: float) -> None:
    process = start(
        left, "--repeat", 100, "--jobs", 2, "--timeout", timeout, *shell("setsid sleep 600 & trap '' TERM; sleep 600")
    )
    try:
        wait_for_runs(left, 2)
    finally:
        process.kill()
        process.communicate()
    left.gone(within=20)


def test_without_a_debugger_it_counts_and_says_so(left: Leftovers, tmp_path: Path) -> None:
    ran = run(left, "--timeout", 0.5, "--repeat", 2, "--gdb", str(tmp_path / "no-gdb"), "--json", *shell("sleep 600"))
    assert ran.code == 3
    assert check_schema(ran.result)["numbers"][0]["hung"] == 2
    assert "No usable debugger" in " ".join(ran.result["notes"])


def test_a_widener_is_there_and_every_figure_says_so(left: Leftovers) -> None:
    names = "sleep 0.3; cat /proc/$$/task/*/comm; exit 1"
    ran = run(left, "--widen", "stdio", "--json", "--include-values", *shell(names))
    assert "widen_stdio" in ran.result["runs"][0]["output_tail"]
    assert ran.result["widener"] == "stdio"


def test_a_static_program_cannot_be_widened(left: Leftovers, subject: str) -> None:
    ran = run(left, "--widen", "stdio", "--json", "--", subject, 7, 0)
    assert "statically linked" in " ".join(ran.result["notes"])


def test_a_terminal_gets_a_bar_with_the_tally(left: Leftovers) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "analyzer", "run", "--repeat", "3", "--json", *shell("exit 1")],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, **left.environment, "TERM": "xterm"},
    )
    os.close(theirs)
    said = b""
    try:
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            said += piece
    finally:
        process.kill() if process.poll() is None and not said else None
        process.wait()
        os.close(ours)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said.decode())
    assert "3/3" in text
    assert "0 hung, 3 failed" in text


def test_the_saved_series_gives_any_format_and_each_hang_alone(left: Leftovers, tmp_path: Path) -> None:
    saved = tmp_path / "series.html"
    ran = run(left, "--timeout", 0.5, "-o", str(saved), *shell("sleep 600"))
    assert f"Report: {saved}" in ran.stdout
    whole = left.hanganalyze("render", saved, "--json")
    assert check_schema(whole.result)["kind"] == "trials"
    one = left.hanganalyze("render", saved, "--hang", 1, "--json")
    assert check_schema(one.result)["snapshot"]["processes"][0]["name"] == "sh"
    assert "number 2" in left.hanganalyze("render", saved, "--hang", 2).stderr


def test_a_command_that_kills_the_process_that_watches_it(left: Leftovers) -> None:
    script = "[ $HANGANALYZE_RUN = 1 ] || exit 0; setsid sleep 600 & kill -KILL $PPID; sleep 600"
    ran = run(left, "--repeat", 4, "--jobs", 2, "--json", *shell(script))
    assert [each["outcome"] for each in check_schema(ran.result)["runs"]] == ["stopped"] + ["clean"] * 3
    assert "was killed" in " ".join(ran.result["notes"])
    alone = run(left, "--repeat", 4, "--json", *shell(script))
    assert alone.code == 3
    assert alone.result["interrupted"] is True
