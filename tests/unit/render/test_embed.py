"""The result inside the page, small and packed, and what is no result of ours."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from analyzer.errors import BadSavedResult
from analyzer.render import load
from analyzer.render.embed import PLAIN_LIMIT, embed, extract

ELEMENT = '<!doctype html><script type="application/json" id="hanganalyze-data">{}</script>'


@pytest.mark.parametrize("text", ["{}", '{"a": "</script><!-- & \\u003c"}', json.dumps({"a": "x<>&" * PLAIN_LIMIT})])
def test_what_goes_in_comes_out(text: str) -> None:
    inside = embed(text)
    assert "<" not in inside
    assert json.loads(extract(ELEMENT.format(inside))) == json.loads(text)


def test_a_large_result_is_packed() -> None:
    text = json.dumps({"a": "frame " * PLAIN_LIMIT})
    assert len(embed(text)) < len(text) / 50


def packed(data: bytes) -> str:
    return ELEMENT.format(json.dumps({"encoding": "gzip+base64", "data": base64.b64encode(data).decode()}))


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("<!doctype html><p>another page</p>", "holds no data"),
        (ELEMENT.format("{"), "damaged"),
        (packed(b"no gzip"), "damaged"),
        (packed(gzip.compress(b"x" * 9999)[:-20]), "cut off"),
        (packed(gzip.compress(b"\xff\xfe")), "damaged"),
        (ELEMENT.format('{"encoding": "gzip+base64", "data": "!"}'), "damaged"),
        (ELEMENT.format('{"encoding": "gzip+base64", "data": 7}'), "damaged"),
        (ELEMENT.format("[1]"), "no field"),
    ],
)
def test_a_page_that_is_none_of_ours_is_refused(page: str, told: str) -> None:
    with pytest.raises(BadSavedResult) as error:
        load(page.encode())
    assert told in error.value.what


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.render.embed.UNPACKED_LIMIT", 1000)
    with pytest.raises(BadSavedResult, match="larger than any result"):
        load(packed(gzip.compress(b"0" * 100_000)).encode())


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(BadSavedResult, match="neither JSON nor a report"):
        load(b"\xff\xfe\x00")
