"""Backtraces from public reports: what the catalogue makes of all of them together, and that there are enough of each kind."""

from __future__ import annotations

import re

import pytest

from analyzer.capture.trace import parse_trace
from analyzer.data import folder
from analyzer.diagnose import diagnose
from analyzer.diagnose.cases import Case, read_cases
from analyzer.diagnose.gaps import gaps
from analyzer.model import Diagnosis, Snapshot
from tests.unit.diagnose.build import shipped

FAMILY = {
    "allocator-lock-after-fork", "condition-with-lost-waiters", "glibc-fork-lock-after-raw-clone", "glibc-lock-after-fork",
    "glibc-lock-after-raw-clone", "musl-lock-after-raw-clone", "mutex-after-fork", "podman-libc-lock-after-raw-clone",
}  # fmt: skip
"""Causes that a fork or a raw clone left behind."""
CASES, _ = read_cases([folder("signatures")], shipped())
OF_FAMILY = [case for case in CASES if case.report == "family"]
LOOK_ALIKES = [case for case in CASES if case.report == "look-alike"]
UNTELLABLE = {
    "public-icinga-nameless-libc-after-fork": "libc has no names at all, and nothing else tells what the program wanted of it",
    "public-tsan-report-in-fork-child-handler": "a fork handler of the child waits, which is another cause of the same fork",
}
"""Whole stacks of the family that no rule about names could tell, and why."""


def seen(case: Case) -> Snapshot:
    return case.snapshot or parse_trace(case.trace or "")


def of_family(diagnosis: Diagnosis) -> dict[str, str]:
    return {one.signature: one.certainty for one in diagnosis.findings if one.signature in FAMILY}


def is_cut(snapshot: Snapshot) -> bool:
    return any(gaps(thread) for process in snapshot.processes for thread in process.threads)


def test_there_are_enough_of_both_and_the_readme_counts_them() -> None:
    text = (folder("signatures") / "README.md").read_text()
    counted = re.search(r"(\d+) of the family, (\d+) look-alikes", text)
    assert counted is not None
    assert [int(number) for number in counted.groups()] == [len(OF_FAMILY), len(LOOK_ALIKES)]
    assert len(OF_FAMILY) >= 20
    assert len(LOOK_ALIKES) >= 20
    assert all(case.source for case in (*OF_FAMILY, *LOOK_ALIKES))


@pytest.mark.parametrize("case", LOOK_ALIKES, ids=lambda case: case.path.stem)
def test_no_look_alike_is_likely_to_be_of_the_family(case: Case) -> None:
    assert set(of_family(diagnose(seen(case), shipped())).values()) <= {"possible"}


@pytest.mark.parametrize("case", OF_FAMILY, ids=lambda case: case.path.stem)
def test_a_whole_stack_of_the_family_is_possible_at_least(case: Case) -> None:
    snapshot = seen(case)
    diagnosis = diagnose(snapshot, shipped())
    if not of_family(diagnosis):
        assert is_cut(snapshot) or case.path.stem in UNTELLABLE
        assert diagnosis.status == "unclear"
    elif snapshot.capture.method == "trace":
        assert set(of_family(diagnosis).values()) == {"possible"}
        assert diagnosis.status in ("unclear", "hung")


def test_most_of_the_family_is_found() -> None:
    found = [case for case in OF_FAMILY if of_family(diagnose(seen(case), shipped()))]
    assert len(found) >= 19
