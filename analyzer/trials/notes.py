"""What a reader must know to read the figures rightly. Pure."""

from __future__ import annotations

import signal
from collections import Counter

from analyzer.model import TrialResult
from analyzer.trials.plan import Plan


def notes_on(plan: Plan, result: TrialResult) -> tuple[str, ...]:
    """Sentences about this series, the weightiest first."""
    runs = result.runs
    count = Counter(run.outcome for run in runs)
    notes = []
    if count["moving"]:
        notes.append(
            f"{_runs(count['moving'])} not over after {plan.timeout_s:g} s, but still at work: neither hung nor clean, and not "
            "part of the rate. A longer --timeout gives such runs the time they need; a busy loop stays one."
        )
    ended = count["clean"] + count["failed"] + count["signalled"]
    bad = count["failed"] + count["signalled"]
    if bad and bad == ended:
        notes.append("No run ended well: whether the command ever came to the place where it may hang is not known.")
    elif bad:
        notes.append(
            f"{_runs(bad)} over, but did not end well. They count as not hung, though they may have ended too early to hang."
        )
    if bad:
        notes.append(_bad_ends(result))
    left = sum(run.left > 0 for run in runs)
    if left:
        notes.append(
            f"After {left} of the runs, processes of the command were still there in the background, and were ended. A hang of "
            "theirs is not seen: run the command in the foreground."
        )
    if count["stopped"]:
        notes.append(f"{_runs(count['stopped'])} under way when the series was ended: not counted.")
    unlooked = sum(run.outcome == "hung" and run.problem is not None for run in runs)
    if unlooked:
        first = next(run.problem for run in runs if run.outcome == "hung" and run.problem)
        notes.append(f"{_runs(unlooked)} hung and could not be looked at as it should: {first}")
    if plan.jobs > 1:
        notes.append(f"{plan.jobs} runs at a time: durations hold the time that the runs took from each other.")
    roots = [subject.name for subject in plan.subjects if subject.root is not None]
    if roots:
        notes.append(f"Every run of {roots[0]} began by entering its root directory, which its duration includes.")
    return tuple(notes)


def _bad_ends(result: TrialResult) -> str:
    ends = Counter(
        f"exit code {run.exit_code}" if run.signal is None else f"ended by {_signal_name(run.signal)}"
        for run in result.runs
        if run.outcome in {"failed", "signalled"}
    )
    return f"How they ended: {', '.join(f'{how} ({number})' for how, number in ends.most_common(6))}."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


def _runs(number: int) -> str:
    return "1 run was" if number == 1 else f"{number} runs were"
