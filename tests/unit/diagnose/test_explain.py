"""Explanations name the clause, the frame or the fact that decided; skeletons are signatures that load."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.capture.trace import parse_trace
from analyzer.data import folder
from analyzer.diagnose import diagnose
from analyzer.diagnose.cases import read_cases
from analyzer.diagnose.explain import Clause, Explanation, explain, lines
from analyzer.diagnose.read_catalogue import load_catalogue
from analyzer.diagnose.skeleton import skeleton
from analyzer.model import ThreadRef
from tests.unit.diagnose.build import ORPHANED, RAW_CLONE, shipped, snapshot, thread, write_catalogue

FORK = "glibc-fork-lock-after-raw-clone"
STACK = "__lll_lock_wait_private libc.so.6 <- _IO_list_lock libc.so.6 <- fork libc.so.6 <- work prog <- main prog"


def clause(explanation: Explanation, name: str, words: str = "") -> Clause:
    return next(one for one in explanation.clauses if one.name == name and words in one.decided_by)


def test_a_finding_is_explained_clause_by_clause() -> None:
    told = explain(snapshot(thread(STACK), answers={**RAW_CLONE, **ORPHANED}), shipped(), FORK)
    assert (told.word, told.failed) == ("proven", None)
    assert clause(told, "match").holds == "yes"
    assert clause(told, "proven").holds == "yes"
    assert {one.holds for one in told.clauses if one.name == "veto"} <= {"no", "unknown"}
    assert "#1 _IO_list_lock" in clause(told, "match").parts[0].decided_by


def test_an_unknown_fact_of_the_match_is_shown_but_refutes_nothing() -> None:
    told = explain(snapshot(thread(STACK)), shipped(), FORK)
    assert told.word == "possible"
    futex = next(part for part in clause(told, "match").parts if part.name == "futex-wait")
    assert (futex.holds, clause(told, "match").holds) == ("unknown", "yes")
    assert clause(told, "proven").holds == "unknown"
    assert "created-by-raw-clone" in clause(told, "proven").decided_by


def test_a_near_miss_names_the_one_clause_that_failed() -> None:
    answers = {**RAW_CLONE, **ORPHANED, "lock-owner-alive": "yes"}
    told = explain(snapshot(thread(STACK), answers=answers), shipped(), FORK)
    assert told.word == "near-miss"
    assert told.failed is not None
    assert "lives and can release it" in told.failed
    assert clause(told, "veto", "lock-owner-alive").holds == "yes"


def test_a_miss_names_the_frame_that_was_too_much() -> None:
    told = explain(snapshot(thread(STACK.replace("fork libc", "flush prog"))), shipped(), FORK)
    assert told.word == "no"
    assert told.failed == "#2 flush is not @fork-entry"
    short = explain(snapshot(thread("__lll_lock_wait libc.so.6 <- _IO_list_lock libc.so.6")), shipped(), FORK)
    assert short.failed == "the stack ends before @fork-entry"


def test_a_cut_stack_is_unclear() -> None:
    told = explain(snapshot(thread("__lll_lock_wait libc.so.6 <- ...")), shipped(), FORK)
    assert told.word == "unclear"
    assert clause(told, "match").holds == "unknown"


def test_the_thread_that_comes_closest_is_explained() -> None:
    taken = snapshot(thread("poll libc.so.6 <- main prog", 11), thread(STACK, 12), thread("__lll_lock_wait libc.so.6", 13))
    assert explain(taken, shipped(), FORK).thread == ThreadRef(10, 12)
    assert explain(taken, shipped(), FORK, ThreadRef(10, 11)).thread == ThreadRef(10, 11)
    assert explain(taken, shipped(), FORK, ThreadRef(99)).thread is None
    with pytest.raises(KeyError):
        explain(taken, shipped(), "no-such-signature")


def test_lines_are_text_for_a_terminal() -> None:
    told = lines(explain(snapshot(thread(STACK)), shipped(), FORK))
    assert told[0] == f"{FORK}: possible, thread 10 of process 10"
    assert any("proven:" in line for line in told)
    print_line = next(line for line in told if "fingerprint" in line)
    assert diagnose(snapshot(thread(STACK)), shipped()).fingerprint in print_line.split(":")[0]  # type: ignore[operator]
    assert print_line.endswith(f"{FORK}, work, main")


def test_explanations_and_verdicts_agree_on_every_case() -> None:
    from analyzer.diagnose.cases import outcome, read_cases

    cases, _ = read_cases([folder("signatures")], shipped())
    for case in cases:
        if case.snapshot is None:
            continue
        got = outcome(diagnose(case.snapshot, shipped()))
        for identity, word in got.items():
            assert explain(case.snapshot, shipped(), identity).word == word, (case.shown, identity)


@pytest.mark.parametrize("stack", [STACK, "?? prog <- x prog", 'od"d\\name prog <- main prog'])
def test_a_skeleton_loads_and_finds_what_it_was_made_from(tmp_path: Path, stack: str) -> None:
    taken = snapshot(thread(stack), answers={"futex-wait": "yes"})
    text = skeleton(taken, shipped(), "new-one")
    root = write_catalogue(tmp_path / "own", {"new-one.toml": text})
    both = load_catalogue([folder("signatures"), root])
    assert "new-one" in {one.signature for one in diagnose(taken, both).findings}


def test_no_skeleton_from_nothing() -> None:
    with pytest.raises(ValueError, match="no thread with frames"):
        skeleton(snapshot(), shipped(), "x")


def test_what_a_core_cannot_answer_does_not_stand_against_the_proof_in_its_explanation() -> None:
    answers = {**RAW_CLONE, **ORPHANED}
    del answers["address-space-shared"]
    told = explain(snapshot(thread(STACK), method="core", answers=answers), shipped(), FORK)
    assert told.word == "proven"
    assert clause(told, "proven").holds == "yes"


@pytest.mark.parametrize("identity", sorted(shipped().by_id))
def test_every_signature_explains_a_case_that_it_finds_and_causes_a_near_miss(identity: str) -> None:
    cases, _ = read_cases([folder("signatures")], shipped())
    told = {}
    for case in cases:
        if identity in case.expect:
            seen = case.snapshot or parse_trace(case.trace or "")
            told[case.expect[identity]] = explain(seen, shipped(), identity)
    found = next(told[word] for word in ("proven", "likely", "possible") if word in told)
    assert clause(found, "match").holds == "yes"
    assert found.fingerprint
    if shipped().by_id[identity].kind == "cause":
        near = told["near-miss"]
        assert (near.word, bool(near.failed)) == ("near-miss", True)
        vetoes = [one for one in near.clauses if one.name == "veto" and one.holds == "yes"]
        assert clause(near, "match").holds == "no" or vetoes
