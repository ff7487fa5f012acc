"""stopped: does a signal (T) or a tracer (t) hold the process? Sampled before we attach, so it is never our own doing."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.capture.facts.answer import unknown, yes_no
from analyzer.capture.seen import Seen
from analyzer.model import Fact


def measure(seen: Seen, family: Mapping[int, Seen]) -> list[Fact]:  # noqa: ARG001 - every fact has the same form
    """One answer for the process."""
    how = f"grep State /proc/{seen.pid}/status"
    if not seen.live:
        return [unknown("stopped", "a saved process has no state", how)]
    return [yes_no("stopped", seen.before.state in {"T", "t"}, f"its state was {seen.before.state}", how)]
