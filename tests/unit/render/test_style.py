"""The style sheet: every text has the contrast that WCAG 2.2 AA asks for (4.5 : 1), in light, dark and print."""

from __future__ import annotations

import re

import pytest

from analyzer.data import folder

CSS = (folder("reports") / "report.css").read_text(encoding="utf-8")
PAIRS = [
    *((ink, paper) for ink in ("ink", "soft", "link", "hung", "sound", "doubt") for paper in ("paper", "raised", "sunk")),
    *(("ink", f"{tone}-wash") for tone in ("hung", "sound", "doubt")),
    *(("soft", f"{tone}-wash") for tone in ("hung", "sound", "doubt")),
    *(("link", f"{tone}-wash") for tone in ("hung", "sound", "doubt")),
    *((tone, f"{tone}-wash") for tone in ("hung", "sound", "doubt")),
    *(("doubt", f"{tone}-wash") for tone in ("hung", "sound")),
]


def palettes() -> dict[str, dict[str, str]]:
    light, dark, printed = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    return {
        name: dict(re.findall(r"--([\w-]+): *(#\w+)", text))
        for name, text in (("light", light), ("dark", dark), ("print", printed))
    }


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_formula() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("palette", ["light", "dark", "print"])
@pytest.mark.parametrize(("ink", "paper"), PAIRS)
def test_text_stands_out(palette: str, ink: str, paper: str) -> None:
    colours = palettes()[palette]
    assert contrast(colours[ink], colours[paper]) >= 4.5


def test_every_colour_is_defined_in_every_palette_and_used() -> None:
    light, *others = (set(palette) for palette in palettes().values())
    assert all(palette == light for palette in others)
    assert {name for name in light if f"var(--{name})" not in CSS} == set()


def test_the_style_fetches_nothing() -> None:
    assert not re.search(r"url\(|@import|@font-face|</", CSS)
