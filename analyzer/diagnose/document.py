"""A TOML file that is read strictly: every mistake is noted with its line, and reading goes on to find the next one."""

from __future__ import annotations

import re
import stat
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any

_LARGEST = 1_000_000  # bytes; a catalogue from a stranger must not fill the memory
_MOST_DOTS = 100  # in a line: reading a key takes time that grows with the square of its parts
_MOST_MISTAKES = 200  # told of one file; each is looked up in it
_MOST_PLACES = 5_000
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([\w.\"' -]+?)\s*=")
_QUOTES = re.compile(r'"""|\'\'\'')

Place = tuple[str | int, ...]
"""Keys and indices from the top of the file down to a value."""


def _content(path: Path) -> bytes:
    """Raises OSError, ValueError. What is no file is not opened: a FIFO would wait for ever, a device need not end."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is not a regular file")
    if status.st_size > _LARGEST:
        raise ValueError(f"larger than {_LARGEST} bytes")
    return path.read_bytes()


class Document:
    """One file: its data and the mistakes found in it."""

    def __init__(self, path: Path, shown: str) -> None:
        """Read ``path``; ``shown`` is how messages call it. A file that cannot be read has ``data`` None and a problem."""
        self.path = path
        self.shown = shown
        self.problems: list[str] = []
        self.text = ""
        self.data: dict[str, Any] | None = None
        try:
            self.text = _content(path).decode()
            lines = enumerate(self.text.split("\n"), 1)
            dotted = next((number for number, line in lines if line.count(".") - 3 * line.count("...") > _MOST_DOTS), None)
            if dotted is not None:
                self.problems.append(f"{shown}:{dotted}: a line with more than {_MOST_DOTS} dots")
                return
            self.data = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as problem:
            found = re.search(r"\(at line (\d+), column \d+\)$", str(problem))
            line = int(found.group(1)) if found else max(1, len(self.text.splitlines()))
            self.problems.append(f"{shown}:{line}: not TOML: {problem}")
        except RecursionError:
            self.problems.append(f"{shown}:1: not TOML that can be read: nested too deeply")
        except (OSError, ValueError) as problem:  # ValueError: not UTF-8 too
            self.problems.append(f"{shown}:1: cannot be read: {problem}")

    def wrong(self, place: Place, text: str, *, value: str | None = None) -> None:
        """Note a mistake at a place, or at the line near it that holds ``value``."""
        if len(self.problems) < _MOST_MISTAKES:
            self.problems.append(f"{self.shown}:{self.line(place, value)}: {text}")
        elif len(self.problems) == _MOST_MISTAKES:
            self.problems.append(f"{self.shown}:1: and more mistakes, which are not listed")

    @cached_property
    def _places(self) -> list[tuple[int, Place]]:
        return _places(self.text)

    def line(self, place: Place, value: str | None = None) -> int:
        """The line, from 1, where a key or table stands; its nearest ancestor's where it has none of its own."""
        best, depth = 1, -1
        for number, found in self._places:
            common = 0
            while common < min(len(found), len(place)) and found[common] == place[common]:
                common += 1
            if common == len(found) and common > depth:
                best, depth = number, common
        if value is not None:
            lines = self.text.splitlines()
            for number in range(best, len(lines) + 1):
                if value in lines[number - 1]:
                    return number
        return best

    # Reading values of a kind

    def only(self, table: dict[str, Any], place: Place, allowed: frozenset[str]) -> None:
        """Every key of the table is one of these."""
        for key in table:
            if key not in allowed:
                self.wrong((*place, key), f"unknown key {key!r}; known here: {', '.join(sorted(allowed))}")

    def string(self, table: dict[str, Any], place: Place, key: str, default: str | None = None) -> str:
        """A text that is not empty; required unless there is a default."""
        value = table.get(key, default)
        if value is None:
            self.wrong(place, f"{key!r} is missing")
        elif not isinstance(value, str) or (not value.strip() and value != default):
            self.wrong((*place, key), f"{key!r} must be a text")
        else:
            return value.strip()
        return default or ""

    def choice(self, table: dict[str, Any], place: Place, key: str, allowed: tuple[str, ...], default: str) -> str:
        """One of a few words."""
        value = table.get(key, default)
        if value in allowed:
            return str(value)
        self.wrong((*place, key), f"{key!r} must be one of {', '.join(allowed)}, not {value!r}")
        return default

    def number(self, table: dict[str, Any], place: Place, key: str) -> int:
        """A whole number from 1."""
        value = table.get(key)
        if type(value) is int and value >= 1:
            return value
        self.wrong((*place, key), f"{key!r} must be a whole number from 1")
        return 1

    def strings(self, table: dict[str, Any], place: Place, key: str) -> list[str]:
        """A list of texts; missing is empty."""
        value = table.get(key, [])
        if isinstance(value, list) and all(isinstance(one, str) and one for one in value):
            return value
        self.wrong((*place, key), f"{key!r} must be a list of texts")
        return []

    def tables(self, table: dict[str, Any], place: Place, key: str) -> list[tuple[Place, dict[str, Any]]]:
        """A list of tables with their places; one table alone stands for a list of one; missing is empty."""
        value = table.get(key, [])
        if isinstance(value, dict):
            return [((*place, key), value)]
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            return [((*place, key, index), one) for index, one in enumerate(value)]
        self.wrong((*place, key), f"{key!r} must be a table")
        return []


def _places(text: str) -> list[tuple[int, Place]]:
    """Line and place of every header and key: enough to point at, nothing more. Keys in inline tables have none."""
    found: list[tuple[int, Place]] = []
    table: Place = ()
    counts: dict[str, int] = {}
    closing = None
    for number, line in enumerate(text.splitlines(), 1):
        if len(found) > _MOST_PLACES:
            break
        if closing is not None:
            if closing in line:
                closing = None
            continue
        header = _HEADER.match(line)
        key = _KEY.match(line)
        if header and not key:
            table = _table(header.group(2), counts, opens=header.group(1) == "[[")
            if table[-1:] == (0,):
                found.append((number, table[:-1]))
            found.append((number, table))
        elif key:
            found.append((number, (*table, key.group(1).strip("\"'"))))
        quotes = _QUOTES.findall(line)
        if len(quotes) % 2:
            closing = quotes[-1]
    return found


def _table(header: str, counts: dict[str, int], *, opens: bool) -> Place:
    """The place a header speaks of; ``opens``: it begins the next table of a list. ``counts``: last index of each list."""
    parts = [part.strip(" \"'") for part in header.split(".")]
    name = ".".join(parts)
    if opens:
        counts[name] = counts.get(name, -1) + 1
        for inner in [one for one in counts if one.startswith(f"{name}.")]:
            del counts[inner]
    place: list[str | int] = []
    for depth, part in enumerate(parts, 1):
        place.append(part)
        index = counts.get(".".join(parts[:depth]))
        if index is not None:
            place.append(index)
    return tuple(place)
