"""Running ``hanganalyze batch`` inside the test's own process, and looking at what it left."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.batch_command import run
from analyzer.options import parse
from tests.tools.validate import check_schema


@dataclass(frozen=True)
class Ran:
    """One run."""

    folder: Path
    found: bool
    notes: tuple[str, ...]
    overview: dict[str, Any]

    @property
    def done(self) -> int:
        """Inputs that this run worked on."""
        return int(next(note for note in self.notes if "done in this run" in note).split()[0])

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """Name -> row."""
        with closing(sqlite3.connect(self.folder / "hanganalyze.sqlite")) as db:
            db.row_factory = sqlite3.Row
            return {row["name"]: dict(row) for row in db.execute("SELECT * FROM items")}

    def because(self, ending: str) -> str:
        """Why the input whose name ends so could not be read."""
        (row,) = (row for name, row in self.rows.items() if name.endswith(ending))
        assert row["outcome"] == "unreadable", row
        return str(row["because"])


def batch(*arguments: object, output: Path) -> Ran:
    """A run; raises what the command raises."""
    notes: list[str] = []
    out: list[str] = []
    found = run(parse(["batch", *map(str, arguments), "-o", str(output), "--json"]), out.append, notes.append)
    overview = check_schema(json.loads(out[0]), "hanganalyze-batch-1.schema.json")
    assert json.loads((output / "overview.json").read_text()) == overview
    return Ran(output, found, tuple(notes), overview)
