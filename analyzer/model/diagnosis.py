"""Diagnosis: what a snapshot means; every format is made from it and from nothing else."""

from __future__ import annotations

from typing import Literal

from analyzer.lean_dataclass import dataclass
from analyzer.model.snapshot import Holds, Lock, Process, Snapshot, ThreadRef

SCHEMA = 1

Certainty = Literal["possible", "likely", "proven"]
Status = Literal["root-cause", "hung", "not-hung", "unclear"]


@dataclass(frozen=True)
class Reason:
    """Why a finding has its certainty: a question, its answer, and how to see it yourself."""

    asked: str
    holds: Holds
    value: str
    how: str
    decides: Literal["match", "likely", "proven", "veto"] = "match"
    """Which clause of the signature it belongs to."""
    fact: str | None = None
    """Name of the fact; None for frames."""
    needed: Holds | None = None
    """The answer that a surer verdict needed and that was not given; None where nothing is missing. Where one of several
    answers would do, each of them says so."""


@dataclass(frozen=True)
class Reference:
    """A link that a signature gives."""

    kind: str
    """bug, fix, documentation, ..."""
    url: str
    commit: str | None = None
    """The commit that mends it."""


@dataclass(frozen=True)
class Affected:
    """Whether the installed version is one the signature speaks of."""

    package: str
    installed: str | None
    """Version found; None where it could not be found."""
    fixed_in: str | None
    holds: Holds
    value: str = ""
    """How it was found out, or why not."""


@dataclass(frozen=True)
class Finding:
    """A signature that fits, how surely, and every reason."""

    signature: str
    revision: int
    certainty: Certainty
    pid: int
    tid: int
    title: str
    summary: str
    lock: Lock | None
    reasons: tuple[Reason, ...]
    remedy: str
    references: tuple[Reference, ...] = ()
    affected: Affected | None = None
    matched_levels: tuple[int, ...] = ()
    """Levels of the frames that the signature named."""
    guilty_level: int | None = None
    """Level of the frame that made the call that must not be made here."""


@dataclass(frozen=True)
class NearMiss:
    """A signature that almost fits, and what kept it off the list."""

    signature: str
    revision: int
    pid: int
    tid: int
    because: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class ChainLink:
    """One step of who waits for whom; the last one is the root blocker."""

    pid: int
    tid: int
    waits: str
    """What for, in words."""
    for_: ThreadRef | None = None
    """Whom it waits for (``for`` in the JSON); None = here the chain ends."""


@dataclass(frozen=True)
class TrialFigures:
    """How often the loader hung, counted."""

    fix: str
    widener: str
    runs: int
    hung: int
    failed: int = 0
    seconds: float | None = None
    """Wall time of all runs."""


@dataclass(frozen=True)
class ReferencePhoto:
    """The reference loader built with the fix, photographed where the hung process hangs (``reference`` in the JSON)."""

    origin: Literal["built here", "recorded"]
    """Taken on this machine, or shipped with the package."""
    where: str
    """Machine, system and C library it was taken on."""
    fix: str
    widener: str
    step: str
    """The named step at which it was held for the photograph."""
    steps: tuple[str, ...]
    """Steps it had passed by then."""
    processes: tuple[Process, ...]
    """Its family, captured the same way."""
    trials: tuple[TrialFigures, ...] = ()
    """Trial figures, with and without the fix, where some were made."""


@dataclass(frozen=True)
class Redaction:
    """A private value that a placeholder stands for; the value itself is nowhere in a result."""

    kind: str
    """user, host, home, machine-id, boot-id, ip-address, mac-address, argument, environment, e-mail, token or secret."""
    name: str
    """The placeholder, ``<user-1>``: the same wherever the value stood."""
    count: int
    """How often it stands in the result."""


@dataclass(frozen=True)
class Diagnosis:
    """What it means: the whole result; every format is made from it and from nothing else."""

    status: Status
    findings: tuple[Finding, ...]
    """Surest first."""
    near_misses: tuple[NearMiss, ...]
    chain: tuple[ChainLink, ...]
    snapshot: Snapshot
    reference: ReferencePhoto | None = None
    unexplained: tuple[str, ...] = ()
    """What was seen and stays without an explanation."""
    subject: ThreadRef | None = None
    """What the person asked about."""
    schema: int = SCHEMA
    """Version of this layout."""
    waits: tuple[Finding, ...] = ()
    """Waits that are no cause but lead on to one: what threads without a finding do. One of a kind and process, the rest
    counted in its reasons."""
    fingerprint: str | None = None
    """The same for the same bug on another architecture, C library or build; None where no frame has a name."""
    redactions: tuple[Redaction, ...] | None = None
    """What was replaced; None = nobody looked (--include-values, or a result of an older version)."""
