"""no-progress: did a thread stand still between two samples?

Measured by the kernel's own counters: context switches, processor time and the system call line. It lies when a thread runs
so rarely that it slept through both samples (a timer of a minute): standing still for a moment is not hanging.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.capture.facts.answer import unknown, yes_no
from analyzer.capture.seen import Seen
from analyzer.model import Fact


def measure(seen: Seen, family: Mapping[int, Seen]) -> list[Fact]:  # noqa: ARG001 - every fact has the same form
    """One answer a thread."""
    facts = []
    for thread in seen.before.threads:
        how = f"for n in 1 2; do grep ctxt /proc/{seen.pid}/task/{thread.tid}/status; sleep 1; done"
        moved = seen.moved(thread.tid)
        if moved is None or seen.between_samples_s is None:
            facts.append(unknown("no-progress", "there was no second sample", how, thread.tid))
            continue
        span = f"{seen.between_samples_s * 1000:.0f} ms"
        value = f"it ran within {span}" if moved else f"no counter changed within {span}"
        facts.append(yes_no("no-progress", not moved, value, how, thread.tid))
    return facts
