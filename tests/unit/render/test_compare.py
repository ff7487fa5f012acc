"""The two columns: what stands beside what, and where they part."""

from __future__ import annotations

from dataclasses import replace

from analyzer.model import Diagnosis
from analyzer.render.compare import Cell, Comparison, compare
from analyzer.render.words import ENGLISH
from tests.unit.render import fixtures


def made(diagnosis: Diagnosis) -> Comparison:
    comparison = compare(diagnosis, ENGLISH)
    assert comparison is not None
    return comparison


def texts(cell: Cell | None) -> list[str]:
    assert cell is not None
    return [line.text for line in cell.lines]


def test_the_stages_stand_in_the_order_of_events() -> None:
    stages = [row.stage for row in made(fixtures.proven()).rows]
    assert stages == [
        "How it came about",
        "Id maps, and what the parent does",
        "The next call: making the pause process",
        "The lock",
        "What it waits for",
        "The stack",
    ]


def test_both_are_raw_clones_and_part_at_the_next_call() -> None:
    rows = made(fixtures.proven()).rows
    assert [(row.differs, row.first) for row in rows] == [
        (False, False),
        (False, False),
        (True, True),
        (True, False),
        (True, False),
        (True, False),
    ]
    origin, parent, call, lock, waits, _ = rows
    assert [line.holds for line in origin.hung.lines] == ["yes"] * 4
    assert texts(origin.hung) == texts(origin.reference)
    assert texts(parent.hung) == ["podman (2551) wrote the id maps and waits for a byte from a socket pair (file descriptor 7)."]
    assert texts(call.hung) == ["A function without a symbol calls fork()."]
    assert texts(call.reference)[0] == "A raw clone in place of each fork(): no lock of the C library is taken."
    assert texts(lock.hung)[0] == (
        "list_all_lock is held, and somebody waits (2). Its holder, thread 2552 (hold_list_all_lock()), does not exist here."
    )
    assert texts(lock.reference)[0] == "It waits for no lock."
    assert texts(waits.reference) == ["Waits for a signal.", "Held at step «pause-process» for the photograph."]


def test_stacks_stand_side_by_side() -> None:
    stack = made(fixtures.proven()).rows[-1]
    assert [line.guilty for line in stack.hung.stack].index(True) == 4
    assert stack.reference is not None
    assert not any(line.guilty for line in stack.reference.stack)


def test_a_recorded_reference_says_so() -> None:
    assert made(fixtures.proven()).origin.startswith("Reference: the loader with the upstream fix, built and photographed here (")
    assert "recorded earlier on another machine" in made(fixtures.recorded()).origin


def test_without_a_reference_the_hung_column_stands_and_says_how_to_get_the_other() -> None:
    comparison = made(fixtures.residual())
    assert all(row.reference is None and not row.differs for row in comparison.rows)
    assert "hanganalyze doctor" in comparison.origin
    call = next(row for row in comparison.rows if row.stage.startswith("The next call"))
    assert texts(call.hung) == ["reexec_in_user_namespace() calls setenv()."]


def test_a_reference_that_hangs_the_same_way_does_not_differ() -> None:
    diagnosis = fixtures.proven()
    photo = fixtures.reference_photo()
    same = replace(photo, fix="none", processes=diagnosis.snapshot.processes)
    rows = made(replace(diagnosis, reference=same)).rows
    assert [row.stage for row in rows if row.differs] == []


def test_what_was_not_seen_is_not_said_to_be_absent() -> None:
    diagnosis = fixtures.proven()
    finding = replace(diagnosis.findings[0], lock=None)
    child = diagnosis.snapshot.processes[1]
    blind = replace(child, threads=(replace(child.threads[0], wait=None),))
    snapshot = replace(diagnosis.snapshot, processes=(diagnosis.snapshot.processes[0], blind))
    rows = {row.stage: row for row in made(replace(diagnosis, findings=(finding,), snapshot=snapshot)).rows}
    assert texts(rows["The lock"].hung)[0] == "Which lock it waits for was not seen."
    assert texts(rows["What it waits for"].hung) == ["What it waits for was not seen."]
    assert not rows["The lock"].differs
    assert not rows["What it waits for"].differs


def test_hangs_that_no_loader_explains_have_no_columns() -> None:
    for diagnosis in (fixtures.cycle(), fixtures.healthy(), fixtures.hung_unknown(3, 1), fixtures.trace()):
        assert compare(diagnosis, ENGLISH) is None
