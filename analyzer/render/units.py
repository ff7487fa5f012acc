"""Measured values for a person: three digits that mean something, and «-» for what was not measured."""

from __future__ import annotations

import re


def seconds(value: float | None) -> str:
    """``3.21 s``, ``48.7 ms``, ``850 µs``."""
    if value is None:
        return "-"
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("\u00b5s", 1e6)):
        if value * factor >= 1 or unit == "\u00b5s":
            return f"{value * factor:.3g} {unit}" if value * factor < 1000 else f"{value * factor:.0f} {unit}"
    return "-"


def moment(text: str) -> str:
    """``2026-11-23T19:29:06+00:00`` as ``2026-11-23 19:29:06 UTC``; anything else as it is."""
    return re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)$", r"\1 \2 UTC", text)


def memory(kib: float | None) -> str:
    """``38.2 MiB``."""
    if kib is None:
        return "-"
    return f"{kib / 1024:.3g} MiB" if kib < 1024 * 1024 else f"{kib / 1024 / 1024:.3g} GiB"


def probability(value: float) -> str:
    """``0.37``; what is too small for a person is «below 0.0001»."""
    return "below 0.0001" if value < 0.0001 else f"{value:.2g}"
