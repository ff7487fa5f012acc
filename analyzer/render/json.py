"""The saved result: JSON, schema 1. Any format can be made again from it.

Writing needs nothing but the standard library, because every run does it; reading checks
every type with cattrs. Escapes keep the text pure ASCII, so that a hostile name cannot steer the terminal that shows it.
"""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, Any, get_args, get_origin

from analyzer.errors import BadSavedResult
from analyzer.lean_dataclass import types_of
from analyzer.model import SCHEMA, TRIALS_SCHEMA, ChainLink, Diagnosis, TrialResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from cattrs import Converter

    from analyzer.model.batch import Overview


def to_json(diagnosis: Diagnosis | TrialResult | Overview, *, indent: int | None = 2) -> str:
    """The whole result; ``indent=None`` writes it on one line, without blanks."""
    document = {"schema": diagnosis.schema, **fields_of(diagnosis)}
    separators = (",", ":") if indent is None else None
    text = json.dumps(document, indent=indent, separators=separators, allow_nan=False, default=fields_of)
    return text + ("\n" if indent else "")


def from_json(text: str) -> Diagnosis:
    """Read the saved analysis of one process. Unknown fields are left aside: a later minor version may have added them.

    Raises BadSavedResult, which names every wrong place, for anything that is not one of our documents.
    """
    saved = any_from_json(text)
    if not isinstance(saved, Diagnosis | TrialResult):
        raise BadSavedResult(
            "This is a saved overview of many inputs, not the analysis of one process.",
            next_command="hanganalyze render overview.json names the file of an example of each hang",
        )
    if isinstance(saved, TrialResult):
        raise BadSavedResult(
            "This is a saved series of runs, not the analysis of one process.",
            next_command="hanganalyze render SAVED --hang 1 --format json -o FILE takes one analysis out of it",
        )
    return saved


def any_from_json(text: str) -> Diagnosis | TrialResult | Overview:
    """The same for any kind of document: the field ``kind`` tells them apart."""
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadSavedResult(f"This is not JSON: {error}.") from error
    if not isinstance(document, dict) or "schema" not in document:
        raise BadSavedResult("This is not a saved result of hanganalyze: it has no field «schema».")
    kind, known = _kind_of(document)
    schema = document["schema"]
    if schema != known or isinstance(schema, bool):
        raise BadSavedResult(
            f"The saved result has schema {schema!r}; this version of hanganalyze reads schema {known}.",
            next_command="install the version of hanganalyze that wrote it, or analyse again",
        )
    try:
        return _converter().structure(document, kind)
    except RecursionError as error:
        raise BadSavedResult("The saved result is nested too deeply.") from error
    except Exception as error:  # cattrs raises groups, and plain exceptions for literals and unions
        problems = "\n".join(f"  {path or 'document'}: {what}" for path, what in _problems(error))
        raise BadSavedResult(f"The saved result does not have the expected layout:\n{problems}") from error


def _kind_of(document: dict[str, Any]) -> tuple[type[Diagnosis | TrialResult | Overview], int]:
    """What it is read as, and the version of that layout which is known."""
    if document.get("kind") == "overview":
        from analyzer.model.batch import OVERVIEW_SCHEMA, Overview

        return Overview, OVERVIEW_SCHEMA
    return (TrialResult, TRIALS_SCHEMA) if document.get("kind") == "trials" else (Diagnosis, SCHEMA)


def fields_of(value: Any) -> dict[str, Any]:
    """One dataclass as an object of JSON, its values as they are; what Python wants spelled ``for_`` is ``for``."""
    return {written: getattr(value, name) for name, written in _names(value.__class__)}


@functools.cache
def _names(cls: type[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, name.rstrip("_")) for name in types_of(cls))


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


@functools.cache
def _converter() -> Converter:
    import dataclasses

    from cattrs import Converter
    from cattrs.gen import make_dict_structure_fn, override

    converter = Converter(detailed_validation=True)
    for kind, words in ((str, "text"), (int, "a whole number"), (float, "a number"), (bool, "true or false")):
        converter.register_structure_hook(kind, _strict(kind, words))

    def read_object(cls: type[Any]) -> Callable[[Any, Any], Any]:
        if cls is ChainLink:
            read = make_dict_structure_fn(cls, converter, for_=override(rename="for"))
        else:
            read = make_dict_structure_fn(cls, converter)

        def hook(value: Any, of: Any) -> Any:
            if not isinstance(value, dict):
                raise TypeError(f"should be an object, not {_kind(value)}")
            return read(value, of)

        return hook

    # A str is a sequence too: without this, "abc" would be read as ("a", "b", "c").
    def read_array(of: Any) -> Callable[[Any, Any], Any]:
        item_type = get_args(of)[0]

        def hook(value: Any, _: Any) -> Any:
            if not isinstance(value, list):
                raise TypeError(f"should be an array, not {_kind(value)}")
            items, wrong = [], []
            for index, item in enumerate(value):
                try:
                    items.append(converter.structure(item, item_type))
                except Exception as error:
                    error.add_note(f"@ index {index}")
                    wrong.append(error)
            if wrong:
                raise ExceptionGroup("array", wrong)
            return tuple(items)

        return hook

    converter.register_structure_hook_factory(dataclasses.is_dataclass, read_object)

    def is_array(of: Any) -> bool:
        return get_origin(of) is tuple

    converter.register_structure_hook_factory(is_array, read_array)
    return converter


def _strict(kind: type, words: str) -> Callable[[Any, Any], Any]:
    accepted = (int, float) if kind is float else kind

    def hook(value: Any, _: Any) -> Any:
        if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
            raise TypeError(f"should be {words}, not {_kind(value)}")
        return value

    return hook


def _kind(value: Any) -> str:
    names = {type(None): "null", bool: "true or false", str: "text", list: "an array", dict: "an object"}
    return names.get(type(value), "a number")


def _problems(error: BaseException, path: str = "") -> list[tuple[str, str]]:
    """Every leaf of cattrs' exception group as (path inside the document, what is wrong there)."""
    for note in reversed(getattr(error, "__notes__", [])):
        if step := re.search(r"@ (attribute|index) (\w+)", str(note)):
            path += f"[{step[2]}]" if step[1] == "index" else f".{step[2].rstrip('_')}"
    if isinstance(error, BaseExceptionGroup):
        return [problem for inner in error.exceptions for problem in _problems(inner, path)]
    return [(path.lstrip("."), "is missing" if isinstance(error, KeyError) else str(error))]
