"""Hostile strings made visible, long ones cut, prose taken apart."""

from __future__ import annotations

import unicodedata

import pytest

from analyzer.render.safe import first_sentence, paragraphs, visible
from tests.unit.render.fixtures import HOSTILE


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name", "plain name"),
        ("Grüße 中文 é", "Grüße 中文 é"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\tb\nc\rd\x00\x7f\x9b", "a\\tb\\nc\\rd\\x00\\x7f\\x9b"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2066x\u2069\u200f\u061c", "\\u2066x\\u2069\\u200f\\u061c"),
        ("zero\u200bwidth\ufeff\u2060", "zero\\u200bwidth\\ufeff\\u2060"),
        ("byte \udcff, surrogate \ud800", "byte \\xff, surrogate \\ud800"),
        ("line\u2028sep\u2029", "line\\u2028sep\\u2029"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("soft\xadhyphen", "soft\\xadhyphen"),
    ],
)
def test_hidden_characters_are_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "code", [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
def test_no_control_and_no_direction_mark_comes_through(code: int) -> None:
    assert unicodedata.category(chr(code)) in ("Cc", "Cf", "Zl", "Zp")
    assert chr(code) not in visible(f"a{chr(code)}b")


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_comes_is_one_line_that_utf8_can_hold(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert len(shown.splitlines()) == 1


def test_a_long_text_is_cut_and_says_by_how_much() -> None:
    assert visible("x" * 100_000, 10) == "xxxxxxxxxx… [99990 more characters]"
    assert visible("x" * 10, 10) == "x" * 10


def test_paragraphs_part_at_blank_lines_and_labels() -> None:
    text = "Now: end it.\nIt will never\ngo on.\nIn the code: do not.\n\nMore \x1b here.\n"
    assert paragraphs(text) == ("Now: end it. It will never go on.", "In the code: do not.", "More \\x1b here.")
    assert paragraphs("  \n\n ") == ()


def test_the_first_sentence_ends_before_a_capital() -> None:
    assert first_sentence("Version 5.4 has it, e.g. in libc. Then more.") == "Version 5.4 has it, e.g. in libc."
    assert first_sentence("no end") == "no end"
