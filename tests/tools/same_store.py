"""Two output folders of ``hanganalyze batch``: do they say the same, byte for byte?"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

TABLES = ("items", "item_stacks", "stacks", "containers")
"""Sorted, these are equal however the work was shared out; costs are not, and losses are of one run."""


def contents(folder: Path) -> tuple[list[str], dict[str, bytes]]:
    """Every row as a line, sorted; and every JSON by its place."""
    with closing(sqlite3.connect(folder / "hanganalyze.sqlite")) as db:
        lines = [f"{table}: {row!r}" for table in TABLES for row in db.execute(f"SELECT * FROM {table}")]
    files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.glob("results/*/*.json")}
    return sorted(lines), files


def keys(folder: Path) -> list[str]:
    """The keys of all rows."""
    with closing(sqlite3.connect(folder / "hanganalyze.sqlite")) as db:
        return [key for (key,) in db.execute("SELECT key FROM items ORDER BY key")]
