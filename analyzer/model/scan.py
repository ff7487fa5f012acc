"""Scan: what a look at all processes of a host found.

Field names are the names in the JSON (schema 1 of scans): fields may be added, none renamed.
"""

from __future__ import annotations

from typing import Literal

from analyzer.lean_dataclass import dataclass
from analyzer.model.diagnosis import Status

SCAN_SCHEMA = 1
Rank = Literal["hung", "suspect", "waits"]
RANKS: tuple[Rank, ...] = ("hung", "suspect", "waits")


@dataclass(frozen=True)
class Suspect:
    """A process that stands still."""

    pid: int
    """As seen from where the scan ran."""
    name: str
    """Command name (comm)."""
    rank: Rank
    """hung: nobody can end its wait; suspect: it waits for a lock, or others wait for it; waits: as idle thread pools do too."""
    tid: int
    """The thread that waits."""
    threads: int
    """How many it has."""
    waits: str
    """What that thread waits for, in words."""
    reasons: tuple[str, ...]
    """Why it has its rank."""
    waiters: tuple[int, ...]
    """Processes that wait for this one."""
    next_command: str
    """What tells more."""
    report: str | None = None
    """Where its full analysis was written (--analyse)."""
    status: Status | None = None
    """The word of that analysis."""


@dataclass(frozen=True)
class Scan:
    """Every process of the host, once."""

    taken_at: str
    """UTC, ISO 8601."""
    processes: int
    """Processes that were there, without the kernel's own threads."""
    threads: int
    """Threads that were looked at."""
    not_seen: int
    """Processes of which the kernel does not show what they wait for: other users', without the right to ptrace them."""
    apart_s: float
    """Seconds between the two samples."""
    suspects: tuple[Suspect, ...]
    """Surest first."""
    notes: tuple[str, ...] = ()
    """What could not be seen, because ..."""
    schema: int = SCAN_SCHEMA
    """Version of this layout."""

    def ranked(self, rank: Rank) -> tuple[Suspect, ...]:
        """Those of one rank."""
        return tuple(suspect for suspect in self.suspects if suspect.rank == rank)
