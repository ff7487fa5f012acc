"""Whatever a snapshot holds: no crash, no wrong «proven», and the same answer twice."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.data import folder
from analyzer.diagnose import diagnose
from analyzer.diagnose.cases import read_cases
from analyzer.diagnose.explain import explain, lines
from analyzer.model import Capture, CaptureMethod, Fact, Frame, Lock, Owner, Process, Snapshot, Syscall, Thread, ThreadRef, Wait
from analyzer.model.facts import FACTS
from tests.unit.diagnose.build import shipped

NAMES = sorted({name for found in shipped().sets.values() for name in sorted(found.exact)[:40]})
names = st.one_of(st.none(), st.sampled_from(NAMES), st.text(max_size=20), st.just("<signal handler called>"))
modules = st.sampled_from([None, "libc.so.6", "/lib64/libpthread-2.17.so", "/usr/bin/program", "libother.so.1", "\x00"])
ids = st.integers(0, 5)
holds = st.sampled_from(["yes", "no", "unknown"])
optional_ids = st.one_of(st.none(), ids)


@st.composite
def threads(draw: st.DrawFn) -> Thread:
    count = draw(st.integers(0, 6))
    start = draw(st.sampled_from([0, 0, 0, 2]))
    frames = tuple(
        Frame(start + level + (50 if draw(st.integers(0, 9)) == 0 else 0), draw(names), draw(modules), signal=draw(ids) == 5)
        for level in range(count)
    )
    peers = tuple(draw(st.lists(st.builds(ThreadRef, ids, optional_ids), max_size=2)))
    kind = draw(st.sampled_from(["futex", "read", "poll", "wait", "stopped", "other"]))
    wait = Wait(kind, "it", draw(st.sampled_from([None, True, False])), "0x1", peers)
    return Thread(
        tid=draw(ids),
        state=draw(st.sampled_from([None, "R", "S", "D", "T", "t", "Z", "?"])),
        moved=draw(st.sampled_from([None, True, False])),
        frames=frames,
        frames_total=draw(st.sampled_from([None, 0, count, count + 9])),
        cut=draw(st.booleans()),
        wait=draw(st.sampled_from([None, wait])),
        syscall=draw(st.sampled_from([None, Syscall(202, "futex", ("0x1", "0x80")), Syscall(202, "futex", ("?", "?"))])),
        namespace_tid=draw(optional_ids),
    )


facts = st.builds(
    Fact, st.sampled_from([*FACTS, "no-such-fact"]), st.just("?"), holds, st.text(max_size=5), st.just(""), optional_ids
)
owners = st.builds(Owner, st.just("0x2"), optional_ids, optional_ids, st.sampled_from([None, True, False]))
locks = st.builds(
    Lock,
    st.sampled_from(["0x1", "0x2", "0x3"]),
    word=st.sampled_from([None, 0, 2]),
    owner=st.one_of(st.none(), owners),
    waiters=st.tuples(ids, ids),
)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    method: CaptureMethod = draw(st.sampled_from(["attach", "core", "trace", "no-stop"]))
    capture = Capture(method, None, None, None, None)
    processes = tuple(
        Process(
            pid=pid,
            name="p",
            threads=tuple(draw(st.lists(threads(), max_size=3))),
            locks=tuple(draw(st.lists(locks, max_size=3))),
            facts=tuple(draw(st.lists(facts, max_size=12))),
            capture=draw(st.sampled_from([None, capture])),
        )
        for pid in range(draw(st.integers(0, 3)))
    )
    return Snapshot(capture, processes)


@settings(max_examples=400, deadline=None)
@given(snapshots(), st.one_of(st.none(), st.builds(ThreadRef, ids, optional_ids)))
def test_any_snapshot_gets_a_diagnosis(snapshot: Snapshot, subject: ThreadRef | None) -> None:
    found = diagnose(snapshot, shipped(), subject)
    assert found == diagnose(snapshot, shipped(), subject)
    assert found.status in ("root-cause", "hung", "not-hung", "unclear")
    assert len(found.chain) <= sum(len(process.threads) for process in snapshot.processes)
    for finding in (*found.findings, *found.waits):
        process = next(one for one in snapshot.processes if one.pid == finding.pid)
        method = (process.capture or snapshot.capture).method
        if method == "trace":
            assert finding.certainty == "possible"
        if finding.certainty == "proven":
            needed = shipped().by_id[finding.signature].proven
            given_answers = {fact.name: {one.holds for one in process.facts if one.name == fact.name} for fact in process.facts}
            for test in needed.all:
                if test.name in given_answers and not FACTS[test.name].derived:
                    assert test.wanted in given_answers[test.name]


@settings(max_examples=60, deadline=None)
@given(snapshots(), st.sampled_from(sorted(shipped().by_id)))
def test_any_snapshot_can_be_explained(snapshot: Snapshot, identity: str) -> None:
    assert lines(explain(snapshot, shipped(), identity))


def test_cutting_a_case_anywhere_never_proves_more() -> None:
    """Every shipped case, each stack cut after each frame: nothing new is proven, and nothing but unclear or less is left."""
    rank = {"possible": 0, "likely": 1, "proven": 2}
    cases, _ = read_cases([folder("signatures")], shipped())
    for case in cases:
        if case.snapshot is None:
            continue
        whole = {one.signature: rank[one.certainty] for one in diagnose(case.snapshot, shipped()).findings}
        for process in case.snapshot.processes[:1]:
            for thread in process.threads[:1]:
                for kept in range(len(thread.frames)):
                    short = Thread(thread.tid, frames=thread.frames[:kept], cut=True, wait=thread.wait, state=thread.state)
                    changed = Process(
                        process.pid,
                        process.name,
                        threads=(short, *process.threads[1:]),
                        locks=process.locks,
                        facts=process.facts,
                        capture=process.capture,
                    )
                    found = diagnose(Snapshot(case.snapshot.capture, (changed,)), shipped())
                    for one in found.findings:
                        if one.certainty == "proven":
                            assert whole.get(one.signature) == 2, (case.shown, kept, one.signature)
