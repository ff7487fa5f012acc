"""Signatures in other languages: ``signatures/LANGUAGE/ID.toml`` holds title, summary and remedy, and what they translate.

``english`` is a digest of the three English texts: where they changed and the translation did not, the translation is stale.
Lint says so, and a report speaks English there rather than telling something else than the signature.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from analyzer.diagnose.catalogue import Catalogue
from analyzer.diagnose.document import Document
from analyzer.lean_dataclass import dataclass

_KEYS = frozenset({"english", "title", "summary", "remedy"})
_LANGUAGE = re.compile(r"[a-z]{2}")


@dataclass(frozen=True)
class Translation:
    """One signature in one language."""

    english: str
    """Digest of the texts it was made from."""
    title: str
    summary: str
    remedy: str


def digest(title: str, summary: str, remedy: str) -> str:
    """Eight hexadecimal digits for three texts; line ends and blanks do not count."""
    words = "\0".join(" ".join(text.split()) for text in (title, summary, remedy))
    return hashlib.sha256(words.encode(errors="backslashreplace")).hexdigest()[:8]


def read_translation(folder: Path, language: str, identity: str) -> Translation | None:
    """The translation of a shipped signature; None where there is none that can be read."""
    path = folder / language / f"{identity}.toml"
    if not re.fullmatch(r"[a-z0-9-]+", identity) or not path.is_file():
        return None
    document = Document(path, path.name)
    return _read(document) if not document.problems else None


def lint_translations(folders: Sequence[Path], catalogue: Catalogue) -> list[str]:
    """Missing, stale, orphaned and damaged translations of every language that a folder has, as ``file:line: text``."""
    problems: list[str] = []
    for folder in folders:
        identities = [one for one in catalogue.signatures if one.path is not None and one.path.parent == folder]
        for place in _languages(folder):
            known = {one.id for one in identities}
            shown = f"{folder.name}/{place.name}"
            for one in identities:
                path = place / f"{one.id}.toml"
                wanted = digest(one.title, one.summary, one.remedy)
                if not path.is_file():
                    problems.append(f"{shown}/{one.id}.toml:1: the translation is missing (english = {wanted!r})")
                    continue
                document = Document(path, f"{shown}/{path.name}")
                found = _read(document)
                if found is not None and found.english != wanted:
                    document.wrong(("english",), f"stale: the English texts changed; translate again, then english = {wanted!r}")
                problems += document.problems
            strangers = (path for path in sorted(place.glob("*.toml")) if path.stem not in known)
            problems += [f"{shown}/{path.name}:1: there is no signature {path.stem!r}" for path in strangers]
    return problems


def _languages(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if path.is_dir() and _LANGUAGE.fullmatch(path.name))


def _read(document: Document) -> Translation | None:
    data = document.data
    if data is None:
        return None
    document.only(data, (), _KEYS)
    english, title, summary, remedy = (document.string(data, (), key) for key in ("english", "title", "summary", "remedy"))
    return Translation(english, title, summary, remedy)
