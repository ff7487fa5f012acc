"""``hanganalyze demo``: the bundled loader hangs for real, is analysed as any other process, and is ended."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.analyse import analyse_process
from analyzer.capture.live import Options
from analyzer.model import Diagnosis
from analyzer.reference.image_make import make_image
from analyzer.reference.options import LoaderOptions, Widen
from analyzer.reference.run import run_until_hung
from analyzer.scratch import scratch_folder

TRIES, WITHIN_S = 50, 120.0


def demonstrate(widen: Widen, say: Callable[[str], None]) -> Diagnosis:
    """The diagnosis of the loader's parent process, which is what its user sees hanging.

    Raises CompilerMissing, BuildFailed, LoaderFailed, CannotAnalyse.
    """
    with scratch_folder("demo") as folder:
        image = make_image(folder / "image.tar")
        say("running the bundled container image loader until it hangs")
        with run_until_hung(LoaderOptions(image.path, folder / "store", "none", widen), TRIES, WITHIN_S) as loader:
            return analyse_process(loader.pid, Options(), say=say)
