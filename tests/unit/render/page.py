"""Reads a page as a browser would, as far as the tests ask: elements in order, their attributes, their text."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "br", "wbr", "link", "img"}
SVG_CLOSED = {"rect", "path", "circle"}


class Element:
    """One element."""

    def __init__(self, tag: str, attributes: dict[str, str], parent: Element | None) -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.parts: list[Element | str] = []

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        """Elements below it, in document order; ``class_`` must be among the classes."""
        found = []
        for part in self.parts:
            if isinstance(part, Element):
                if (not tag or part.tag == tag) and part.has(attributes):
                    found.append(part)
                found += part.all(tag, **attributes)
        return found

    def one(self, tag: str = "", **attributes: str) -> Element:
        """The only such element."""
        (found,) = self.all(tag, **attributes)
        return found

    def has(self, wanted: dict[str, str]) -> bool:
        classes = self.attributes.get("class", "").split()
        return all(value in classes if name == "class_" else self.attributes.get(name) == value for name, value in wanted.items())

    @property
    def text(self) -> str:
        """Its text, white space as a reader sees it."""
        return " ".join("".join(part if isinstance(part, str) else part.raw for part in self.parts).split())

    @property
    def raw(self) -> str:
        inner = "".join(part if isinstance(part, str) else part.raw for part in self.parts)
        return f" {inner} " if self.tag in ("p", "li", "td", "th", "h1", "h2", "h3", "div", "dt", "dd", "text", "br") else inner


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Element("", {}, None)
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attributes}, self.here)
        self.here.parts.append(element)
        if tag not in VOID:
            self.here = element

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.here.parts.append(Element(tag, {name: value or "" for name, value in attributes}, self.here))

    def handle_endtag(self, tag: str) -> None:
        if tag != self.here.tag or self.here.parent is None:
            self.problems.append(f"</{tag}> ends <{self.here.tag}>")
            return
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.parts.append(data)


def read(html: str) -> Element:
    """The page; an AssertionError when an end tag does not fit its start."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.problems == []
    assert reader.here is reader.root
    return reader.root
