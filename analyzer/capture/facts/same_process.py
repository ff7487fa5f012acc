"""same-process and state-unchanged: is it still the process that was asked about, and is it as it was found?"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.capture.facts.answer import unknown, yes_no
from analyzer.capture.seen import Seen
from analyzer.model import Fact

_WAITING = {"S", "D", "R", "I"}
"""Letters between which a process changes by itself; a stop (T, t) or an end (Z, X) is another matter."""


def measure(seen: Seen, family: Mapping[int, Seen]) -> list[Fact]:  # noqa: ARG001 - every fact has the same form
    """Two answers for the process."""
    how = f"awk '{{print $22}}' /proc/{seen.pid}/stat"
    how_state = f"grep State /proc/{seen.pid}/status"
    if not seen.live or seen.started_ticks_after is None:
        because = "a saved process does not change" if not seen.live else "it had ended when the analysis was done"
        return [unknown("same-process", because, how), unknown("state-unchanged", because, how_state)]
    same = seen.started_ticks_after == seen.before.start_ticks
    before, after = seen.before.state, seen.state_after
    unchanged = before == after or {before, after} <= _WAITING
    return [
        yes_no(
            "same-process",
            same,
            "its start time is the same" if same else "the pid belongs to another process now",
            how,
        ),
        yes_no("state-unchanged", unchanged, f"{before} before, {after} after", how_state),
    ]
