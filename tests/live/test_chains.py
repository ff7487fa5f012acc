"""Who waits for whom, across processes: each chain ends at the process that really is in the way, told by its pid."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from analyzer.analyse import analyse_process
from analyzer.capture.architecture import ARCHITECTURES
from analyzer.capture.live import Options
from analyzer.capture.peers.holders import Holders
from analyzer.model import Diagnosis
from analyzer.render.chain import story, tree
from analyzer.render.json import to_json
from analyzer.render.words import ENGLISH
from tests import targets
from tests.live.analysing import ORDINARY_USER, hanganalyze
from tests.targets.procs import sample, stat_of
from tests.tools.validate import check_schema

pytestmark = pytest.mark.live

# Target and arguments, the fact that names whom to ask about, the facts that name the chain from there on, what the last but one
# waits for, in part.
ENDS: list[tuple[tuple[str, ...], str, tuple[str, ...], str]] = [
    (("file_locks", "fcntl"), "pid", ("second", "third"), "record lock"),
    (("file_locks", "inherited"), "pid", ("third",), "flock"),
    (("stopped_holder",), "pid", ("worker", "holder"), "data from a pipe"),
    (("polls_pipe", "poll"), "pid", ("writer",), "data from a pipe"),
    (("polls_pipe", "select"), "pid", ("writer",), "data from a pipe (file descriptor 70)"),
    (("polls_pipe", "epoll"), "pid", ("writer",), "data from a pipe"),
    (("polls_pipe", "nested"), "pid", ("writer",), "data from a pipe"),
    (("polls_pipe", "pidfd"), "pid", ("writer",), "to end"),
    (("streams", "fifo"), "pid", ("other",), "data from the FIFO"),
    (("streams", "unix"), "pid", ("other",), "data from a UNIX socket"),
    (("streams", "tcp"), "pid", ("other",), "data from a TCP connection with 127.0.0.1:"),
    (("streams", "full"), "pid", ("other",), "room in a pipe"),
    (("pipe_read",), "pid", ("writer",), "data from a pipe"),
    (("waitpid_child",), "pid", ("child",), "to end"),
]


def pids(diagnosis: Diagnosis) -> list[int]:
    return [link.pid for link in diagnosis.chain]


def analysed(pid: int, *, alone: bool = False) -> Diagnosis:
    diagnosis = analyse_process(pid, Options(alone=alone), with_reference=False)
    check_schema(json.loads(to_json(diagnosis)))
    return diagnosis


def until(what: str, holds: Callable[[], bool], timeout: float = 10.0) -> None:
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, f"not in {timeout} s: {what}"
        time.sleep(0.005)


@pytest.mark.parametrize(("case", "asked", "chain", "waits"), ENDS, ids=[" ".join(end[0]) for end in ENDS])
def test_ends_at_the_process_in_the_way(case: tuple[str, ...], asked: str, chain: tuple[str, ...], waits: str) -> None:
    with targets.running(*case) as target:
        diagnosis = analysed(target.number(asked))
        assert pids(diagnosis) == [target.number(key) for key in (asked, *chain)]
        assert waits in diagnosis.chain[-2].waits
        last = diagnosis.chain[-1]
        assert last.for_ is None
        following = diagnosis.chain[-2].for_
        assert following is not None
        assert (following.pid, following.tid) == (last.pid, last.tid)


def test_a_poll_that_a_debugger_interrupted_is_still_a_poll() -> None:
    """The kernel resumes it under another number, so whoever looks after a debugger finds another call."""
    with targets.running("polls_pipe", "poll") as target:
        first = analysed(target.pid)
        resumed = str(ARCHITECTURES[platform.machine()].restart_syscall)
        until("the kernel resumes the call", lambda: (stat := sample(target.pid)) is not None and str(stat.number) == resumed)
        again = analysed(target.pid)
        assert pids(again) == pids(first) == [target.pid, target.number("writer")]
        assert again.chain[0].waits == first.chain[0].waits


def test_a_parent_on_a_socket_pair_leads_to_the_child_on_an_orphaned_lock() -> None:
    with targets.running("socketpair_lock") as target:
        diagnosis = analysed(target.number("parent"))
        assert pids(diagnosis) == [target.number("parent"), target.pid]
        assert "UNIX socket" in diagnosis.chain[0].waits
        assert f"list_all_lock, held by thread {target.number('holder')}" in diagnosis.chain[1].waits
        assert diagnosis.status == "root-cause"
        assert diagnosis.findings[0].pid == target.pid


def test_three_processes_in_a_flock_circle() -> None:
    with targets.running("file_locks", "flock") as target:
        circle = [target.pid, target.number("second"), target.number("third")]
        diagnosis = analysed(target.pid)
        assert pids(diagnosis) == circle
        assert "closes a circle" in diagnosis.chain[-1].waits
        back = diagnosis.chain[-1].for_
        assert back is not None
        assert back.pid == target.pid
        # Never proven: a timer, which nothing shows, may end one of the waits.
        found = {(found.signature, found.certainty, found.pid) for found in diagnosis.findings}
        assert found == {("file-lock-cycle", "likely", pid) for pid in circle}
        drawn = tree(story(diagnosis, ENGLISH), ENGLISH)
        assert all(any(str(pid) in line for line in drawn) for pid in circle)
        assert "the circle is closed" in drawn[-1]


def test_the_tree_goes_down_to_the_stopped_process() -> None:
    with targets.running("stopped_holder") as target:
        diagnosis = analysed(target.pid)
        found = diagnosis.findings[0]
        assert (found.signature, found.pid, found.certainty) == ("waited-for-while-stopped", target.number("holder"), "likely")
        last = tree(story(diagnosis, ENGLISH), ENGLISH)[-1]
        assert str(target.number("holder")) in last
        assert f"kill -CONT {target.number('holder')}" in last


def test_a_child_in_vfork_holds_up_its_parent() -> None:
    with targets.running("vfork_child") as target:
        diagnosis = analysed(target.pid)
        link = next(link for link in diagnosis.chain if link.pid == target.number("parent"))
        assert "vfork" in link.waits
        assert "uninterruptible" in link.waits
        assert link.for_ is not None
        assert link.for_.pid == target.pid


@pytest.mark.parametrize("kind", ["fcntl", "inherited"])
def test_a_chain_of_file_locks_is_no_circle(kind: str) -> None:
    with targets.running("file_locks", kind) as target:
        assert not analysed(target.pid).findings


def test_alone_means_alone() -> None:
    with targets.running("stopped_holder") as target:
        diagnosis = analysed(target.pid, alone=True)
        assert [process.pid for process in diagnosis.snapshot.processes] == [target.pid]


@contextmanager
def started(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command in a session of its own, all of which is ended."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def children(pid: int) -> dict[str, int]:
    """Its children by command name."""
    found = (int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return {named(child): child for child in found}


def named(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def waits_in_read(pid: int) -> bool:
    seen = sample(pid)
    return seen is not None and seen.state == "S" and seen.number == 0


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the number of read() here is that of x86_64")
def test_a_shell_pipeline_ends_at_its_first_command() -> None:
    with started("sh", "-c", "sleep 600 | sort | cat; true") as shell:
        until("three children", lambda: set(children(shell.pid)) == {"sleep", "sort", "cat"})
        members = children(shell.pid)
        until("they read", lambda: waits_in_read(members["sort"]) and waits_in_read(members["cat"]))
        assert pids(analysed(shell.pid))[-1] == members["sleep"]
        # From the far end on, across processes that are no relatives of each other but by the shell.
        assert pids(analysed(members["cat"])) == [members["cat"], members["sort"], members["sleep"]]


def test_a_fifo_that_nobody_opened_for_writing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "never")
    with started("cat", str(tmp_path / "never")) as cat:
        until("it waits", lambda: named(cat.pid) == "cat" and stat_of(cat.pid)[:1] == ["S"])
        diagnosis = analysed(cat.pid)
        (link,) = diagnosis.chain
        assert link.waits == f"waits for somebody to open the FIFO {tmp_path}/never for writing"


READER = "import os, sys; fd = os.open(sys.argv[1], os.O_RDONLY); os.read(fd, 1)"
WRITER = "import os, sys, time; fd = os.open(sys.argv[1], os.O_WRONLY); time.sleep(600)"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the number of read() here is that of x86_64")
def test_strangers_are_followed_and_not_stopped(tmp_path: Path) -> None:
    """Reader and writer of a FIFO have no ancestor in common but the one who started them."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with started(sys.executable, "-c", WRITER, str(fifo)) as writer, started(sys.executable, "-c", READER, str(fifo)) as reader:
        until("it reads", lambda: waits_in_read(reader.pid))
        diagnosis = analysed(reader.pid)
        assert pids(diagnosis) == [reader.pid, writer.pid]
        methods = {process.pid: process.capture.method for process in diagnosis.snapshot.processes if process.capture}
        assert methods[writer.pid] == "proc"


def test_a_stranger_that_hangs_on_a_lock_is_debugged() -> None:
    """What reads the hung program's output is neither its parent nor its child."""
    with targets.running("raw_clone_lock", "fork") as target:
        assert target._process.stdout is not None
        with subprocess.Popen(["cat"], stdin=target._process.stdout.fileno(), stdout=subprocess.DEVNULL) as reader:
            try:
                until("it reads", lambda: named(reader.pid) == "cat" and stat_of(reader.pid)[:1] == ["S"])
                diagnosis = analysed(reader.pid)
                assert pids(diagnosis) == [reader.pid, target.pid]
                assert diagnosis.status == "root-cause"
                (finding,) = [found for found in diagnosis.findings if found.certainty == "proven"]
                assert finding.pid == target.pid
                assert finding.lock is not None
                assert finding.lock.owner is not None
                assert (finding.lock.owner.tid, finding.lock.owner.pid) == (target.number("holder"), target.number("parent"))
            finally:
                reader.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
def test_an_ordinary_user_is_told_what_could_not_be_seen() -> None:
    """The other end of an ordinary user's pipe is held by a process of root's, into which that user may not look."""
    reading, writing = os.pipe()
    nobody: dict[str, Any] = {"user": ORDINARY_USER, "group": ORDINARY_USER, "extra_groups": []}
    with subprocess.Popen(["cat"], stdin=reading, stdout=subprocess.DEVNULL, **nobody) as cat:
        try:
            os.close(reading)
            until("it waits", lambda: named(cat.pid) == "cat" and stat_of(cat.pid)[:1] == ["S"])
            ran = hanganalyze(cat.pid, "--json", "--no-reference", user=ORDINARY_USER)
            assert ran.code == 1, ran.stderr
            (link,) = ran.result["chain"]
            assert link["for"] is None
            assert "could not be looked into" in link["waits"]
        finally:
            os.close(writing)
            cat.kill()


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("perl") is None, reason="needs root, to become somebody else, and perl")
def test_a_child_of_another_user_is_named_and_said_to_be_hidden() -> None:
    drop = f"setpriv --reuid={ORDINARY_USER} --regid={ORDINARY_USER} --clear-groups --"
    with started("sh", "-c", f"sleep 600 & exec {drop} perl -e wait") as parent:
        until("perl waits", lambda: named(parent.pid) == "perl" and stat_of(parent.pid)[:1] == ["S"])
        until("it sleeps", lambda: set(children(parent.pid)) == {"sleep"})
        ran = hanganalyze(parent.pid, "--json", "--no-reference", user=ORDINARY_USER)
        assert ran.code == 1, ran.stderr
        chain = ran.result["chain"]
        assert [link["pid"] for link in chain] == [parent.pid, *children(parent.pid).values()]
        assert "does not show" in chain[-1]["waits"]


def test_one_pass_answers_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[int] = []
    really = Holders._pass

    def counted(self: Holders) -> dict[str, list[tuple[int, int]]]:
        passes.append(1)
        return really(self)

    monkeypatch.setattr(Holders, "_pass", counted)
    with targets.running("stopped_holder") as target, targets.running("streams", "fifo"):
        analysed(target.pid)
    assert len(passes) == 1
