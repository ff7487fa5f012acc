"""``python -m tests.tools.record_reference [--runs N] [--into FOLDER] [WIDENER...]``: photograph the fixed loader on this machine
for the package.

Writes ``FOLDER/MACHINE-WIDENER-STEP.json`` (``reports/recorded``), without what belongs to this machine (pids stay: they are the
reference's own). Machines without a compiler show it in the second column, labelled as recorded. On s390x it was run in
the guest of ``tests/system/s390x``, with 16 runs: see its README.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import platform
import tempfile
import time
from collections import Counter
from pathlib import Path

from analyzer.model import TrialFigures
from analyzer.reference.image_make import make_image
from analyzer.reference.options import Fix, LoaderOptions, Widen
from analyzer.reference.photo import anonymous, save, take
from analyzer.reference.run import run_once

FOLDER = Path(__file__).parents[2] / "reports" / "recorded"
RUNS = 100
FIXES: tuple[Fix, ...] = ("none", "complete")
SCENES: tuple[tuple[Widen, str], ...] = (
    ("stdio", "pause-process"),
    ("malloc", "pause-process"),
    ("malloc", "setenv"),
    ("atfork", "pause-process"),
)


@functools.cache
def counted(fix: Fix, widen: Widen, runs: int) -> TrialFigures:
    """How many of the runs hung. Not through ``trials``: that diagnoses every hang, which takes minutes under emulation."""
    began, outcomes = time.monotonic(), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="hanganalyze-recording-") as folder:
        image = make_image(Path(folder) / "image.tar").path
        for number in range(runs):
            result = run_once(LoaderOptions(image, Path(folder) / f"store-{number}", fix, widen))
            outcomes["clean" if (result.outcome, result.exit_code) == ("exited", 0) else result.outcome] += 1
    bad = runs - outcomes["clean"] - outcomes["hung"]
    return TrialFigures(fix, widen, runs, outcomes["hung"], bad, time.monotonic() - began)


def record(widen: Widen, step: str, runs: int, folder: Path) -> None:
    """One photograph with its figures."""
    photo = anonymous(take(widen, step))
    figures = tuple(counted(fix, widen, runs) for fix in FIXES)
    photo = dataclasses.replace(photo, origin="recorded", trials=figures)
    save(photo, folder / f"{platform.machine()}-{widen}-{step}.json")
    print(f"{widen} at {step}: {figures[0].hung} of {runs} hung without the fix, {figures[1].hung} of {runs} with it", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--into", type=Path, default=FOLDER)
    parser.add_argument("widener", nargs="*")
    arguments = parser.parse_args()
    arguments.into.mkdir(exist_ok=True)
    for widen, step in SCENES:
        if not arguments.widener or widen in arguments.widener:
            record(widen, step, arguments.runs, arguments.into)
