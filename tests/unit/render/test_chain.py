"""The chain as nodes, tree and sentences, and where its drawing puts them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from analyzer.model import ChainLink, Diagnosis, ThreadRef
from analyzer.render.chain import Story, story, tree
from analyzer.render.drawing import Box, Drawing, narrow, wide
from analyzer.render.words import ENGLISH
from tests.unit.render import fixtures


def told(diagnosis: Diagnosis) -> Story:
    return story(diagnosis, ENGLISH)


def test_parent_raw_clone_child_lock_and_orphaning_thread() -> None:
    it = told(fixtures.proven())
    assert [(node.pid, node.title, node.tone) for node in it.nodes] == [
        (2551, "main thread 2551", "plain"),
        (2560, "main thread 2560", "hung"),
        (2560, "list_all_lock", "lock"),
        (2551, "thread 2552", "ghost"),
    ]
    assert sorted((edge.start, edge.end, edge.kind) for edge in it.edges) == [
        (0, 1, "made"),
        (0, 1, "waits"),
        (1, 2, "waits"),
        (2, 3, "held"),
    ]
    assert it.nodes[3].lines == ("started with hold_list_all_lock()", "in blocking_write()", "not copied into podman (2560)")


def test_the_tree() -> None:
    assert tree(told(fixtures.proven()), ENGLISH) == (
        "podman (2551), main thread 2551: in reexec_in_user_namespace(); waits for a byte from a socket pair (file descriptor 7)",
        "└─ podman (2560), main thread 2560: came from a raw clone; in fork(); waits for list_all_lock",
        "   └─ list_all_lock: 0x7f2c5a9d2660; held, and somebody waits (2)",
        "      └─ podman (2551), thread 2552: started with hold_list_all_lock(); in blocking_write(); "
        "not copied into podman (2560)",
    )


def test_a_circle_closes() -> None:
    it = told(fixtures.cycle())
    assert [(edge.start, edge.end) for edge in it.edges] == [(0, 1), (1, 0)]
    assert tree(it, ENGLISH)[-1] == "   └─ back to thread 612: the circle is closed"


def test_a_lock_without_a_recorded_owner_argues_from_the_number_of_threads() -> None:
    assert told(fixtures.residual()).sentences == (
        "podman (7345) came from a raw clone: locks were copied as they stood, the threads that held them were not.",
        "Thread 7345 of podman (7345) is in setenv() and waits for main_arena.",
        "main_arena does not record who holds it. The thread that waits is the only one in podman (7345): "
        "nobody is there who could release the lock.",
    )


def test_an_owner_that_was_found_nowhere_is_not_said_to_live_somewhere() -> None:
    diagnosis = fixtures.proven()
    finding = diagnosis.findings[0]
    assert finding.lock is not None
    assert finding.lock.owner is not None
    lock = replace(finding.lock, owner=replace(finding.lock.owner, pid=None, function=None, doing=None))
    it = told(replace(diagnosis, findings=(replace(finding, lock=lock),)))
    assert it.nodes[-1].lines == ("does not exist in podman (2560)",)
    assert it.sentences[-1] == (
        "list_all_lock is orphaned: it names thread 2552 as its holder, and podman (2560) has no such thread. "
        "Nobody in podman (2560) will ever release the lock."
    )


def test_a_finding_that_the_links_do_not_reach_is_told_all_the_same() -> None:
    diagnosis = fixtures.proven()
    it = told(replace(diagnosis, chain=(replace(diagnosis.chain[0], for_=None),)))
    assert [node.title for node in it.nodes] == ["main thread 2551", "main thread 2560", "list_all_lock", "thread 2552"]
    assert [edge.kind for edge in it.edges if (edge.start, edge.end) == (0, 1)] == ["made"]


def test_nobody_waits() -> None:
    it = told(fixtures.healthy())
    assert it.nodes == ()
    assert tree(it, ENGLISH) == ()
    assert narrow(it) is None


def test_links_that_point_nowhere_break_nothing() -> None:
    diagnosis = fixtures.proven()
    lost = tuple(
        replace(link, pid=link.pid + 1000, for_=replace(link.for_, pid=1) if link.for_ else None) for link in diagnosis.chain
    )
    it = told(replace(diagnosis, chain=lost))
    assert it.nodes[0].title == "thread 2551"


def overlap(one: Box, other: Box) -> bool:
    apart_x = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not (apart_x or one.y + one.height <= other.y or other.y + other.height <= one.y)


@pytest.mark.parametrize("name", ["proven", "residual", "cycle"])
@pytest.mark.parametrize("layout", [wide, narrow])
def test_boxes_stand_apart_and_inside_the_drawing(name: str, layout: Callable[[Story], Drawing | None]) -> None:
    it = layout(told(fixtures.ALL[name]()))
    if it is None:
        assert layout is wide
        assert name != "proven"
        return
    for number, box in enumerate(it.boxes):
        assert box.x >= 0
        assert box.x + box.width <= it.width
        assert box.y >= 0
        assert box.y + box.height <= it.height
        assert all(box.y < text.y <= box.y + box.height for text in box.texts)
        assert not any(overlap(box, other) for other in it.boxes[number + 1 :])


def test_side_by_side_the_ghost_stands_in_its_own_process_beside_the_lock() -> None:
    it = wide(told(fixtures.proven()))
    assert it is not None
    parent, child, lock, ghost = it.boxes
    assert parent.x == ghost.x < child.x == lock.x
    assert parent.y == child.y < lock.y == ghost.y


def test_a_long_chain_is_cut_to_what_a_drawing_can_hold() -> None:
    diagnosis = fixtures.hung_unknown(60, 60)
    chain = tuple(ChainLink(9000, 9000 + n, "waits for the next", ThreadRef(9000, 9001 + n)) for n in range(59))
    it = told(replace(diagnosis, chain=chain))
    assert len(it.nodes) == 59
    drawn = narrow(it)
    assert drawn is not None
    assert len(drawn.boxes) == 14
