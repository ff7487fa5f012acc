"""A signature as values: what stands in one file of the catalogue. How it is read: `catalogue`; what it means: `judge`."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal

from analyzer.diagnose.pattern import Pattern
from analyzer.lean_dataclass import dataclass, replace
from analyzer.model import Holds, Reason, Reference

Kind = Literal["cause", "wait"]
Decides = Literal["match", "likely", "proven", "veto"]
"""The clause a reason belongs to, as `model.Reason.decides` has it."""
Maturity = Literal["experimental", "stable", "deprecated"]


@dataclass(frozen=True)
class FactTest:
    """A fact and the answer that is wanted; written ``name`` or ``not name``."""

    name: str
    wanted: Holds = "yes"

    @property
    def text(self) -> str:
        """As it is written."""
        return self.name if self.wanted == "yes" else f"not {self.name}"


@dataclass(frozen=True)
class Match:
    """What must be seen for the signature to be `possible`. One of states, waits and frames; then all of the rest."""

    frames: tuple[Pattern, ...] = ()
    """One of these patterns fits the thread's stack."""
    waits: frozenset[str] = frozenset()
    """What the kernel says the thread waits for (``Wait.kind``) is one of these; where it says so, no frames are asked."""
    states: frozenset[str] = frozenset()
    """The thread's state letter is one of these."""
    programs: frozenset[str] = frozenset()
    """The process runs one of these: by package, source package, Go's name or file name; empty = any program."""
    others: tuple[Pattern, ...] = ()
    """One of these fits the stack of another thread of the process."""
    needs: tuple[FactTest, ...] = ()
    """All of these are answered so; without the answer nothing is found."""
    facts: tuple[FactTest, ...] = ()
    """None of these may be answered the other way; an unknown refutes nothing."""


@dataclass(frozen=True)
class Exclusion:
    """What takes a signature off the list (veto), or a looser description that says «almost» (near): any one of it."""

    because: str
    """Why, as a sentence for the reader."""
    frames: tuple[Pattern, ...] = ()
    others: tuple[Pattern, ...] = ()
    facts: tuple[FactTest, ...] = ()

    @cached_property
    def asks_frames(self) -> str:
        """What is asked of the thread's own stack, where it is a veto."""
        return f"Do the frames speak against it: {self.because}?"

    @cached_property
    def asks_others(self) -> str:
        """What is asked of the other threads' stacks, where it is a veto."""
        return f"Does another thread speak against it: {self.because}?"


@dataclass(frozen=True)
class Requirement:
    """What raises the certainty: every fact of ``all`` and one of ``any``."""

    all: tuple[FactTest, ...] = ()
    any: tuple[FactTest, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.all or self.any)


@dataclass(frozen=True)
class Affects:
    """Versions of a package that have the bug."""

    package: str
    versions: str
    """Comma-separated bounds that all hold: ``>=5.0,<5.4``."""
    fixed_in: str | None = None


@dataclass(frozen=True)
class Signature:
    """One file of the catalogue."""

    id: str
    revision: int
    status: Maturity
    kind: Kind
    """A cause, or a wait that is not the cause but leads on to it."""
    title: str
    summary: str
    remedy: str
    match: Match
    near: tuple[Exclusion, ...] = ()
    veto: tuple[Exclusion, ...] = ()
    likely: Requirement = Requirement()
    proven: Requirement = Requirement()
    references: tuple[Reference, ...] = ()
    affects: tuple[Affects, ...] = ()
    refines: str | None = None
    """The general signature whose clauses it takes over, to say them of one program. Where both fit, this one alone is told."""
    false_positives: tuple[str, ...] = ()
    path: Path | None = None

    def of(self, general: Signature) -> Signature:
        """This signature with the clauses of the one it refines; its own [match] adds which programs it speaks of."""
        match = replace(general.match, programs=self.match.programs)
        return replace(
            self,
            kind=general.kind,
            match=match,
            near=general.near,
            veto=general.veto,
            likely=general.likely,
            proven=general.proven,
        )

    def patterns(self) -> tuple[Pattern, ...]:
        """Every pattern it uses."""
        found = [*self.match.frames, *self.match.others]
        for exclusion in (*self.near, *self.veto):
            found += [*exclusion.frames, *exclusion.others]
        return tuple(found)

    @cached_property
    def veto_facts(self) -> frozenset[str]:
        """Every fact that its vetoes ask for."""
        return frozenset(test.name for veto in self.veto for test in veto.facts)

    @cached_property
    def in_words(self) -> dict[tuple[str, str], dict[str, Reason]]:
        """Reasons that are the same for most threads, as they were put into words; filled where they are (`reasons`)."""
        return {}

    @cached_property
    def facts_for_a_finding(self) -> tuple[tuple[str, Decides], ...]:
        """Every fact it asks for, once, with the weightiest clause that asks for it."""
        raising: dict[str, Decides] = {}
        for requirement, decides in ((self.likely, "likely"), (self.proven, "proven")):
            for test in (*requirement.all, *requirement.any):
                raising[test.name] = "proven" if decides == "proven" else "likely"
        return tuple((dict(self.facts_for_a_near_miss) | raising).items())

    @cached_property
    def facts_for_a_near_miss(self) -> tuple[tuple[str, Decides], ...]:
        """The facts that can take it off the list."""
        asked: dict[str, Decides] = {test.name: "match" for test in (*self.match.needs, *self.match.facts)}
        for veto in self.veto:
            asked |= {test.name: "veto" for test in veto.facts}
        return tuple(asked.items())
