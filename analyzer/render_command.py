"""``hanganalyze render SAVED``: which kind of result it is, and what --hang takes out of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from analyzer.errors import UsageError
from analyzer.model import Diagnosis, TrialResult

if TYPE_CHECKING:
    from analyzer.model.batch import Overview
    from analyzer.render import Format


def saved_result(path: Path, hang: int | None) -> Diagnosis | TrialResult | Overview:
    """The saved result, or of a series the analysis of its hang number ``hang``. Raises UsageError, BadSavedResult."""
    from analyzer.render import load_any

    try:
        saved = load_any(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    if isinstance(saved, TrialResult):
        from analyzer.trials.command import one_hang
        from analyzer.trials.numbers import with_numbers

        saved = with_numbers(saved)
        return saved if hang is None else one_hang(saved, hang)
    if hang is not None:
        what = "the analysis of one process" if isinstance(saved, Diagnosis) else "an overview of many inputs"
        raise UsageError(f"{path} is {what}: it has no hang number {hang}.")
    return saved


def deliver_overview(
    found: Overview, format: Format, target: str | None, language: str | None, stdout: BinaryIO, out: Callable[[str], None]
) -> bool:
    """The overview to its place; whether a root cause is in it."""
    from analyzer.output import series_place, suffix_of, write
    from analyzer.render import render_overview
    from analyzer.render.words import words_for

    data = render_overview(found, format, words_for(language, os.environ))
    if target == "-" or (target is None and format == "text"):
        stdout.write(data)
        stdout.flush()
    else:
        path = series_place(target, f"hanganalyze-overview.{suffix_of(format)}")
        write(path, data)
        out(f"Overview: {path}")
    return any(one.certainty in {"likely", "proven"} for one in found.clusters)
