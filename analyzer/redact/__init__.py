"""Diagnosis -> (Diagnosis, what was replaced): private values become placeholders, the same everywhere.

Pure: what is private on this machine is handed in. It runs once, between diagnose and render, so that no format and no
saved result ever holds the values. Linear in the size of the diagnosis: every different text is looked at once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analyzer.model import Private, Redaction
from analyzer.redact.known import KnownValues
from analyzer.redact.texts import Key, rebuilt, texts_of
from analyzer.redact.work import Work

if TYPE_CHECKING:
    from analyzer.model import Diagnosis


@dataclass(frozen=True)
class Redacted:
    """A replaced value, for the person at the terminal only."""

    redaction: Redaction
    value: str


def redact(diagnosis: Diagnosis, private: Private | None = None) -> tuple[Diagnosis, tuple[Redacted, ...]]:
    """The diagnosis with placeholders, ``redactions`` filled in, and the values they stand for.

    ``private``: what is known of the machine and the processes; without it only what looks private by itself is found.
    Redacting twice changes nothing more.
    """
    diagnosis = _without_command_lines(diagnosis)
    keys = texts_of(diagnosis)
    work = Work(keys, KnownValues(private or Private(), diagnosis, keys))
    changed: dict[Key, str] = {}
    for key in keys:
        if (text := work.replaced(key)) != key.text:
            changed[key] = text
    counts: Counter[str] = Counter()
    if changed:
        diagnosis = rebuilt(diagnosis, changed, lambda key: counts.update(work.placeholders[key]))
    found = tuple(
        Redacted(Redaction(kind, name, counts[name]), value) for (kind, value), name in work.names.items() if counts[name]
    )
    earlier = diagnosis.redactions or ()
    return replace(diagnosis, redactions=(*earlier, *(one.redaction for one in found))), found


def preview(one: Redacted) -> str:
    """The value for a terminal; of a secret only how it begins, because terminals are recorded and shared."""
    if one.redaction.kind not in {"token", "secret", "environment"}:
        return one.value
    return f"{one.value[: min(4, len(one.value) // 4)]}… ({len(one.value)} characters)"


def _without_command_lines(diagnosis: Diagnosis) -> Diagnosis:
    if all(process.command_line is None for process in diagnosis.snapshot.processes):
        return diagnosis
    processes = tuple(replace(process, command_line=None) for process in diagnosis.snapshot.processes)
    return replace(diagnosis, snapshot=replace(diagnosis.snapshot, processes=processes))


__all__ = ["Redacted", "preview", "redact"]
