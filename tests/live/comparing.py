"""Holding the ways of capturing against each other."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.analyse import catalogue
from analyzer.capture.live import Options, capture
from analyzer.capture.method import Choice
from analyzer.diagnose import diagnose
from analyzer.model import Diagnosis, Snapshot, ThreadRef

NEEDS_REGISTER = "its outer frames need a register that only a stopped thread shows (--capture stop)"
NOT_COMPARABLE = {"no-progress", "state-unchanged"}
"""About the time between two samples, which a debugger that was attached before disturbs."""


@dataclass(frozen=True)
class Seen:
    """What one capture came to, in a form that can be compared."""

    frames: dict[int, tuple[str | None, ...]]
    problems: dict[int, str | None]
    locks: dict[str, tuple[object, ...]]
    facts: dict[tuple[int, str, int | None], str]
    verdict: tuple[object, ...]
    snapshot: Snapshot


def seen(pid: int, method: Choice) -> Seen:
    """Capture the process and judge it."""
    snapshot = capture(pid, Options(method=method))
    return compared(snapshot, diagnose(snapshot, catalogue(), ThreadRef(pid)))


def compared(snapshot: Snapshot, diagnosis: Diagnosis) -> Seen:
    """A snapshot taken apart."""
    threads = [thread for process in snapshot.processes for thread in process.threads]
    return Seen(
        frames={thread.tid: tuple(frame.function for frame in thread.frames) for thread in threads},
        problems={thread.tid: thread.problem for thread in threads},
        locks={
            f"{process.pid} {lock.address}": (lock.symbol, lock.word, lock.owner and (lock.owner.tid, lock.owner.pid))
            for process in snapshot.processes
            for lock in process.locks
        },
        facts={
            (process.pid, fact.name, fact.tid): fact.holds
            for process in snapshot.processes
            for fact in process.facts
            if fact.name not in NOT_COMPARABLE
        },
        verdict=(diagnosis.status, tuple((finding.signature, finding.certainty) for finding in diagnosis.findings)),
        snapshot=snapshot,
    )
