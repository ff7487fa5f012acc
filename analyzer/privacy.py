"""What may leave this machine: a result with everything private replaced, by what is known here and by how it looks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from analyzer.model import Diagnosis, TrialResult
    from analyzer.redact import Redacted


def for_report(diagnosis: Diagnosis, arguments: argparse.Namespace, note: Callable[[str], None]) -> Diagnosis:
    """What the report is made of. A saved result is what somebody decided to save already."""
    if arguments.command == "render" or getattr(arguments, "include_values", False):
        return diagnosis
    diagnosis, found = without_private(diagnosis)
    _preview(found, arguments, note)
    return diagnosis


def series_for_report(result: TrialResult, arguments: argparse.Namespace, note: Callable[[str], None]) -> TrialResult:
    """The same of a series."""
    if getattr(arguments, "include_values", False):
        return result
    result, found = series_without_private(result)
    _preview(found, arguments, note)
    return result


def without_private(diagnosis: Diagnosis) -> tuple[Diagnosis, tuple[Redacted, ...]]:
    """The diagnosis that formats are made of, and what its placeholders stand for."""
    from analyzer.capture.private import private_here
    from analyzer.redact import redact

    # A trace and a core have the pids of another machine, or of another time.
    live = diagnosis.snapshot.capture.method not in {"trace", "core"}
    return redact(diagnosis, private_here(one.pid for one in diagnosis.snapshot.processes if live))


def series_without_private(result: TrialResult) -> tuple[TrialResult, tuple[Redacted, ...]]:
    """The same for a series: its processes are gone, but they had our arguments and our environment."""
    from analyzer.capture.private import private_here
    from analyzer.redact import redact_series

    return redact_series(result, private_here([os.getpid()]))


def _preview(found: Sequence[Redacted], arguments: argparse.Namespace, note: Callable[[str], None]) -> None:
    """With --show-redacted: what each placeholder stands for, for the person at the terminal."""
    if not getattr(arguments, "show_redacted", False):
        return
    from analyzer.redact import preview as shortened
    from analyzer.render.safe import visible

    for one in found:
        note(f"{one.redaction.name:18} {one.redaction.count:4} x  {visible(shortened(one), 100)}")
    if not found:
        note("nothing had to be replaced")
