"""The reference loader hangs in the guest; every way of looking at it proves the same, and its cores prove it again here.

Nothing is compared with what it was once: lock words, owners and thread ids with a C program of the guest's own byte order
(``programs/peek.c``) and with gdb on this machine, fingerprints with the same hang made on this machine.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from analyzer.analyse import analyse_core
from analyzer.capture.architecture import ARCHITECTURES
from analyzer.capture.core import CoreOptions
from analyzer.model import Diagnosis
from analyzer.reference.options import Widen
from analyzer.render.json import to_json
from tests.live.analysing import hanganalyze
from tests.tools.validate import check_schema

from .cases import METHODS, REPORTED, SAVED, Case, Peeked, Told
from .conftest import WIDENERS
from .expected import loader_on_this_machine, podman_on_x86_64
from .guest import Guest
from .hostgdb import ask_about_core
from .outcomes import note_verdict
from .rootimage import RootImage

pytestmark = pytest.mark.s390x

FORK = "glibc-fork-lock-after-raw-clone"
LOCKS = {"stdio": "list_all_lock", "malloc": "main_arena", "atfork": "atfork_lock", "podman": "list_all_lock"}
CASE_SECONDS = 480.0


@pytest.fixture
def running(running_cases: dict[str, Future[Case]], request: pytest.FixtureRequest) -> Case:
    """The case that the test is about, once it has come to its end in the guest."""
    return running_cases[request.param].result(CASE_SECONDS)


every_loader_case = pytest.mark.parametrize("running", WIDENERS, indirect=True)
every_case = pytest.mark.parametrize("running", [*WIDENERS, "podman"], indirect=True)


def assert_proven(told: Told, case: Case) -> None:
    """The one finding, and each of its values as the independent reader has it."""
    seen, finding = case.seen, told.finding
    assert (told.code, told.result["status"]) == (0, "root-cause")
    assert (finding["signature"], finding["certainty"]) == (FORK, "proven"), finding["reasons"]
    assert (finding["pid"], finding["tid"]) == (case.child, case.child)
    lock = finding["lock"]
    assert (lock["symbol"], int(lock["address"], 16), lock["word"]) == (LOCKS[case.name], seen.lock, seen.word)
    assert told.value("tcb-tid-stale") == f"glibc says {seen.own_tid}, the kernel says {case.child}"
    assert told.value("thread-count-stale") == f"glibc counts {seen.nptl_nthreads}, the kernel 1"
    assert_owner(lock, case)


def assert_owner(lock: dict[str, object], case: Case) -> None:
    seen, owner = case.seen, lock["owner"]
    if LOCKS[case.name] != "list_all_lock" or not seen.owner:
        assert owner is None
        return
    assert isinstance(owner, dict)
    assert (int(owner["address"], 16), owner["tid"]) == (seen.owner, seen.owner_tid)
    assert (owner["pid"], owner["orphaned"]) == (case.parent, True)


def assert_sane(seen: Peeked, case: Case) -> None:
    """The independent reader itself, held against the kernel: a mistake in it would not be one of the tool's."""
    assert seen.word == 2
    # Of the thread that made the raw clone: the loader's main thread, in podman any of Go's.
    assert seen.own_tid in seen.parents_threads
    assert seen.own_tid == case.parent or case.name == "podman"
    assert seen.nptl_nthreads > 1
    assert seen.tid_descriptor == (32, 1, ARCHITECTURES["s390x"].tid_offset)
    if LOCKS[case.name] == "list_all_lock" and seen.owner:
        assert seen.owner_tid in seen.parents_threads.keys() - {case.parent}


@every_case
def test_every_way_of_looking_proves_it(running: Case) -> None:
    assert_sane(running.seen, running)
    for method, told in running.told.items():
        note_verdict(running.name, method, told.result, told.seconds)
        assert told.result["snapshot"]["capture"]["method"] == method
        assert_proven(told, running)
    assert set(running.told) == set(METHODS)


@every_case
def test_the_fingerprint_is_that_of_x86_64(running: Case, tmp_path: Path) -> None:
    if running.name == "podman":
        here: Diagnosis = podman_on_x86_64()
    else:
        widen: Widen = running.name  # type: ignore[assignment]
        here = loader_on_this_machine(widen, tmp_path)
    assert here.findings[0].certainty == "proven"
    assert {told.result["fingerprint"] for told in running.told.values()} == {here.fingerprint}


@every_loader_case
def test_the_second_column_is_the_recorded_s390x_loader(running: Case) -> None:
    for told in running.told.values():
        reference = told.result["reference"]
        assert (reference["origin"], reference["fix"], reference["widener"]) == ("recorded", "complete", running.name)
        assert "s390x" in reference["where"]
        assert {process["architecture"] for process in reference["processes"]} == {"s390x"}
        assert {figures["fix"]: figures["hung"] for figures in reference["trials"]}["complete"] == 0


CORES = [(REPORTED, "gdb"), *((name, SAVED) for name in (*WIDENERS, "podman"))]


@pytest.mark.parametrize(("running", "writer"), CORES, indirect=["running"])
def test_its_core_proves_it_here(running: Case, writer: str, guest: Guest, image: RootImage, loader: Path) -> None:
    began = time.monotonic()
    program = loader if running.name != "podman" else guest.share / "podman"
    core = running.cores[writer]
    diagnosis = analyse_core(core, CoreOptions(program, image.sysroot), with_reference=False)
    (finding,) = diagnosis.findings
    live = running.told["attach"].finding["lock"]
    assert (finding.signature, finding.certainty, finding.pid) == (FORK, "proven", running.child)
    assert finding.lock is not None
    assert (finding.lock.symbol, int(finding.lock.address, 16), finding.lock.word) == (LOCKS[running.name], running.seen.lock, 2)
    note_verdict(running.name, f"core by {writer}", json.loads(to_json(diagnosis)), time.monotonic() - began)
    owner = finding.lock.owner
    assert (owner.tid if owner else None) == (live["owner"]["tid"] if live["owner"] else None)
    assert diagnosis.fingerprint == running.told["attach"].result["fingerprint"]
    (process,) = diagnosis.snapshot.processes
    assert process.architecture == "s390x"
    assert process.threads[0].syscall is not None
    assert process.threads[0].syscall.number == ARCHITECTURES["s390x"].number("futex")


@every_loader_case
def test_gdb_here_reads_the_same_values_from_its_core(running: Case, image: RootImage, loader: Path) -> None:
    seen = running.seen
    questions = [
        f"p *(int *) {seen.lock:#x}",
        f"p/x *(long *) {seen.lock + 8:#x}",
        "p ((unsigned int *) &_thread_db_pthread_tid)[2]",
        f"p/x &{LOCKS[running.name]}",
    ]
    told = ask_about_core(image.sysroot, loader, running.cores.get("gdb", running.cores[SAVED]), questions)
    word, owner, offset, address = (line.split(" = ")[1] for line in told.splitlines() if line.startswith("$"))
    assert (int(word), int(owner, 16), int(offset), int(address, 16)) == (
        seen.word,
        seen.owner,
        seen.tid_descriptor[2],
        seen.lock,
    )


def test_the_command_reads_a_core_here(running_cases: dict[str, Future[Case]], image: RootImage, loader: Path) -> None:
    case = running_cases["stdio"].result(CASE_SECONDS)
    options = ("--exe", loader, "--sysroot", image.sysroot, "--no-reference", "--json")
    ran = hanganalyze("core", case.cores["gdb"], *options)
    assert ran.code == 0, ran.stderr
    told = Told(ran.code, check_schema(ran.result), 0.0)
    assert told.finding["certainty"] == "proven"
    assert told.finding["lock"]["owner"]["tid"] == case.seen.owner_tid


def test_the_report_comes_back(running_cases: dict[str, Future[Case]]) -> None:
    case = running_cases["stdio"].result(CASE_SECONDS)
    assert case.report is not None
    text = case.report.read_text("utf-8")
    assert "list_all_lock" in text
    again = hanganalyze("render", case.report, "--json")
    assert again.code == 0, again.stderr
    result = check_schema(again.result)
    assert result["fingerprint"] == case.told["attach"].result["fingerprint"]
    assert result["findings"][0]["certainty"] == "proven"
