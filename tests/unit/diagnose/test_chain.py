"""Who is named between the process a person asked about and the one that hangs."""

from __future__ import annotations

from dataclasses import replace

from analyzer.diagnose import diagnose
from analyzer.model import Capture, Process, Snapshot, Thread, ThreadRef, Wait

from .build import ORPHANED, RAW_CLONE, facts, shipped, thread

STACK = "__lll_lock_wait_private libc.so.6 <- malloc libc.so.6 <- enter loader <- main loader"


def reader(pid: int, ppid: int, *peers: int) -> Process:
    wait = Wait("read", "data from a socket pair", peers=tuple(ThreadRef(peer) for peer in peers))
    return Process(pid, "loader", ppid=ppid, threads=(Thread(pid, wait=wait),))


def test_a_child_comes_before_the_grandchild_that_inherited_its_descriptor() -> None:
    """Parent 1 reads a socket that its child 2 and its grandchild 3 hold; 2 waits for 3; 3 hangs."""
    hung = Process(3, "loader", ppid=2, threads=(thread(STACK, 3),), facts=facts({**RAW_CLONE, **ORPHANED}, 3))
    capture = Capture("attach", 0.0, True, None, None)
    snapshot = Snapshot(capture, tuple(replace(one, capture=capture) for one in (reader(1, 0, 3, 2), hung, reader(2, 1, 3))))
    told = diagnose(snapshot, shipped(), ThreadRef(1))
    assert [link.pid for link in told.chain] == [1, 2, 3]


def test_a_child_that_waits_for_something_else_does_not_come_between() -> None:
    hung = Process(3, "loader", ppid=2, threads=(thread(STACK, 3),), facts=facts({**RAW_CLONE, **ORPHANED}, 3))
    capture = Capture("attach", 0.0, True, None, None)
    snapshot = Snapshot(capture, tuple(replace(one, capture=capture) for one in (reader(1, 0, 2, 3), hung, reader(2, 1))))
    told = diagnose(snapshot, shipped(), ThreadRef(1))
    assert [link.pid for link in told.chain] == [1, 3]
