"""single-thread: is there another thread that could release a lock? The kernel's own count, not the debugger's."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.capture.facts.answer import yes_no
from analyzer.capture.seen import Seen
from analyzer.model import Fact


def measure(seen: Seen, family: Mapping[int, Seen]) -> list[Fact]:  # noqa: ARG001 - every fact has the same form
    """One answer for the process."""
    count = len(seen.before.threads)
    value = "the kernel has one thread" if count == 1 else f"the kernel has {count} threads"
    return [yes_no("single-thread", count == 1, value, f"ls /proc/{seen.pid}/task")]
