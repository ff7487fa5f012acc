"""One hang, told once: where a signature that knows the program says as much as a general one, the general one is silent."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.diagnose.judge import Verdict

_WEIGHT = {"near-miss": 1, "possible": 2, "likely": 3, "proven": 4}


def most_exact(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts of a process without those that a refined signature gives of the same thread.

    A near miss, or a lesser certainty, silences nothing that is surer: the knowledge of a program adds words, never doubt.
    """
    said: dict[tuple[str, int], int] = {}
    for verdict in verdicts:
        if verdict.signature.refines is not None:
            key = (verdict.signature.refines, verdict.thread.tid)
            said[key] = max(said.get(key, 0), _weight(verdict))
    return [
        verdict for verdict in verdicts if not 0 < _weight(verdict) <= said.get((verdict.signature.id, verdict.thread.tid), 0)
    ]


def _weight(verdict: Verdict) -> int:
    if verdict.finding is not None:
        return _WEIGHT[verdict.finding.certainty]
    return _WEIGHT["near-miss"] if verdict.near is not None else 0
