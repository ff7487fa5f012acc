"""Holding a result against the committed JSON Schema."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema

REPORTS = Path(__file__).parents[2] / "reports"


@functools.cache
def _validator(name: str) -> Any:
    schema = json.loads((REPORTS / name).read_text())
    return jsonschema.validators.validator_for(schema)(schema)


def check_schema(result: dict[str, Any], name: str | None = None) -> dict[str, Any]:
    """The result itself, if it is valid; else an AssertionError with every place that is not."""
    if name is None:
        name = "hanganalyze-trials-1.schema.json" if result.get("kind") == "trials" else "hanganalyze-1.schema.json"
    problems = [f"{error.json_path}: {error.message}" for error in _validator(name).iter_errors(result)]
    assert not problems, "\n".join(problems[:20])
    return result
