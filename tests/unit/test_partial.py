"""One broken part costs only itself, and what is missing is said: a fault put into each part in turn."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import analyzer.diagnose
import analyzer.render
from analyzer.capture import assemble
from analyzer.capture import facts as measured
from analyzer.capture.architecture import ARCHITECTURES
from analyzer.capture.gdbmi import Answer
from analyzer.capture.locks import find_locks
from analyzer.capture.maps import parse_maps
from analyzer.capture.package import PackageSearch
from analyzer.capture.peers.asker import Asker
from analyzer.capture.procfs import Counters, ProcessSample, ThreadSample
from analyzer.capture.questions import take_threads
from analyzer.capture.seen import Seen
from analyzer.capture.stacks import RawFrame, Stacks, ThreadStack
from analyzer.diagnose import diagnose
from analyzer.diagnose.judge import judge as real_judge
from analyzer.lean_dataclass import replace
from analyzer.model import Capture, Diagnosis, Package, Syscall
from analyzer.model.facts import FACTS
from analyzer.render.fallback import render_or_another, summary
from analyzer.render.words import ENGLISH
from tests.unit.diagnose.build import shipped
from tests.unit.render import fixtures

GOOD = b'^done,stack=[frame={level="0",addr="0x1",func="read"},frame={level="1",addr="0x2",func="main"}]'


def broken(*_: object, **__: object) -> Any:
    """Whatever it stands for is wrong in a way that nobody thought of."""
    raise RuntimeError("put in by a test")


def process_seen(tids: tuple[int, ...] = (7, 8)) -> Seen:
    still = Counters("S", 1, 1, 1, "0 0x3 0x0 0x1 0x0 0x0 0x0 0x7f 0x7e")
    threads = tuple(ThreadSample(tid, tid, "t", None, still) for tid in tids)
    sample = ProcessSample(7, 1, "program", "S", 1, 0.0, 0, 0, (7,), False, threads, 0.0)
    seen = Seen(sample, space=parse_maps(""))
    for tid in tids:
        seen.syscalls[tid] = Syscall(0, "read", (f"{tid:#x}", "0x0", "0x1", "0x0", "0x0", "0x0"), "0x7f", "0x7e")
    return seen


@pytest.mark.parametrize("bad", [b'^error,msg="Cannot access memory"', b"^done,stack=[{]", b"^done"])
def test_one_thread(bad: bytes) -> None:
    stacks = Stacks()
    take_threads(
        {1: [Answer(1, "error" if bad.startswith(b"^error") else "done", bad)], 2: [Answer(2, "done", GOOD)]}, None, stacks
    )
    assert stacks.threads[1].frames == ()
    assert [frame.function for frame in stacks.threads[2].frames] == ["read", "main"]
    assert stacks.threads[1].problem is not None
    assert stacks.threads[2].problem is None


def test_one_frame() -> None:
    stacks = Stacks()
    listing = b'^done,stack=[frame={level="0",addr="0x1",func="read"},"x",frame={level=["1"],func={},addr="?"},' + GOOD[13:]
    take_threads({2: [Answer(2, "done", listing)]}, None, stacks)
    assert [frame.function for frame in stacks.threads[2].frames] == ["read", None, "read", "main"]


@pytest.mark.parametrize("name", sorted(measured._MEASURES))
def test_one_fact(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = process_seen()
    before = {(fact.name, fact.tid): fact.holds for fact in measured.measure_all(seen, {7: seen})}
    monkeypatch.setitem(measured._MEASURES, name, broken)
    facts = {(fact.name, fact.tid): fact for fact in measured.measure_all(seen, {7: seen})}
    lost = facts[name, None]
    assert (lost.holds, lost.value) == ("unknown", "could not check, because: put in by a test") or lost.holds == "unknown"
    assert "put in by a test" in lost.value
    derived = {"created-by-raw-clone", "lock-owner-alive", "lock-orphaned"}
    for (other, tid), holds in before.items():
        if other not in derived and FACTS[other] is not FACTS[name] and (other, tid) in facts:
            assert facts[other, tid].holds == holds


class Broken:
    """A memory that fails in a way that no reader of memory is prepared for, at one address."""

    def read(self, address: int, size: int) -> bytes:
        if address == 0x1000:
            raise ZeroDivisionError("put in by a test")
        return (2).to_bytes(size, "little")


def test_one_lock() -> None:
    seen = process_seen()
    seen.memory, seen.architecture = Broken(), ARCHITECTURES["x86_64"]
    for tid, address in ((7, "0x1000"), (8, "0x2000")):
        seen.syscalls[tid] = Syscall(202, "futex", (address, "0x80", "0x2", "0x0", "0x0", "0x0"), "0x7f", "0x7e")
    find_locks(seen, {7: seen})
    assert {tid: lock.word for tid, lock in seen.locks.items()} == {8: 2}
    (note,) = seen.notes
    assert "thread 7" in note
    assert "put in by a test" in note


def test_one_thread_of_the_snapshot() -> None:
    """Of a thread that says nonsense, only that it is there."""
    seen = process_seen()
    nonsense: Any = None
    seen.stacks.threads[7] = ThreadStack(frames=(nonsense,))
    seen.stacks.threads[8] = ThreadStack(frames=(RawFrame(0, 1, "read"),), total=1)
    made = assemble.process(seen, (), Capture("proc", None, None, None, None), include_values=False)
    assert [len(thread.frames) for thread in made.threads] == [0, 1]
    assert "made no sense" in (made.threads[0].problem or "")


def test_one_process_of_the_diagnosis() -> None:
    whole = fixtures.proven()
    first, *others = whole.snapshot.processes
    no_thread: Any = None
    nonsense = replace(first, pid=99, threads=(no_thread,))
    found = diagnose(replace(whole.snapshot, processes=(first, *others, nonsense)), shipped())
    assert [one.signature for one in found.findings] == [one.signature for one in diagnose(whole.snapshot, shipped()).findings]
    assert any(text.startswith("Process 99 could not be judged") for text in found.unexplained)


@pytest.mark.parametrize("delay", [0.0, 5.0])
def test_one_package(delay: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes for ever, or fails: the processes after it are looked up all the same."""
    child = subprocess.Popen(["sleep", "60"])
    ours, release = os.getpid(), threading.Event()

    def look_up(pid: int) -> Package:
        if pid == ours:
            release.wait(delay)
            return Package(problem="too late")
        return Package("dpkg", "coreutils", "9")

    monkeypatch.setattr("analyzer.capture.package.package_of", look_up)
    try:
        wait_for_name(child.pid, "sleep")
        found = PackageSearch([ours, child.pid]).results(0.5)
        assert found[child.pid].name == "coreutils"
        assert ("did not answer within 0.5 s" in (found[ours].problem or "")) is (delay > 0)
    finally:
        release.set()
        child.kill()
        child.wait()


def wait_for_name(pid: int, name: str) -> None:
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}/comm").read_text().strip() != name:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_one_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = process_seen()
    real = Asker._answer

    def answer(self: Asker, of: Seen, tid: int, state: str, syscall: Syscall | None) -> Any:
        return broken() if tid == 8 else real(self, of, tid, state, syscall)

    monkeypatch.setattr(Asker, "_answer", answer)
    Asker().ask(seen)
    assert any("thread 8" in note and "put in by a test" in note for note in seen.notes)
    assert not any("thread 7" in note for note in seen.notes)


def test_one_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fixtures.proven()
    right = diagnose(whole.snapshot, shipped())
    real = real_judge
    broken_one = "glibc-lock-after-raw-clone"

    def judge(signature: Any, *rest: Any) -> Any:
        return broken() if signature.id == broken_one else real(signature, *rest)

    monkeypatch.setattr(analyzer.diagnose, "judge", judge)
    found = diagnose(whole.snapshot, shipped())
    kept = [one.signature for one in right.findings if one.signature != broken_one]
    assert [one.signature for one in found.findings] == kept != []
    monkeypatch.setattr(analyzer.diagnose, "judge", broken)
    none = diagnose(whole.snapshot, shipped())
    assert none.findings == ()
    assert none.near_misses
    assert all("put in by a test" in one.because for one in none.near_misses)


@pytest.mark.parametrize("format", ["html", "json", "markdown", "text"])
def test_one_format(format: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosis = fixtures.proven()
    real = analyzer.render.render

    def render(of: Diagnosis, wanted: Any, words: Any) -> bytes:
        data: bytes = broken() if wanted == format else real(of, wanted, words)
        return data

    monkeypatch.setattr("analyzer.render.fallback.render", render)
    said: list[str] = []
    data, made = render_or_another(diagnosis, format, ENGLISH, said.append)
    assert made != format
    assert made == "json" or format == "json"
    assert data == real(diagnosis, made, ENGLISH)
    assert made != "json" or json.loads(data)["status"] == "root-cause"
    assert len(said) == 1
    assert format in said[0]


def test_no_format_and_no_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.render.fallback.render", broken)
    with pytest.raises(RuntimeError):
        render_or_another(fixtures.healthy(), "html", ENGLISH, lambda _: None)
    monkeypatch.setattr("analyzer.render.text.to_text", broken)
    assert summary(fixtures.proven(), ENGLISH, width=80, colour=False).startswith("root-cause")
