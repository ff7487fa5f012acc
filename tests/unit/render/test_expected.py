"""Whole outputs, compared to the last character: what a reader gets cannot change unseen."""

from __future__ import annotations

import pytest

from tests.unit.render.expected import FOLDER, NAMES, made


@pytest.mark.parametrize("format", ["txt", "md", "page"])
@pytest.mark.parametrize("name", NAMES)
def test_the_output_is_as_expected(name: str, format: str) -> None:
    expected = (FOLDER / f"{name}.{format}").read_text(encoding="utf-8")
    assert made(name, format) == expected, "if this is meant: python -m tests.unit.render.expected"
