"""The committed JSON Schema: up to date, and every result is valid by it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from analyzer.render.json import to_json
from tests.tools import make_schema
from tests.unit.render import fixtures


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json.loads(make_schema.FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_committed_schema_is_what_the_dataclasses_say() -> None:
    assert make_schema.FILE.read_text(encoding="utf-8") == make_schema.make(), "run: python -m tests.tools.make_schema"


def test_the_committed_schema_of_scans_is_what_the_dataclasses_say() -> None:
    assert make_schema.SCAN_FILE.read_text(encoding="utf-8") == make_schema.make_scan(), "run: python -m tests.tools.make_schema"


def test_the_committed_schema_of_overviews_is_what_the_dataclasses_say() -> None:
    committed = make_schema.BATCH_FILE.read_text(encoding="utf-8")
    assert committed == make_schema.make_batch(), "run: python -m tests.tools.make_schema"


@pytest.mark.parametrize("name", fixtures.ALL)
def test_every_result_is_valid(validator: Any, name: str) -> None:
    validator.validate(json.loads(to_json(fixtures.ALL[name]())))


@pytest.mark.parametrize("text", fixtures.HOSTILE)
def test_hostile_results_are_valid(validator: Any, text: str) -> None:
    validator.validate(json.loads(to_json(fixtures.hostile(text))))


def test_unknown_fields_are_allowed_everywhere(validator: Any) -> None:
    document = json.loads(to_json(fixtures.proven()))
    document["new"] = document["snapshot"]["processes"][0]["new"] = document["findings"][0]["lock"]["new"] = {"any": 1}
    validator.validate(document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), 2),
        (("status",), "fine"),
        (("findings", 0, "certainty"), "sure"),
        (("findings", 0, "reasons", 0, "holds"), True),
        (("findings", 0, "lock", "owner", "tid"), "2552"),
        (("snapshot", "processes", 0, "threads", 0, "frames", 0, "level"), None),
        (("chain", 0, "for"), 2560),
    ],
)
def test_a_wrong_value_is_found(validator: Any, path: tuple[str | int, ...], value: Any) -> None:
    document = json.loads(to_json(fixtures.proven()))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    assert error is not None
    assert tuple(error.absolute_path) == path
