"""Measured values for a person: three digits that mean something, and «-» for what was not measured."""

from __future__ import annotations


def seconds(value: float | None) -> str:
    """``3.21 s``, ``48.7 ms``, ``850 µs``."""
    if value is None:
        return "-"
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("\u00b5s", 1e6)):
        if value * factor >= 1 or unit == "\u00b5s":
            return f"{value * factor:.3g} {unit}" if value * factor < 1000 else f"{value * factor:.0f} {unit}"
    return "-"


def memory(kib: float | None) -> str:
    """``38.2 MiB``."""
    if kib is None:
        return "-"
    return f"{kib / 1024:.3g} MiB" if kib < 1024 * 1024 else f"{kib / 1024 / 1024:.3g} GiB"


def probability(value: float) -> str:
    """``0.37``; what is too small for a person is «below 0.0001»."""
    return "below 0.0001" if value < 0.0001 else f"{value:.2g}"
