"""The saved result: the contract of schema 1, literally, and what reading refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from analyzer.errors import BadSavedResult
from analyzer.model import Diagnosis
from analyzer.render import FORMATS, render
from analyzer.render.json import from_json, to_json
from analyzer.render.words import CHINESE, ENGLISH
from tests.unit.render import fixtures

Document = dict[str, Any]


@pytest.fixture
def document() -> Document:
    made: Document = json.loads(to_json(fixtures.proven()))
    return made


def read(document: Document) -> Diagnosis:
    return from_json(json.dumps(document))


def test_schema_stands_first_and_the_text_is_pure_ascii() -> None:
    text = to_json(fixtures.hostile("\u202e\x1b[31m\udcff"))
    assert text.startswith('{\n  "schema": 1,\n')
    assert text.isascii()
    assert "\x1b" not in text


def test_the_contract_of_schema_1_holds_literally(document: Document) -> None:
    """The layout that others rely on: fields may be added, none renamed."""
    assert {"schema", "status", "findings", "near_misses", "chain", "snapshot", "reference"} <= document.keys()
    assert document["status"] in ("root-cause", "hung", "not-hung", "unclear")
    finding = document["findings"][0]
    assert {
        "signature",
        "revision",
        "certainty",
        "pid",
        "tid",
        "lock",
        "reasons",
        "remedy",
        "references",
        "affected",
    } <= finding.keys()
    assert {"symbol", "address", "owner"} <= finding["lock"].keys()
    assert {"tid", "pid", "orphaned", "function"} <= finding["lock"]["owner"].keys()
    assert finding["lock"]["owner"]["orphaned"] is True
    assert {"asked", "holds", "value", "how"} <= finding["reasons"][0].keys()
    assert finding["reasons"][0]["holds"] in ("yes", "no", "unknown")
    assert {"kind", "url"} <= finding["references"][0].keys()
    assert {"package", "installed", "fixed_in", "holds"} <= finding["affected"].keys()
    assert document["chain"][0] == {
        "pid": 2551,
        "tid": 2551,
        "waits": "waits for a byte from a socket pair (file descriptor 7)",
        "for": {"pid": 2560, "tid": 2560},
    }
    assert document["chain"][1]["for"] is None
    capture = document["snapshot"]["capture"]
    assert {"method", "stopped_ms", "consistent", "state_before", "state_after"} <= capture.keys()
    process = document["snapshot"]["processes"][1]
    assert {"pid", "name", "threads"} <= process.keys()
    assert {"tid", "state", "frames"} <= process["threads"][0].keys()
    assert {"level", "function", "module", "offset", "file", "line"} <= process["threads"][0]["frames"][0].keys()


def test_what_is_not_there_is_null_and_not_left_away() -> None:
    document = json.loads(to_json(fixtures.healthy()))
    assert document["reference"] is None
    assert json.loads(to_json(fixtures.trace()))["findings"][0]["lock"] is None


def test_a_later_minor_version_reads_with_its_unknown_fields_left_aside(document: Document) -> None:
    document["colour"] = document["snapshot"]["host"]["rack"] = document["findings"][0]["lock"]["since"] = [1]
    assert read(document) == fixtures.proven()


def test_an_older_minor_version_reads_without_the_fields_that_came_later(document: Document) -> None:
    del document["unexplained"], document["subject"], document["findings"][0]["guilty_level"]
    result = read(document)
    assert result.subject is None
    assert result.findings[0].guilty_level is None
    for words in (CHINESE, ENGLISH):
        for format in FORMATS:
            assert render(result, format, words)


def test_a_result_with_the_fields_of_the_first_design_only_renders_in_every_format(document: Document) -> None:
    """The oldest minor version there can be: what the contract names, and nothing that came later."""
    first = {
        "": {"schema", "status", "findings", "near_misses", "chain", "snapshot", "reference"},
        "snapshot": {"capture", "processes"},
        "processes": {"pid", "name", "threads"},
        "threads": {"tid", "state", "frames"},
    }
    document = {key: value for key, value in document.items() if key in first[""]} | {"reference": None}
    snapshot = {key: value for key, value in document["snapshot"].items() if key in first["snapshot"]}
    snapshot["processes"] = [
        {key: value for key, value in process.items() if key in first["processes"]}
        | {"threads": [{key: value for key, value in one.items() if key in first["threads"]} for one in process["threads"]]}
        for process in snapshot["processes"]
    ]
    result = read(document | {"snapshot": snapshot})
    for words in (CHINESE, ENGLISH):
        for format in FORMATS:
            assert b"list_all_lock" in render(result, format, words)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda d: d["snapshot"]["processes"][0].update(pid="1"),
            "snapshot.processes[0].pid: should be a whole number, not text",
        ),
        (lambda d: d["snapshot"]["processes"][0].update(pid=True), "snapshot.processes[0].pid: should be a whole number"),
        (lambda d: d["findings"][0].update(title=7), "findings[0].title: should be text, not a number"),
        (lambda d: d["chain"][0].update({"for": {"pid": "x"}}), "chain[0].for.pid: should be a whole number, not text"),
        (lambda d: d["chain"][0].update({"for": [1]}), "chain[0].for: should be an object, not an array"),
        (lambda d: d["findings"][0].update(matched_levels="012"), "findings[0].matched_levels: should be an array, not text"),
        (lambda d: d["snapshot"].pop("capture"), "snapshot.capture: is missing"),
        (lambda d: d["snapshot"]["capture"].update(stopped_ms="1"), "snapshot.capture.stopped_ms: should be a number, not text"),
        (lambda d: d["findings"][0]["reasons"][2].update(holds="maybe"), "findings[0].reasons[2].holds: "),
        (lambda d: d.update(findings={}), "findings: should be an array, not an object"),
    ],
)
def test_a_wrong_type_is_refused_with_its_place(document: Document, change: Callable[[Document], object], told: str) -> None:
    change(document)
    with pytest.raises(BadSavedResult) as error:
        read(document)
    assert told in error.value.what


def test_every_wrong_place_is_told_at_once(document: Document) -> None:
    document["status"] = "fine"
    for thread in document["snapshot"]["processes"][0]["threads"]:
        thread["tid"] = None
    with pytest.raises(BadSavedResult) as error:
        read(document)
    for place in ("status: ", *(f"snapshot.processes[0].threads[{n}].tid: " for n in range(3))):
        assert place in error.value.what


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "This is not JSON"),
        ("{", "This is not JSON"),
        ("[" * 100_000, "This is not JSON"),
        ('{"schema": NaN}', "NaN is not a JSON number"),
        ("[]", "no field «schema»"),
        ('{"a": 1}', "no field «schema»"),
        ('{"schema": 2}', "has schema 2"),
        ('{"schema": true}', "has schema True"),
        ('{"schema": "1"}', "has schema '1'"),
        ('{"schema": 1}', "status: is missing"),
    ],
)
def test_what_is_none_of_ours_is_refused(text: str, told: str) -> None:
    with pytest.raises(BadSavedResult) as error:
        from_json(text)
    assert told in error.value.what
    assert error.value.next_command
