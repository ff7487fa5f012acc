"""``hanganalyze reference trials``: the reference loader through the same machinery as any other command."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from analyzer.capture.procfs import children
from analyzer.errors import HangAnalyzeError, UsageError
from analyzer.lean_dataclass import replace
from analyzer.model import TrialFigures, TrialResult
from analyzer.reference.figures import keep, kept
from analyzer.reference.image_make import make_image
from analyzer.reference.options import Fix, LoaderOptions, Widen
from analyzer.reference.standstill import Standstill
from analyzer.reference.workplace import Workplace
from analyzer.scratch import scratch_folder
from analyzer.trials.plan import Plan, Subject
from analyzer.trials.series import Tally, run_series

RUN_WITHIN_S = 60.0


def loader_trials(
    fix: Fix,
    widen: Widen,
    runs: int,
    archive: Path | None = None,
    *,
    jobs: int = 1,
    tell: Callable[[Tally], None] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
) -> TrialResult:
    """Run the loader ``runs`` times, each with a store of its own. The figures are kept for later reports.

    Raises as ``run_series``, and CompilerMissing, BuildFailed, LoaderFailed.
    """
    if runs < 1:
        raise UsageError(f"--runs must be at least 1, not {runs}.")
    with scratch_folder("trials") as folder:
        image = archive or make_image(folder / "image.tar").path
        workplace = Workplace(LoaderOptions(image, folder / "store-{run}", fix, widen))
        try:
            command = workplace.command()
            plan = Plan(
                subjects=(Subject("A", tuple(command), label=f"reference loader (fix: {fix})"),),
                repeat=runs,
                timeout_s=RUN_WITHIN_S,
                jobs=jobs,
                widener=widen,
                rate_before=_rate_without_fix(Path(command[0]), widen) if fix != "none" else None,
                numbered=True,
                stands_still=_Watch(),
            )
            result = run_series(plan, tell, stopped)
        finally:
            workplace.remove()
    if not result.interrupted:
        with contextlib.suppress(HangAnalyzeError, OSError):
            keep(figures_of(result, fix), Path(command[0]))
    note = "A hang of the loader is known long before the timeout: its child waits for a lock and never runs."
    return replace(result, notes=(note, *result.notes))


def figures_of(result: TrialResult, fix: Fix) -> TrialFigures:
    """What stands under the two columns of a report."""
    numbers = result.numbers[0]
    bad = numbers.failed + numbers.signalled
    return TrialFigures(fix, result.widener, numbers.counted, numbers.hung, bad, result.seconds)


def _rate_without_fix(binary: Path, widen: Widen) -> float | None:
    """What an earlier series of this build without the fix showed, with the same widener."""
    same = [one for one in kept(binary, widen) if (one.fix, one.widener) == ("none", widen) and one.hung and one.runs]
    return same[0].hung / same[0].runs if same else None


class _Watch:
    """Whether the loader of this pid hangs: a process below it that runs the same program waits for a lock and never moves.

    The loader itself is left out: its idle threads wait in futexes on purpose.
    """

    def __init__(self) -> None:
        self._loader = 0
        self._watched: dict[int, Standstill] = {}

    def __call__(self, loader: int) -> bool:
        if loader != self._loader:
            self._loader, self._watched = loader, {}
        below = children(loader)
        for pid in below:  # grows while it is walked
            below += children(pid)
        return any(
            self._watched.setdefault(pid, Standstill(pid)).look() is not None for pid in below if _same_program(pid, loader)
        )


def _same_program(pid: int, other: int) -> bool:
    with contextlib.suppress(OSError):
        return os.path.samefile(f"/proc/{pid}/exe", f"/proc/{other}/exe")
    return False
