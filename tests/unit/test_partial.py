"""One broken part costs only itself, and what is missing is said: a fault put into each part in turn."""

from __future__ import annotations

import json
from typing import Any

import pytest

import analyzer.diagnose
import analyzer.render
from analyzer.capture import facts as measured
from analyzer.capture.gdbmi import Answer
from analyzer.capture.maps import parse_maps
from analyzer.capture.peers.asker import Asker
from analyzer.capture.procfs import Counters, ProcessSample, ThreadSample
from analyzer.capture.questions import take_threads
from analyzer.capture.seen import Seen
from analyzer.capture.stacks import Stacks
from analyzer.diagnose import diagnose
from analyzer.diagnose.judge import judge as real_judge
from analyzer.model import Diagnosis, Syscall
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
