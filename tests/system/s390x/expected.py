"""What x86_64 says of the same hangs, asked there and then."""

from __future__ import annotations

from pathlib import Path

from analyzer.analyse import analyse_process
from analyzer.capture.live import Options
from analyzer.data import folder
from analyzer.diagnose import diagnose
from analyzer.diagnose.cases import read_cases
from analyzer.diagnose.read_catalogue import load_catalogue
from analyzer.model import Diagnosis
from analyzer.reference.image_make import make_image
from analyzer.reference.options import LoaderOptions, Widen
from analyzer.reference.run import run_until_hung

TRIES, WITHIN_S = 40, 120.0
PODMAN_CASE = "fork-list-all-lock-podman"
"""Recorded on x86_64."""


def loader_on_this_machine(widen: Widen, scratch: Path) -> Diagnosis:
    """The reference loader, hung here with the same widener and diagnosed."""
    image = make_image(scratch / "image.tar")
    with run_until_hung(LoaderOptions(image.path, scratch / "store", "none", widen), TRIES, WITHIN_S) as loader:
        return analyse_process(loader.pid, Options(), with_reference=False)


def podman_on_x86_64() -> Diagnosis:
    """The diagnosis of the case that ships with the catalogue."""
    catalogue = load_catalogue([folder("signatures")])
    read, problems = read_cases([folder("signatures")], catalogue)
    assert not problems
    (case,) = [one for one in read if one.path.stem == PODMAN_CASE]
    assert case.snapshot is not None
    return diagnose(case.snapshot, catalogue)
