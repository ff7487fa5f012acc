"""How often the loader hangs, counted: the figures under the two columns."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from analyzer.model import TrialFigures
from analyzer.reference.image_make import make_image
from analyzer.reference.options import Fix, LoaderOptions, Widen
from analyzer.reference.run import run_once

RUN_WITHIN_S = 60.0


def trials(
    fix: Fix, widen: Widen, runs: int, archive: Path | None = None, tell: Callable[[TrialFigures], None] = lambda _: None
) -> TrialFigures:
    """Run the loader ``runs`` times and count. ``tell`` gets the running tally after every run.

    Raises CompilerMissing, BuildFailed, LoaderFailed.
    """
    began = time.monotonic()
    figures = TrialFigures(fix, widen, 0, 0, 0, 0.0)
    with tempfile.TemporaryDirectory(prefix="hanganalyze-trials-") as folder:
        image = archive or make_image(Path(folder) / "image.tar").path
        for number in range(runs):
            result = run_once(LoaderOptions(image, Path(folder) / f"store-{number}", fix, widen), RUN_WITHIN_S)
            hung = result.outcome == "hung"
            figures = TrialFigures(
                fix,
                widen,
                number + 1,
                figures.hung + hung,
                figures.failed + (not hung and result.exit_code != 0),
                round(time.monotonic() - began, 2),
            )
            tell(figures)
    return figures
