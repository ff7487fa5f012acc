"""Reads the structured snapshot of a case: processes, threads with stacks as lines of text, locks and facts."""

from __future__ import annotations

from typing import Any, cast

from analyzer.diagnose.document import Document, Place
from analyzer.model import (
    Capture,
    CaptureMethod,
    Fact,
    Frame,
    Holds,
    Libc,
    Lock,
    Owner,
    Process,
    Snapshot,
    Thread,
    ThreadRef,
    Wait,
)
from analyzer.model.facts import FACTS

_METHODS = ("attach", "stop", "no-stop", "core", "trace", "proc")
_PROCESS = frozenset({"pid", "ppid", "name", "state", "libc", "facts", "thread"})
_THREAD = frozenset({"tid", "state", "moved", "stack", "wait", "timed", "peers", "lock", "facts", "total"})
_LOCK = frozenset({"address", "symbol", "word", "records-owner", "owner", "owner-pid", "orphaned"})


def read_snapshot(document: Document, data: dict[str, Any]) -> Snapshot | None:
    """The snapshot under ``[snapshot]``; mistakes are noted in the document."""
    table = data["snapshot"]
    place: Place = ("snapshot",)
    if not isinstance(table, dict):
        document.wrong(place, "'snapshot' must be a table")
        return None
    document.only(table, place, frozenset({"method", "process"}))
    method = cast("CaptureMethod", document.choice(table, place, "method", _METHODS, "attach"))
    capture = Capture(method, None, None, None, None)
    found = document.tables(table, place, "process")
    if not found:
        document.wrong(place, "a snapshot needs [[snapshot.process]]")
    return Snapshot(capture, tuple(_process(document, one, where, capture) for where, one in found))


def _process(document: Document, table: dict[str, Any], place: Place, capture: Capture) -> Process:
    document.only(table, place, _PROCESS)
    pid = document.number(table, place, "pid")
    facts = _facts(document, table, place, None)
    threads: list[Thread] = []
    locks: dict[str, Lock] = {}
    for where, one in document.tables(table, place, "thread"):
        thread = _thread(document, one, where)
        threads.append(thread)
        facts += _facts(document, one, where, thread.tid)
        lock = _lock(document, one, where)
        if lock is not None:
            waiters = (*locks[lock.address].waiters, thread.tid) if lock.address in locks else (thread.tid,)
            locks[lock.address] = Lock(lock.address, lock.symbol, None, lock.word, lock.records_owner, lock.owner, waiters)
    libc = document.string(table, place, "libc") if "libc" in table else None
    kind, _, version = (libc or "").partition(" ")
    return Process(
        pid=pid,
        name=document.string(table, place, "name", "program"),
        ppid=document.number(table, place, "ppid") if "ppid" in table else None,
        state=document.string(table, place, "state") if "state" in table else None,
        libc=Libc("glibc" if kind == "glibc" else "musl" if kind == "musl" else "unknown", version or None) if libc else None,
        threads=tuple(threads),
        locks=tuple(locks.values()),
        facts=tuple(facts),
        capture=capture,
    )


def _thread(document: Document, table: dict[str, Any], place: Place) -> Thread:
    document.only(table, place, _THREAD)
    frames, cut = read_stack(document.string(table, place, "stack", ""))
    wait = None
    if "wait" in table:
        peers = tuple(ThreadRef(pid) for pid in table.get("peers", []) if isinstance(pid, int))
        kind = document.string(table, place, "wait")
        wait = Wait(kind, kind, timed=table.get("timed"), peers=peers)
    moved = table.get("moved")
    total = table.get("total")
    return Thread(
        tid=document.number(table, place, "tid"),
        state=document.string(table, place, "state") if "state" in table else None,
        moved=moved if isinstance(moved, bool) else None,
        frames=frames,
        frames_total=total if isinstance(total, int) else None,
        cut=cut,
        wait=wait,
    )


def read_stack(text: str) -> tuple[tuple[Frame, ...], bool]:
    """Frames from lines of ``function [file]``, innermost first, and whether some are missing.

    ``??`` is a frame without a name, ``...`` stands for frames that were not seen.
    """
    frames: list[Frame] = []
    level, cut = 0, False
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if words == ["..."]:
            cut, level = True, level + 100
            continue
        if line.strip() == "<signal handler called>":
            frames.append(Frame(level, line.strip(), signal=True))
        else:
            function, module = line.rsplit(None, 1) if len(words) > 1 else (line.strip(), None)
            function = function.strip()
            frames.append(Frame(level, None if function == "??" else function, module))
        level += 1
    return tuple(frames), cut


def _lock(document: Document, table: dict[str, Any], place: Place) -> Lock | None:
    if "lock" not in table:
        return None
    value = table["lock"]
    where = (*place, "lock")
    if not isinstance(value, dict):
        document.wrong(where, "'lock' must be a table")
        return None
    document.only(value, where, _LOCK)
    address = document.string(value, where, "address")
    owner = None
    if "owner" in value:
        tid = document.number(value, where, "owner")
        owner = Owner(hex(tid), tid, pid=value.get("owner-pid"), orphaned=value.get("orphaned"))
    word = value.get("word")
    return Lock(
        address,
        symbol=document.string(value, where, "symbol") if "symbol" in value else None,
        word=word if isinstance(word, int) else None,
        records_owner=value.get("records-owner", owner is not None),
        owner=owner,
    )


def _facts(document: Document, table: dict[str, Any], place: Place, tid: int | None) -> list[Fact]:
    given = table.get("facts", {})
    where = (*place, "facts")
    if not isinstance(given, dict):
        document.wrong(where, '\'facts\' must be a table: name = "yes", "no" or "unknown"')
        return []
    found = []
    for name, holds in given.items():
        kind = FACTS.get(name)
        if kind is None:
            document.wrong((*where, name), f"there is no fact {name!r}", value=name)
        elif holds not in ("yes", "no", "unknown"):
            document.wrong((*where, name), f"{name} must be yes, no or unknown, not {holds!r}", value=name)
        elif kind.scope == "process" and tid is not None:
            document.wrong((*where, name), f"{name} is a fact of the process, not of a thread", value=name)
        else:
            found.append(Fact(name, kind.asked, cast("Holds", holds), "", "in the case", tid))
    return found
