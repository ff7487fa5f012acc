"""Sentences of capture, diagnosis and scan in another language, found by their form.

The saved result holds the English. A form is a regular expression that has to fit the whole text; its groups are looked up in
turn. A text that no form fits is taken apart where two sentences or two reasons meet; what is not known stays as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_HAN = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef\u201c\u201d]")
_FIELD = re.compile(r"(?P<before> ?)\{(?P<name>\w+)\}(?P<after> ?)")
LIMIT = 2000
"""Characters of a sentence that is looked up; what is longer holds a name without end."""
_PLAIN = re.compile(r"(?:[\w ,:;'/=-]|\\.(?<=[().?*+|\[\]]))*")
"""The beginning of a form up to where it may differ."""


class Said:
    """One language's forms."""

    def __init__(self, forms: Mapping[str, str], known: Mapping[str, str] | None = None) -> None:
        self._forms = forms
        self._known = known or {}
        # Compiling a form takes longer than all else: only those whose beginning fits are.
        self._beginnings = [(_beginning(form), form, sentence) for form, sentence in forms.items()]
        self._remembered = lru_cache(4096)(self._look_up)

    def __call__(self, text: str) -> str:
        """The text in this language; as it is where that is not known."""
        return self._remembered(text) if self._forms and text and len(text) <= LIMIT else text

    def knowing(self, known: Mapping[str, str]) -> Said:
        """The same, with whole texts besides: what a signature says may stand inside a sentence."""
        return Said(self._forms, known)

    def _look_up(self, text: str) -> str:
        if text in self._known:
            return self._known[text]
        for english, other in self._known.items():
            if text.endswith(f". {english}"):  # a sentence, and the remedy of the signature that it speaks of
                return f"{self(text[: -len(english) - 2])}。{other}"
        for beginning, form, sentence in self._beginnings:
            if text.startswith(beginning):
                match = re.fullmatch(form, text, re.DOTALL)
                if match is not None:
                    values = {str(number): self(part or "") for number, part in enumerate(match.groups())}
                    return filled(sentence, values).strip()
        return self._apart(text, "; ", "；") or self._apart(text, ". ", "。") or text  # noqa: RUF001

    def _apart(self, text: str, mark: str, joint: str) -> str | None:
        """Two halves that are both known, put together again."""
        first, found, rest = text.partition(mark)
        if not found:
            return None
        told = [self(part) for part in (first, rest)]
        return joint.join(told) if told[0] != first and told[1] != rest else None


def filled(sentence: str, values: Mapping[str, object]) -> str:
    """``{name}`` replaced by its value. Chinese has no blank between two of its characters, so one beside a field goes where
    the value is Chinese too. What a value holds is not read again: a name with braces stays a name."""

    def put(match: re.Match[str]) -> str:
        value = str(values[match["name"]])
        before, after = (value[:1], match["before"]), (value[-1:], match["after"])
        left, right = (" " if blank and not _HAN.match(beside) else "" for beside, blank in (before, after))
        return f"{left}{value}{right}"

    return _FIELD.sub(put, sentence)


def _beginning(form: str) -> str:
    plain = _PLAIN.match(form)
    text = plain[0] if plain is not None else ""
    if form[len(text) : len(text) + 1] in {"?", "*", "+", "{"}:  # the last sign may be missing
        text = text[:-2] if text[-2:-1] == "\\" else text[:-1]
    return re.sub(r"\\(.)", r"\1", text)
