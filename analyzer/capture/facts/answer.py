"""Making a Fact: the question comes from the vocabulary, so that a fact cannot be answered under a name nobody knows."""

from __future__ import annotations

from analyzer.model import Fact, Holds
from analyzer.model.facts import FACTS


def answer(name: str, holds: Holds, value: str, how: str, tid: int | None = None) -> Fact:
    """The answer to one question. ``how`` is a command that a person can type."""
    return Fact(name, FACTS[name].asked, holds, value, how, tid)


def yes_no(name: str, holds: bool, value: str, how: str, tid: int | None = None) -> Fact:
    """An answer that is known."""
    return answer(name, "yes" if holds else "no", value, how, tid)


def unknown(name: str, because: str, how: str, tid: int | None = None) -> Fact:
    """«Could not check, because ...» is an answer too."""
    return answer(name, "unknown", f"could not check: {because}", how, tid)
