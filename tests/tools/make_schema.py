"""Writes the schemas of reports/ from the dataclasses: ``python -m tests.tools.make_schema``.

Names, types and the docstrings under the fields come from analyzer/model, so that the schema cannot tell another story
than the code. Unknown fields are allowed: a later minor version may add some. A field with a default may be missing,
as it is in results of older versions.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import sys
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from analyzer.model import SCHEMA, TRIALS_SCHEMA, Diagnosis, TrialResult
from analyzer.model.batch import OVERVIEW_SCHEMA, Overview
from analyzer.model.scan import SCAN_SCHEMA, Scan

REPORTS = Path(__file__).resolve().parents[2] / "reports"
FILE = REPORTS / f"hanganalyze-{SCHEMA}.schema.json"
TRIALS_FILE = REPORTS / f"hanganalyze-trials-{TRIALS_SCHEMA}.schema.json"
SCAN_FILE = REPORTS / f"hanganalyze-scan-{SCAN_SCHEMA}.schema.json"
BATCH_FILE = REPORTS / f"hanganalyze-batch-{OVERVIEW_SCHEMA}.schema.json"
SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}


def make() -> str:
    """The schema of the analysis of a process, its text."""
    return _document(Diagnosis, SCHEMA, FILE, f"A result of hanganalyze, schema {SCHEMA}", ("schema",))


def make_trials() -> str:
    """The same for a series of runs."""
    title = f"A result of hanganalyze run, schema {TRIALS_SCHEMA}"
    return _document(TrialResult, TRIALS_SCHEMA, TRIALS_FILE, title, ("schema", "kind"))


def make_scan() -> str:
    """The same for a scan of a host."""
    return _document(Scan, SCAN_SCHEMA, SCAN_FILE, f"A scan of hanganalyze, schema {SCAN_SCHEMA}", ("schema",))


def make_batch() -> str:
    """The same for the overview of many inputs."""
    title = f"An overview of hanganalyze batch and fleet, schema {OVERVIEW_SCHEMA}"
    return _document(Overview, OVERVIEW_SCHEMA, BATCH_FILE, title, ("schema", "kind"))


def _document(cls: type[Any], version: int, file: Path, title: str, told_apart_by: tuple[str, ...]) -> str:
    definitions: dict[str, Any] = {}
    root = _object(cls, definitions)
    root["properties"] = {"schema": {**root["properties"].pop("schema"), "const": version}, **root["properties"]}
    root["required"] = [*told_apart_by, *(name for name in root["required"] if name not in told_apart_by)]
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": file.name,
        "title": title,
        **root,
        "$defs": dict(sorted(definitions.items())),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _object(cls: type[Any], definitions: dict[str, Any]) -> dict[str, Any]:
    told = _docstrings(cls)
    hints = get_type_hints(cls)
    properties, required = {}, []
    for field in dataclasses.fields(cls):
        name = field.name.rstrip("_")
        schema = _schema(hints[field.name], definitions)
        properties[name] = {"description": told[field.name], **schema} if field.name in told else schema
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            required.append(name)
    description = " ".join((inspect.getdoc(cls) or "").split())
    return {"description": description, "type": "object", "properties": properties, "required": required}


def _schema(of: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if of in SCALARS:
        return {"type": SCALARS[of]}
    if isinstance(of, type) and dataclasses.is_dataclass(of):
        name = of.__name__
        if name not in definitions:
            definitions[name] = {}  # a class may hold itself
            definitions[name] = _object(of, definitions)
        return {"$ref": f"#/$defs/{name}"}
    origin, arguments = get_origin(of), get_args(of)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple and arguments[1:] == (...,):
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    if origin in (Union, types.UnionType):
        known = [_schema(one, definitions) for one in arguments if one is not type(None)]
        return {"anyOf": [*known, {"type": "null"}]} if type(None) in arguments else {"anyOf": known}
    raise TypeError(f"no JSON Schema for {of}")


def _docstrings(cls: type[Any]) -> dict[str, str]:
    """The string that stands under each field."""
    body = ast.parse(inspect.getsource(cls)).body[0]
    assert isinstance(body, ast.ClassDef)
    told = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            text = ast.literal_eval(below.value)
            told[field.target.id] = " ".join(str(text).split())
    return told


if __name__ == "__main__":
    for path, text in ((FILE, make()), (TRIALS_FILE, make_trials()), (SCAN_FILE, make_scan()), (BATCH_FILE, make_batch())):
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {path.name}\n")
