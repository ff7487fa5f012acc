"""One file a fact: how it is measured, when it lies, and its answer (yes, no, unknown).

A fact never raises and never stays silent: what goes wrong while it is measured becomes «unknown, because ...».
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analyzer.capture.facts import (
    address_space_shared,
    created_by_raw_clone,
    futex_wait,
    libc_is_glibc,
    lock_holder_possible,
    lock_orphaned,
    lock_owner_alive,
    lock_word_held,
    no_progress,
    parent,
    robust_list_unregistered,
    same_process,
    single_thread,
    stopped,
    tcb_tid_stale,
    thread_count_stale,
)
from analyzer.capture.facts.answer import unknown
from analyzer.capture.seen import Seen
from analyzer.model import Fact

Measure = Callable[[Seen, Mapping[int, Seen]], list[Fact]]

_MEASURES: dict[str, Measure] = {
    "no-progress": no_progress.measure,
    "stopped": stopped.measure,
    "single-thread": single_thread.measure,
    "libc-is-glibc": libc_is_glibc.measure,
    "robust-list-unregistered": robust_list_unregistered.measure,
    "tcb-tid-stale": tcb_tid_stale.measure,
    "thread-count-stale": thread_count_stale.measure,
    "address-space-shared": address_space_shared.measure,
    "futex-wait": futex_wait.measure,
    "lock-word-held": lock_word_held.measure,
    "lock-holder-possible": lock_holder_possible.measure,
    "parent-waits-for-it": parent.measure,
    "same-process": same_process.measure,
}
_DERIVED: dict[str, Callable[[Seen, list[Fact]], list[Fact]]] = {
    # Worked out from the facts above; created-by-raw-clone before those that lean on it.
    "created-by-raw-clone": created_by_raw_clone.measure,
    "lock-owner-alive": lock_owner_alive.measure,
    "lock-orphaned": lock_orphaned.measure,
}


def measure_all(seen: Seen, family: Mapping[int, Seen]) -> tuple[Fact, ...]:
    """Every fact about one process. ``family`` are the processes examined together, by pid, this one included."""
    facts: list[Fact] = []
    for name, measure in _MEASURES.items():
        try:
            facts += measure(seen, family)
        except Exception as error:  # whatever is wrong with one fact, the others are asked
            facts.append(_failed(name, error, seen))
    for name, derive in _DERIVED.items():
        try:
            facts += derive(seen, facts)
        except Exception as error:
            facts.append(_failed(name, error, seen))
    return tuple(facts)


def _failed(name: str, error: Exception, seen: Seen) -> Fact:
    return unknown(name, str(error) or type(error).__name__, f"hanganalyze {seen.pid} -v")
