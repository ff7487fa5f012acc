"""TrialResult: a command that was run many times, what came of every run, and the diagnosis of each kind of hang."""

from __future__ import annotations

from typing import Literal

from analyzer.lean_dataclass import dataclass
from analyzer.model.diagnosis import Certainty, Diagnosis, Status
from analyzer.model.snapshot import Host, Tool

TRIALS_SCHEMA = 1

Outcome = Literal["clean", "failed", "signalled", "hung", "moving", "stopped"]
"""clean: ended with exit code 0; failed: with another; signalled: ended by a signal; hung: not over after the timeout, and
standing still; moving: not over either, but still making progress; stopped: we were told to stop while it ran."""

COUNTED: tuple[Outcome, ...] = ("clean", "failed", "signalled", "hung")
"""The outcomes that a rate is made of: a run that was neither over nor standing still says nothing about a hang."""


@dataclass(frozen=True)
class TrialSubject:
    """One of the commands under test."""

    name: str
    """A, or B for the one given with --against."""
    program: str
    """The program's file name."""
    command_line: tuple[str, ...] | None = None
    """Only with --include-values."""
    root: str | None = None
    """The root directory it ran in; None for ours, and without --include-values the last part of the path only."""


@dataclass(frozen=True)
class TrialRun:
    """One run."""

    number: int
    """From 1, in the order in which the runs were begun, over all subjects."""
    subject: str
    outcome: Outcome
    seconds: float
    """Wall time from the start to the end, or to the timeout for a run that did not end."""
    cpu_s: float | None = None
    """Processor time, user and system, of all its processes that were waited for."""
    memory_kib: int | None = None
    """Largest resident size of any one of them."""
    exit_code: int | None = None
    signal: int | None = None
    """The signal that ended it; None unless the outcome is ``signalled``."""
    hang: int | None = None
    """Index in ``TrialResult.hangs``."""
    left: int = 0
    """Processes that the ended command left running; they were ended."""
    output_bytes: int = 0
    """How much it wrote to standard output and standard error."""
    output_tail: str | None = None
    """The end of that; only with --include-values, and only for runs that did not end well."""
    problem: str | None = None
    """What went wrong on our side: it could not be analysed, because ...; not everything could be ended, because ..."""


@dataclass(frozen=True)
class TrialHang:
    """One kind of hang: runs with the same signature and fingerprint, and the whole diagnosis of the first of them."""

    signature: str | None
    """None where no signature fits, or where the run could not be analysed."""
    fingerprint: str | None
    certainty: Certainty | None
    status: Status | None
    """Of the diagnosis; None where there is none."""
    title: str
    """One line for a person."""
    example_run: int
    """The run that the diagnosis is of: the one that was analysed first."""
    diagnosis: Diagnosis | None = None
    problem: str | None = None
    """Why there is no diagnosis."""


@dataclass(frozen=True)
class TrialNumbers:
    """What the runs of one subject come to. Rates are fractions of 1."""

    subject: str
    counted: int
    """Runs that a rate is made of: those that ended, and those that hung."""
    clean: int
    failed: int
    signalled: int
    hung: int
    moving: int
    stopped: int
    rate: float | None
    """hung / counted."""
    low: float | None
    """Clopper and Pearson's exact 95 % interval of the rate."""
    high: float | None
    upper: float | None
    """For 0 hung: the rate that 95 % confidence excludes (one-sided); None otherwise."""
    rate_before: float | None
    """The rate to compare with: the one the caller gave, else for B the one of A; None where there is none."""
    clean_runs_needed: int | None
    """Clean runs in a row that show a fix with 95 % confidence: at this rate, or for 0 hung at ``rate_before``."""
    clean_runs_needed_at_low: int | None
    """The same at the low end of the interval, for who wants to be sure of the rate, too; None for 0 hung."""
    luck: float | None
    """For 0 hung: the probability of so many clean runs at ``rate_before``, with nothing mended."""
    median_s: float | None
    """Wall time of the clean runs."""
    p95_s: float | None
    clean_cpu_s: float | None
    """Medians, over clean and over hung runs."""
    hung_cpu_s: float | None
    clean_memory_kib: float | None
    hung_memory_kib: float | None


@dataclass(frozen=True)
class TrialResult:
    """The whole series; every format is made from it and from nothing else."""

    subjects: tuple[TrialSubject, ...]
    runs: tuple[TrialRun, ...]
    """In the order of their numbers."""
    hangs: tuple[TrialHang, ...]
    asked: int
    """Runs of each subject that were asked for."""
    timeout_s: float
    jobs: int
    """Runs at a time."""
    memory_floor_kib: int | None = None
    """``memory_kib`` of a run that ended is never below this, however small it was; None where nothing was measured."""
    widener: str = "off"
    """off, or the race widener that was preloaded: then every figure here is measured with it."""
    rate_before: float | None = None
    """The rate seen before the fix, as the caller gave it."""
    seconds: float | None = None
    """Wall time of the whole series."""
    taken_at: str | None = None
    host: Host | None = None
    tools: tuple[Tool, ...] = ()
    interrupted: bool = False
    """Ended before all runs were made."""
    notes: tuple[str, ...] = ()
    """What a reader must know to read the figures rightly."""
    numbers: tuple[TrialNumbers, ...] = ()
    """Made anew from ``runs`` whenever a saved result is rendered; here for other programs."""
    statistics_from: str | None = None
    """Whose arithmetic the intervals and the test come from."""
    p_value: float | None = None
    """Fisher's exact test, two-sided, between the two subjects; None with one subject or without scipy."""
    kind: Literal["trials"] = "trials"
    """Tells this document from a Diagnosis."""
    schema: int = TRIALS_SCHEMA
    """Version of this layout."""
