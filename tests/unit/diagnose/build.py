"""Snapshots and catalogues for the tests, made from a line of text."""

from __future__ import annotations

from pathlib import Path

from analyzer.data import folder
from analyzer.diagnose import Catalogue
from analyzer.diagnose.case_snapshot import read_stack
from analyzer.diagnose.read_catalogue import load_catalogue
from analyzer.model import Capture, CaptureMethod, Fact, Holds, Lock, Process, Snapshot, Thread
from analyzer.model.facts import FACTS

_LOADED: list[Catalogue] = []

RAW_CLONE = {
    "created-by-raw-clone": "yes",
    "tcb-tid-stale": "yes",
    "robust-list-unregistered": "yes",
    "address-space-shared": "no",
}
ORPHANED = {"futex-wait": "yes", "lock-word-held": "yes", "lock-orphaned": "yes", "lock-owner-alive": "no"}


def shipped() -> Catalogue:
    """The catalogue of this checkout, read once."""
    if not _LOADED:
        _LOADED.append(load_catalogue([folder("signatures")]))
    return _LOADED[0]


def thread(stack: str, tid: int = 10, **fields: object) -> Thread:
    """A thread from ``inner <- outer <- ...``; a word behind a name is its file; «...» is a cut."""
    frames, cut = read_stack("\n".join(part.strip() for part in stack.split("<-")))
    return Thread(tid=tid, **{"frames": frames, "cut": cut, **fields})  # type: ignore[arg-type]


def facts(answers: dict[str, str], tid: int = 10) -> tuple[Fact, ...]:
    """Facts by name; those of threads are given to thread ``tid``."""
    made = []
    for name, holds in answers.items():
        kind = FACTS[name]
        answer: Holds = "yes" if holds == "yes" else "no" if holds == "no" else "unknown"
        made.append(Fact(name, kind.asked, answer, "seen", "look", tid if kind.scope == "thread" else None))
    return tuple(made)


def snapshot(
    *threads: Thread,
    method: CaptureMethod = "attach",
    answers: dict[str, str] | None = None,
    locks: tuple[Lock, ...] = (),
    pid: int = 10,
) -> Snapshot:
    """One process with these threads; the facts of threads belong to the first one."""
    capture = Capture(method, 0.0, True, None, None)
    given = facts(answers or {}, threads[0].tid if threads else 0)
    process = Process(pid, "program", threads=threads, facts=given, locks=locks, capture=capture)
    return Snapshot(capture, (process,))


def write_catalogue(root: Path, files: dict[str, str]) -> Path:
    """A catalogue folder with these files."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root
