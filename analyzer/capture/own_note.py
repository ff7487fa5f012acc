"""What our own cores say beyond a core's words: threads without registers, ids in the innermost pid namespace, and what only the
kernel knew (robust list, shared memory). JSON in a note of our own; reading it back trusts nothing.

    {"version": 1, "method": "no-stop", "consistent": true, "stopped_ms": 0.0, "name": "...", "ppid": 1, "uid": 0,
     "state": "S", "namespace_pids": [7, 1], "between_samples_s": 0.1, "robust_list_unregistered": true,
     "shares_memory": false,
     "threads": [{"tid": 7, "namespace_tid": 1, "name": "...", "state": "S", "wchan": null, "syscall": "202 0x... ",
                  "moved": false, "pointer": 0, "whole": false, "problem": null}]}
"""

from __future__ import annotations

import json
from typing import Any

from analyzer.errors import CoreUnreadable
from analyzer.lean_dataclass import asdict, dataclass

VERSION = 1
_MOST_THREADS = 1 << 18


@dataclass(frozen=True)
class NotedThread:
    """One thread."""

    tid: int
    namespace_tid: int
    name: str
    state: str
    wchan: str | None
    syscall: str | None
    """The line of /proc/PID/task/TID/syscall."""
    moved: bool | None
    pointer: int | None
    """Address of its struct pthread."""
    whole: bool
    """All registers are in the core; else only those that /proc shows."""
    problem: str | None


@dataclass(frozen=True)
class OwnNote:
    """The whole note."""

    method: str
    consistent: bool
    stopped_ms: float
    name: str
    ppid: int
    uid: int
    state: str
    namespace_pids: tuple[int, ...]
    between_samples_s: float | None
    robust_list_unregistered: bool | None
    """None where the kernel did not tell."""
    shares_memory: bool | None
    threads: tuple[NotedThread, ...]


def encode(note: OwnNote) -> bytes:
    """The note's bytes."""
    return json.dumps({"version": VERSION, **asdict(note)}, separators=(",", ":")).encode()


def decode(data: bytes, named: str) -> OwnNote:
    """The note from its bytes; raises CoreUnreadable where they are not of that form."""
    try:
        raw = json.loads(data)
        if not isinstance(raw, dict) or raw.get("version") != VERSION:
            raise ValueError("another version")
        threads = raw["threads"]
        if not isinstance(threads, list) or len(threads) > _MOST_THREADS:
            raise ValueError("threads")
        return OwnNote(
            method=_checked(raw, "method", str),
            consistent=_checked(raw, "consistent", bool),
            stopped_ms=float(_checked(raw, "stopped_ms", (int, float))),
            name=_checked(raw, "name", str),
            ppid=_checked(raw, "ppid", int),
            uid=_checked(raw, "uid", int),
            state=_checked(raw, "state", str),
            namespace_pids=tuple(int(number) for number in _checked(raw, "namespace_pids", list)),
            between_samples_s=_checked(raw, "between_samples_s", (int, float, type(None))),
            robust_list_unregistered=_checked(raw, "robust_list_unregistered", (bool, type(None))),
            shares_memory=_checked(raw, "shares_memory", (bool, type(None))),
            threads=tuple(_thread(entry) for entry in threads),
        )
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError) as error:
        raise CoreUnreadable(named, f"the note of hanganalyze in it is damaged ({error})") from error


def _thread(raw: dict[str, Any]) -> NotedThread:
    return NotedThread(
        tid=_checked(raw, "tid", int),
        namespace_tid=_checked(raw, "namespace_tid", int),
        name=_checked(raw, "name", str),
        state=_checked(raw, "state", str),
        wchan=_checked(raw, "wchan", (str, type(None))),
        syscall=_checked(raw, "syscall", (str, type(None))),
        moved=_checked(raw, "moved", (bool, type(None))),
        pointer=_checked(raw, "pointer", (int, type(None))),
        whole=_checked(raw, "whole", bool),
        problem=_checked(raw, "problem", (str, type(None))),
    )


def _checked(raw: dict[str, Any], key: str, kind: Any) -> Any:
    value = raw[key]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
        raise ValueError(f"{key} is {value!r}")
    return value
