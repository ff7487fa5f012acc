"""How often podman hangs, by version and widener. A rate with a widener says that it can happen, not how often."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .podman import load_image

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .make import Root


@dataclass(frozen=True)
class Rate:
    """The outcome of some fresh runs."""

    podman: str
    """Debian version."""
    widener: str | None
    runs: int
    hung: int
    failed: int
    """Ended with another status than 0."""
    clean_s: float | None
    """Median duration of the runs that ended; None if none did."""


def measure(root: Root, widener: str | None, runs: int) -> Rate:
    """`runs` fresh runs one after the other, each ended before the next."""
    hung = failed = 0
    durations = []
    for _ in range(runs):
        with load_image(root, widener) as run:
            if run.child is not None:
                hung += 1
            else:
                durations.append(run.seconds)
                failed += run.exit_status != 0
    median = statistics.median(durations) if durations else None
    return Rate(root.package_version("podman") or "?", widener, runs, hung, failed, median)


def table(rates: Iterable[Rate]) -> str:
    """As Markdown."""
    lines = ["| podman | widener | hung | failed | clean run, median |", "|---|---|---|---|---|"]
    for rate in rates:
        clean = "-" if rate.clean_s is None else f"{rate.clean_s:.2f} s"
        lines.append(f"| {rate.podman} | {rate.widener or 'none'} | {rate.hung} of {rate.runs} | {rate.failed} | {clean} |")
    return "\n".join(lines)
