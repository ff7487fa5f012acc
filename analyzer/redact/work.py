"""Replacing: secrets first, everywhere; then names, addresses and known values, outside source names and system paths."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from analyzer.redact.patterns import PLACEHOLDER, PLACES, SECRETS, SYSTEM_PATH, Look, grouped, is_private_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyzer.redact.known import KnownValues
    from analyzer.redact.texts import Key


Naming = Callable[[str, str], str]
"""(kind, value) -> the placeholder, for placeholders that must be the same in many results; numbers of six digits and more."""


class Work:
    """The patterns that can occur at all in these texts, and the names given so far."""

    def __init__(self, keys: Iterable[Key], known: KnownValues, naming: Naming | None = None) -> None:
        self._naming = naming
        blob = "\0".join({key.text for key in keys})
        small = blob.lower()
        self.known = known
        self.names: dict[tuple[str, str], str] = {}
        """(kind, value) -> placeholder, in the order of appearance."""
        self.placeholders: dict[Key, Counter[str]] = {}
        """What was put into each text."""
        self._numbers: Counter[str] = Counter(_taken(blob))
        self._secrets, self._secret_kinds = _compiled(blob, small, SECRETS, (), "")
        self._places, self._place_kinds = _compiled(blob, small, PLACES, known.patterns(), f"{PLACEHOLDER}|{SYSTEM_PATH}")
        self._put: Counter[str] = Counter()

    def replaced(self, key: Key) -> str:
        """The text with placeholders in it."""
        self._put = Counter()
        text = key.text
        if self._secrets is not None:
            text = self._secrets.sub(lambda match: self._one(match, self._secret_kinds), text)
        if key.treatment == "name" and self.known.cut and (cut := self.known.cut_at_the_end(text)):
            start, value = cut
            text = text[:start] + self._name(self.known.kind_of(value), value)
        if self._places is not None and key.treatment != "code":
            text = self._places.sub(lambda match: self._one(match, self._place_kinds), text)
        if self._put:
            self.placeholders[key] = self._put
        return text

    def _one(self, match: re.Match[str], kinds: dict[str, str]) -> str:
        group = match.lastgroup
        if group is None:  # a placeholder, or a path of the system
            return match[0]
        group = group.removesuffix("_v")
        if group == "known":
            return self._name(self.known.kinds[match[0]], match[0])
        kind = kinds[group]
        if kind == "ip-address" and not is_private_address(match[0]):
            return match[0]
        inner = f"{group}_v"
        if inner not in match.re.groupindex:
            return self._name(kind, match[0])
        if re.fullmatch(PLACEHOLDER, match[inner]):
            return match[0]
        start, end = (place - match.start() for place in match.span(inner))
        kind = self.known.kinds.get(match[inner], kind)
        return match[0][:start] + self._name(kind, match[inner]) + match[0][end:]

    def _name(self, kind: str, value: str) -> str:
        if (kind, value) not in self.names:
            self._numbers[kind] += 1
            self.names[kind, value] = self._naming(kind, value) if self._naming else f"<{kind}-{self._numbers[kind]}>"
        name = self.names[kind, value]
        self._put[name] += 1
        return name


def _taken(blob: str) -> dict[str, int]:
    """Numbers that placeholders of an earlier redaction have."""
    taken: dict[str, int] = {}
    if "<" in blob:
        for kind, number in re.findall(r"<([a-z]+(?:-[a-z]+)?)-([0-9]{1,9})>", blob):
            taken[kind] = max(taken.get(kind, 0), int(number))
    return taken


def _compiled(
    blob: str, small: str, looks: Sequence[Look], known: Sequence[str], keep: str
) -> tuple[re.Pattern[str] | None, dict[str, str]]:
    """One pattern of everything that occurs; None where nothing does. The kinds by the name of their group."""
    parts: list[str] = []
    kinds: dict[str, str] = {}
    for number, look in enumerate(looks):
        likely = any(hint in small for hint in look.hints) and (not look.glance or re.search(look.glance, blob))
        if likely and re.search(grouped(look, number), blob):
            # A name that is known may be a part of an address of e-mail, whose rest would stay.
            parts.insert(0 if look.kind == "e-mail" else len(parts), grouped(look, number))
            kinds[f"g{number}"] = look.kind
    if known:
        parts.insert(1 if "e-mail" in kinds.values() else 0, f"(?P<known>{'|'.join(known)})")
    if not parts:
        return None, kinds
    if keep:
        parts.insert(0, f"(?:{keep})")
    return re.compile("|".join(parts)), kinds
