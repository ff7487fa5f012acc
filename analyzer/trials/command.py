"""``hanganalyze run`` without the printing: from the parsed command line to a TrialResult."""

from __future__ import annotations

import contextlib
import math
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.capture.live import Options
from analyzer.errors import BadSavedResult, UsageError
from analyzer.lean_dataclass import replace
from analyzer.model import Diagnosis, TrialResult
from analyzer.trials.plan import Plan, Subject
from analyzer.trials.series import Tally, run_series

if TYPE_CHECKING:
    import argparse

Say = Callable[[str], None]


def run(arguments: argparse.Namespace, say: Say, tell: Callable[[Tally], None], stopped: Callable[[], bool]) -> TrialResult:
    """Raises UsageError, CannotAnalyse and BadSignatures; else there is a result, whole or in part."""
    plan = plan_of(arguments)
    plan.check()
    _check_signatures(plan)
    notes: list[str] = []
    if plan.widener != "off":
        from analyzer.trials.widening import build, why_without_effect

        say("building the race widener")
        plan = replace(plan, library=build(plan.widener))
        say("")
        notes += filter(None, map(why_without_effect, plan.subjects))
    result = run_series(plan, tell, stopped)
    if not arguments.no_reference and not stopped():
        result = _with_reference(result, say)
    return replace(result, notes=(*notes, *result.notes))


def plan_of(arguments: argparse.Namespace) -> Plan:
    """What the command line asks for. Raises UsageError."""
    subjects = [Subject("A", tuple(arguments.cmd))]
    if arguments.against is not None and arguments.against_root is not None:
        raise UsageError("--against and --against-root both name the second subject: give one of them.")
    if arguments.against is not None:
        try:
            words = tuple(shlex.split(arguments.against))
        except ValueError as error:
            raise UsageError(f"--against cannot be read: {error}.", next_command="quote it as for a shell") from error
        subjects.append(Subject("B", words))
    if arguments.against_root is not None:
        subjects.append(Subject("B", tuple(arguments.cmd), arguments.against_root))
    return Plan(
        subjects=tuple(subjects),
        repeat=arguments.repeat,
        timeout_s=arguments.timeout,
        jobs=arguments.jobs,
        widener=arguments.widen,
        setup=arguments.setup,
        teardown=arguments.teardown,
        analysis=Options(
            alone=arguments.no_family,
            max_pause=arguments.max_pause,
            debugger=arguments.gdb,
            include_values=arguments.include_values,
        ),
        signatures=tuple(arguments.signatures),
        rate_before=rate_of(arguments.rate_before) if arguments.rate_before is not None else None,
    )


def rate_of(text: str) -> float:
    """``0.005``, ``0.5%``, ``1/200`` or a saved result of ``hanganalyze run``: the rate as a fraction of 1. Raises UsageError."""
    with contextlib.suppress(ValueError, ZeroDivisionError):
        if "/" in text and all(part.strip().isdigit() for part in text.split("/", 1)):
            hung, runs = text.split("/", 1)
            rate = int(hung) / int(runs)
        elif text.endswith("%"):
            rate = float(text[:-1]) / 100
        else:
            rate = float(text)
        if math.isfinite(rate) and 0 < rate <= 1:
            return rate
        raise UsageError(f"--rate-before must be above 0 and at most 1, not {text}.")
    return _saved_rate(Path(text))


def _saved_rate(path: Path) -> float:
    from analyzer.render import load_any

    try:
        saved = load_any(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"--rate-before: {path} is neither a rate nor a file that can be read ({error.strerror}).",
            next_command="give 0.005, 0.5%, 1/200, or a saved result of hanganalyze run",
        ) from error
    if not isinstance(saved, TrialResult):
        raise BadSavedResult(f"{path} holds the analysis of one process, not a series of runs.")
    if not saved.numbers or not saved.numbers[0].rate:
        raise UsageError(f"In {path} no run hung, so it holds no rate to compare with.")
    return saved.numbers[0].rate


def one_hang(saved: TrialResult, number: int) -> Diagnosis:
    """The whole diagnosis of hang ``number``, from 1. Raises UsageError."""
    if not 1 <= number <= len(saved.hangs):
        raise UsageError(f"There is no hang number {number}: this series has {len(saved.hangs)}.")
    hang = saved.hangs[number - 1]
    if hang.diagnosis is None:
        raise UsageError(f"Hang number {number} was not analysed: {hang.problem}")
    return hang.diagnosis


def _check_signatures(plan: Plan) -> None:
    """A mistake in a catalogue is told now, not after the first hang."""
    if plan.signatures:
        from analyzer.analyse import catalogue

        catalogue(plan.signatures)


def _with_reference(result: TrialResult, say: Say) -> TrialResult:
    """The examples with the reference loader beside them."""
    from analyzer.analyse import add_reference

    hangs = [
        replace(hang, diagnosis=add_reference(hang.diagnosis, say)) if hang.diagnosis is not None else hang
        for hang in result.hangs
    ]
    return replace(result, hangs=tuple(hangs))
