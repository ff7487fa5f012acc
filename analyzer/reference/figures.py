"""Trial figures of the loader, kept on this machine, so that a later report can show them under its two columns."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from analyzer.cache import cache_folder
from analyzer.errors import HangAnalyzeError
from analyzer.lean_dataclass import asdict
from analyzer.model import TrialFigures
from analyzer.reference.options import Widen


def keep(figures: TrialFigures, binary: Path) -> None:
    """Keep what was counted with this build of the loader; an earlier series with the same fix and widener is replaced.

    Raises BuildFailed when there is no folder of our own, OutputUnwritable.
    """
    from analyzer.output import write

    write(_place(binary, figures.fix, figures.widener), json.dumps(asdict(figures)).encode())


def kept(binary: Path, widener: Widen) -> tuple[TrialFigures, ...]:
    """What was counted with this build, with that widener and without any; never raises."""
    found = []
    for fix in ("none", "upstream", "complete"):
        for name in dict.fromkeys((widener, "off")):
            with contextlib.suppress(HangAnalyzeError, OSError, ValueError, TypeError):
                found.append(TrialFigures(**json.loads(_place(binary, fix, name).read_text())))
    return tuple(found)


def _place(binary: Path, fix: str, widener: str) -> Path:
    return cache_folder() / f"figures-{binary.parent.name}-{fix}-{widener}.json"
