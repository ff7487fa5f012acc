"""Diagnosis -> (Diagnosis, what was replaced): private values become placeholders, the same everywhere.

Pure: what is private on this machine is handed in. It runs once, between diagnose and render, so that no format and no
saved result ever holds the values. Linear in the size of the diagnosis: every different text is looked at once.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from analyzer.lean_dataclass import dataclass, replace
from analyzer.model import Private, Redaction
from analyzer.redact.known import KnownValues
from analyzer.redact.texts import Key, rebuilt, texts_of
from analyzer.redact.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from analyzer.model import Diagnosis, TrialResult


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
    work, changed = _looked_at(diagnosis, [diagnosis], private, ())
    counts: Counter[str] = Counter()
    diagnosis = _replaced(diagnosis, changed, work, counts)
    return diagnosis, _found(work, counts)


def redact_series(result: TrialResult, private: Private | None = None) -> tuple[TrialResult, tuple[Redacted, ...]]:
    """The same for a series of runs and the diagnosis of each hang: one value has one placeholder in all of them."""
    hangs = tuple(replace(one, diagnosis=one.diagnosis and _without_command_lines(one.diagnosis)) for one in result.hangs)
    result = replace(result, hangs=hangs, subjects=tuple(replace(one, command_line=None) for one in result.subjects))
    diagnoses = [one.diagnosis for one in hangs if one.diagnosis is not None]
    work, changed = _looked_at(result, diagnoses, private, [one.program for one in result.subjects])
    counts: Counter[str] = Counter()
    hangs = tuple(
        replace(one, diagnosis=_replaced(one.diagnosis, changed, work, counts)) if one.diagnosis is not None else one
        for one in hangs
    )
    result = rebuilt(replace(result, hangs=hangs), changed, lambda key: counts.update(work.placeholders[key]))
    return result, _found(work, counts)


def _looked_at(
    value: object, diagnoses: Sequence[Diagnosis], private: Private | None, programs: Iterable[str]
) -> tuple[Work, dict[Key, str]]:
    """What every text that changes becomes."""
    keys = texts_of(value)
    work = Work(keys, KnownValues(private or Private(), diagnoses, keys, programs))
    return work, {key: text for key in keys if (text := work.replaced(key)) != key.text}


def _replaced(diagnosis: Diagnosis, changed: Mapping[Key, str], work: Work, counts: Counter[str]) -> Diagnosis:
    own: Counter[str] = Counter()
    if changed:
        diagnosis = rebuilt(diagnosis, changed, lambda key: own.update(work.placeholders[key]))
    counts.update(own)
    earlier = diagnosis.redactions or ()
    return replace(diagnosis, redactions=(*earlier, *(one.redaction for one in _found(work, own))))


def _found(work: Work, counts: Counter[str]) -> tuple[Redacted, ...]:
    return tuple(
        Redacted(Redaction(kind, name, counts[name]), value) for (kind, value), name in work.names.items() if counts[name]
    )


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


__all__ = ["Redacted", "preview", "redact", "redact_series"]
