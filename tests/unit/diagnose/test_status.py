"""The one word for the whole, the chain, the fingerprint, and what stays unexplained."""

from __future__ import annotations

import pytest

from analyzer.diagnose import diagnose
from analyzer.model import Capture, Lock, Owner, Process, Snapshot, Thread, ThreadRef, Wait
from tests.unit.diagnose.build import ORPHANED, RAW_CLONE, facts, shipped, snapshot, thread

FORK_STACK = "__lll_lock_wait_private libc.so.6 <- _IO_list_lock libc.so.6 <- fork libc.so.6 <- work prog <- main prog"
MUTEX = "__lll_lock_wait libc.so.6 <- pthread_mutex_lock libc.so.6 <- use prog <- main prog"
IDLE = "__futex_abstimed_wait_common libc.so.6 <- pthread_cond_wait libc.so.6 <- worker prog <- start_thread libc.so.6"
CAPTURE = Capture("attach", 0.0, True, "S", "S")


@pytest.mark.parametrize(
    ("threads", "status"),
    [
        ([thread(MUTEX, moved=False)], "hung"),
        ([thread(MUTEX, moved=False), thread(IDLE, 11, moved=False)], "hung"),
        ([thread(MUTEX, moved=False), thread(IDLE, 11, moved=True)], "not-hung"),
        ([thread(MUTEX, moved=True)], "not-hung"),
        ([thread(MUTEX)], "unclear"),
        ([thread(IDLE, moved=False)], "unclear"),
        ([thread("read libc.so.6 <- main prog", moved=False)], "unclear"),
        ([thread("work prog <- main prog", state="R")], "not-hung"),
        ([thread(MUTEX, moved=False, wait=Wait("futex", "a lock", timed=True))], "not-hung"),
        ([thread("nanosleep libc.so.6 <- main prog", wait=Wait("sleep", "a time", timed=True))], "not-hung"),
        ([], "unclear"),
    ],
)
def test_the_word(threads: list[Thread], status: str) -> None:
    found = diagnose(snapshot(*threads), shipped())
    assert found.status == status
    assert bool(found.unexplained) == (status in ("hung", "unclear"))


def test_a_wait_is_never_a_root_cause_and_not_a_finding() -> None:
    found = diagnose(snapshot(thread(MUTEX, moved=False), thread(IDLE, 11, moved=False)), shipped())
    assert (found.status, found.findings) == ("hung", ())
    assert {one.signature for one in found.waits} == {"waits-for-mutex", "waits-for-work"}
    assert {one.certainty for one in found.waits} == {"possible"}


def test_what_hangs_without_an_explanation_is_named_with_what_to_ask_next() -> None:
    owner = Owner("0x9", 77, orphaned=True)
    lock = Lock("0x1000", "their_lock", word=2, records_owner=True, owner=owner, waiters=(10,))
    text = " ".join(
        diagnose(snapshot(thread(FORK_STACK.replace("fork", "f1"), moved=False), locks=(lock,)), shipped()).unexplained
    )
    assert "Thread 10 of process 10 waits for their_lock" in text
    assert "held by thread 77, which is not in this process" in text


def test_sentences_are_few_whatever_the_number_of_threads() -> None:
    many = tuple(thread(f"f{number} prog <- g{number} prog", 10 + number) for number in range(500))
    assert len(diagnose(snapshot(*many), shipped()).unexplained) <= 13


def family() -> Snapshot:
    """A parent that waits for a byte from its child, which waits for a lock nobody holds."""
    byte = Wait("read", "a byte from a socket pair", timed=False, peers=(ThreadRef(20),))
    parent = Process(10, "podman", threads=(thread(IDLE, 11), thread("read libc.so.6 <- main prog", 10, wait=byte)))
    lock = Lock("0x1", "list_all_lock", word=2, records_owner=True, owner=Owner("0x2", 11, 10, orphaned=True), waiters=(20,))
    answers = facts({**RAW_CLONE, **ORPHANED}, 20)
    child = Process(20, "podman", ppid=10, threads=(thread(FORK_STACK, 20),), locks=(lock,), facts=answers)
    return Snapshot(CAPTURE, (parent, child))


@pytest.mark.parametrize("asked", [ThreadRef(10), ThreadRef(10, 10), None])
def test_the_chain_leads_from_the_parent_to_the_root(asked: ThreadRef | None) -> None:
    links = diagnose(family(), shipped(), asked).chain
    assert [(link.pid, link.tid) for link in links] == [(10, 10), (20, 20)]
    assert links[0].for_ == ThreadRef(20, 20)
    assert links[1].for_ is None
    assert links[1].waits == "waits for list_all_lock, held by thread 11, which does not exist in this process"


def test_the_chain_begins_where_was_asked() -> None:
    assert [link.pid for link in diagnose(family(), shipped(), ThreadRef(20)).chain] == [20]
    assert diagnose(family(), shipped(), ThreadRef(99)).chain == ()


def test_a_chain_that_closes_a_circle_ends() -> None:
    def waiting(peer: int) -> Wait:
        return Wait("wait", "the other", peers=(ThreadRef(peer),))

    processes = tuple(
        Process(pid, "p", threads=(thread("wait4 libc.so.6 <- main prog", pid, wait=waiting(peer)),))
        for pid, peer in ((1, 2), (2, 3), (3, 1))
    )
    links = diagnose(Snapshot(CAPTURE, processes), shipped(), ThreadRef(1)).chain
    assert [link.pid for link in links] == [1, 2, 3]
    assert links[-1].for_ == ThreadRef(1, 1)
    assert "closes a circle" in links[-1].waits


def test_a_long_chain_is_followed_in_reasonable_time() -> None:
    processes = tuple(
        Process(pid, "p", threads=(thread("wait4 <- main", pid, wait=Wait("wait", "it", peers=(ThreadRef(pid + 1),))),))
        for pid in range(1, 1500)
    )
    assert len(diagnose(Snapshot(CAPTURE, processes), shipped(), ThreadRef(1)).chain) == 1499


def print_of(stack: str, **kinds: object) -> str | None:
    return diagnose(snapshot(thread(stack), method="trace", **kinds), shipped()).fingerprint  # type: ignore[arg-type]


SAME = [
    "futex_wait <- __GI___lll_lock_wait_private <- __GI__IO_list_lock <- __libc_fork <- create_pause <- rejoin <- main",
    "__lll_lock_wait_private <- _L_lock_77 <- ptmalloc_lock_all <- __libc_fork <- fork <- create_pause.part.0 <- rejoin <- main",
    "?? libc.so.6 <- ?? libc.so.6 <- fork libc.so.6 <- create_pause prog <- rejoin.constprop.1 prog <- main prog <- ?? libc.so.6",
    "__lll_lock_wait_private <- ?? <- fork@@GLIBC_2.2.5 <- create_pause+0x1c <- rejoin <- main <- __libc_start_main <- _start",
]


def test_the_same_bug_has_the_same_fingerprint_everywhere() -> None:
    prints = {print_of(stack) for stack in SAME}
    assert len(prints) == 1
    assert all(one is not None and len(one) == 12 and int(one, 16) >= 0 for one in prints)


def test_other_bugs_have_other_fingerprints() -> None:
    others = {print_of(SAME[0].replace(*change)) for change in (("rejoin", "run"), ("create_pause", "spawn"))}
    others |= {print_of(MUTEX), print_of(IDLE), print_of(SAME[0].replace("__libc_fork", "popen"))}
    assert len(others - {print_of(SAME[0])}) == len(others) == 5


def test_no_fingerprint_without_a_name() -> None:
    assert print_of("?? <- ??") is None
    assert diagnose(snapshot(), shipped()).fingerprint is None
