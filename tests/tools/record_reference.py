"""``python -m tests.tools.record_reference [WIDENER...]``: photograph the fixed loader on this machine for the package.

Writes ``reports/recorded/MACHINE-WIDENER-STEP.json``, without what belongs to this machine (paths, pids stay: they are the
reference's own). Machines without a compiler show it in the second column, labelled as recorded.
"""

from __future__ import annotations

import dataclasses
import platform
import sys
from pathlib import Path

from analyzer.reference.options import Fix, Widen
from analyzer.reference.photo import anonymous, save, take
from analyzer.trials.loader import figures_of, loader_trials

FOLDER = Path(__file__).parents[2] / "reports" / "recorded"
RUNS = 100
FIXES: tuple[Fix, ...] = ("none", "complete")
SCENES: tuple[tuple[Widen, str], ...] = (("stdio", "pause-process"), ("malloc", "pause-process"), ("malloc", "setenv"))

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for widen, step in SCENES:
        if sys.argv[1:] and widen not in sys.argv[1:]:
            continue
        photo = anonymous(take(widen, step))
        figures = tuple(figures_of(loader_trials(fix, widen, RUNS), fix) for fix in FIXES)
        photo = dataclasses.replace(photo, origin="recorded", trials=figures)
        save(photo, FOLDER / f"{platform.machine()}-{widen}-{step}.json")
        print(f"{widen} at {step}: {figures[0].hung} of {RUNS} hung without the fix, {figures[1].hung} of {RUNS} with it")
