"""``python -m tests.tools.record_reference [WIDENER...]``: photograph the fixed loader on this machine for the package.

Writes ``reports/recorded/MACHINE-WIDENER-STEP.json``, without what belongs to this machine (paths, pids stay: they are the
reference's own). Machines without a compiler show it in the second column, labelled as recorded.
"""

from __future__ import annotations

import dataclasses
import platform
import sys
from pathlib import Path

from analyzer.reference.trials import trials

from analyzer.reference.options import Widen
from analyzer.reference.photo import anonymous, save, take

FOLDER = Path(__file__).parents[2] / "reports" / "recorded"
RUNS = 100
SCENES: tuple[tuple[Widen, str], ...] = (("stdio", "pause-process"), ("malloc", "pause-process"), ("malloc", "setenv"))

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for widen, step in SCENES:
        if sys.argv[1:] and widen not in sys.argv[1:]:
            continue
        photo = anonymous(take(widen, step))
        figures = (trials("none", widen, RUNS), trials("complete", widen, RUNS))
        photo = dataclasses.replace(photo, origin="recorded", trials=figures)
        save(photo, FOLDER / f"{platform.machine()}-{widen}-{step}.json")
        print(f"{widen} at {step}: {figures[0].hung} of {RUNS} hung without the fix, {figures[1].hung} of {RUNS} with it")
