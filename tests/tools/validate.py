"""Holding a result against the committed JSON Schema."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema

SCHEMA = Path(__file__).parents[2] / "reports" / "hanganalyze-1.schema.json"


@functools.cache
def _validator() -> Any:
    schema = json.loads(SCHEMA.read_text())
    return jsonschema.validators.validator_for(schema)(schema)


def check_schema(result: dict[str, Any]) -> dict[str, Any]:
    """The result itself, if it is valid; else an AssertionError with every place that is not."""
    problems = [f"{error.json_path}: {error.message}" for error in _validator().iter_errors(result)]
    assert not problems, "\n".join(problems[:20])
    return result
