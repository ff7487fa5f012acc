"""lock-word-held: does the lock word say that the lock is held?

0 is free, 1 held, 2 held and somebody waits. A zero means that the wait is about to end, or that the wake-up was lost.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.capture.facts.answer import unknown, yes_no
from analyzer.capture.facts.commands import gdb
from analyzer.capture.seen import Seen
from analyzer.model import Fact

_NAME = "lock-word-held"


def measure(seen: Seen, family: Mapping[int, Seen]) -> list[Fact]:  # noqa: ARG001 - every fact has the same form
    """One answer a thread that waits for a lock."""
    facts = []
    for tid, lock in seen.locks.items():
        how = gdb(seen.pid, f"x/4wx {lock.address}")
        if lock.word is None:
            facts.append(unknown(_NAME, "the lock word could not be read", how, tid))
        else:
            named = lock.symbol or "the lock"
            facts.append(yes_no(_NAME, lock.word != 0, f"{named} at {lock.address} holds {lock.word:#x}", how, tid))
    return facts
