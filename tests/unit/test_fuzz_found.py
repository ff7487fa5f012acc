"""Inputs that fuzzing once found wanting, and those that it starts from."""

from __future__ import annotations

import time

import pytest

from tests.fuzz.found import found
from tests.fuzz.subjects import SUBJECTS

INPUTS = [
    pytest.param(name, data, id=f"{name}-{number}")
    for name, subject in SUBJECTS.items()
    for number, data in enumerate([*found(name), *subject.seeds()[:6]])
]


@pytest.mark.parametrize(("name", "data"), INPUTS)
def test_reading_ends_well(name: str, data: bytes) -> None:
    SUBJECTS[name].read(data)


def test_every_reader_has_seeds() -> None:
    assert all(subject.seeds() for subject in SUBJECTS.values())


def test_what_is_not_of_the_grammar_never_reaches_the_parser() -> None:
    """pygdbmi goes on for ever over a key without a value inside an array, brackets balanced or not."""
    from analyzer.capture.gdbmi import parse

    began = time.monotonic()
    for record in (b'^done,stack=[a"x"]', b"^done,a=[", b'^done,a=["x"', b'^done,{"a"="b"}', b"^done," + b"[{" * 100_000):
        assert parse(record) == {}
    assert time.monotonic() - began < 60  # not for ever
    assert parse(b'^done,stack=[frame={level="0",args=[{name="a",value="\\"]"}]}]') == {
        "stack": [{"level": "0", "args": [{"name": "a", "value": '"]'}]}]
    }
