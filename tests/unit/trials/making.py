"""Series of runs as values, for tests that need no process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from analyzer.model import Diagnosis, Host, Outcome, Tool, TrialHang, TrialResult, TrialRun, TrialSubject
from analyzer.trials.numbers import with_numbers
from tests.unit.render import fixtures


def runs(subject: str, outcomes: Sequence[str], first: int = 1) -> list[TrialRun]:
    """One run for each outcome, clean ones with growing durations."""
    return [
        TrialRun(
            number=first + place,
            subject=subject,
            outcome=cast("Outcome", outcome),
            seconds=0.1 + place / 1000 if outcome == "clean" else 30.0,
            cpu_s=0.02,
            memory_kib=51200,
            exit_code=0 if outcome == "clean" else 3 if outcome == "failed" else None,
            signal=11 if outcome == "signalled" else None,
            hang=0 if outcome in {"hung", "moving"} else None,
        )
        for place, outcome in enumerate(outcomes)
    ]


def series(
    *of: Sequence[str],
    widener: str = "off",
    before: float | None = None,
    program: str = "podman",
    diagnosis: Diagnosis | None = None,
    notes: tuple[str, ...] = (),
) -> TrialResult:
    """A series with a subject for each sequence of outcomes."""
    names = "AB"[: len(of)]
    made = [run for name, outcomes in zip(names, of, strict=True) for run in runs(name, outcomes, 1 + 10_000 * (name == "B"))]
    finding = diagnosis.findings[0] if diagnosis and diagnosis.findings else None
    hang = TrialHang(
        signature=finding.signature if finding else None,
        fingerprint=diagnosis.fingerprint if diagnosis else None,
        certainty=finding.certainty if finding else None,
        status=diagnosis.status if diagnosis else None,
        title=finding.title if finding else "",
        example_run=next((run.number for run in made if run.hang is not None), 1),
        diagnosis=diagnosis,
        problem=None if diagnosis else "No usable debugger: gdb was not found.",
    )
    result = TrialResult(
        subjects=tuple(TrialSubject(name, program) for name in names),
        runs=tuple(made),
        hangs=(hang,) if any(run.hang is not None for run in made) else (),
        asked=max(map(len, of)),
        timeout_s=30.0,
        jobs=1,
        widener=widener,
        rate_before=before,
        seconds=100.0,
        taken_at="2026-01-02T03:04:05+00:00",
        host=Host("s390x", "6.18.5", "Debian GNU/Linux 12 (bookworm)", 2),
        tools=(Tool("hanganalyze", "0.1.0"),),
        notes=notes,
    )
    return with_numbers(result)


TRIALS: dict[str, Callable[[], TrialResult]] = {
    "trials": lambda: series(["clean"] * 197 + ["hung"] * 3, diagnosis=fixtures.proven()),
    "trials-compared": lambda: series(
        ["hung"] * 7 + ["clean"] * 3, ["clean"] * 10, widener="stdio", diagnosis=fixtures.residual()
    ),
}
