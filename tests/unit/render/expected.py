"""Whole rendered outputs that the tests compare with: ``python -m tests.unit.render.expected`` writes them anew.

The page is kept as its text only, a line an element: its markup is tried elsewhere, and its style may change freely.
"""

from __future__ import annotations

import re
from pathlib import Path

from analyzer.render import render
from tests.unit.render import fixtures
from tests.unit.render.page import Element, read

FOLDER = Path(__file__).parent / "expected"
NAMES = ("proven", "residual", "cycle", "healthy", "trace")
LINES = {"h1", "h2", "h3", "p", "li", "dt", "dd", "tr", "caption", "summary", "pre", "footer", "header"}


def made(name: str, format: str) -> str:
    """One output as it is kept."""
    if format == "page":
        return "".join(f"{line}\n" for line in _lines(read(render(fixtures.ALL[name](), "html").decode()).one("body")))
    return render(fixtures.ALL[name](), "markdown" if format == "md" else "text").decode()


def _lines(element: Element) -> list[str]:
    if element.tag == "script" or (element.tag == "svg" and "narrow" in element.attributes.get("class", "")):
        return []
    whole = "fact" in element.attributes.get("class", "").split()
    if whole or (element.tag in LINES and not any(below.tag in LINES for below in element.all())):
        cells = [part for part in element.parts if isinstance(part, Element)] if element.tag == "tr" else [element]
        level = re.sub(r"h(\d)", lambda match: "#" * int(match[1]) + " ", element.tag) if element.tag[0] == "h" else ""
        return [level.removesuffix("eader") + " | ".join(cell.text for cell in cells)]
    below = [part for part in element.parts if isinstance(part, Element)]
    return [line for part in below for line in _lines(part)]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in NAMES:
        for format in ("txt", "md", "page"):
            (FOLDER / f"{name}.{format}").write_text(made(name, format), encoding="utf-8")
