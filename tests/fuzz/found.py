"""The inputs that once failed: found-inputs/READER/, named after what was wrong."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "found-inputs"


def found(reader: str) -> list[bytes]:
    """Those of one reader."""
    return [path.read_bytes() for path in sorted((FOLDER / reader).glob("*"))]
