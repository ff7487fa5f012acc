"""The environment of an analysis as rows of a table, and the list of what a report leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from analyzer.render.find import subject_pid
from analyzer.render.units import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.model import Capture, Diagnosis, Libc, Process, Redaction
    from analyzer.render.words import Words

REDACTED_LIMIT = 40
"""Placeholders of one kind that are named."""


class Entry(NamedTuple):
    """One row: what, and its value."""

    name: str
    value: str
    code: bool = False
    """The value is a path, an id or a command."""


class Part(NamedTuple):
    """Rows that belong together."""

    title: str
    entries: tuple[Entry, ...]


def surroundings(diagnosis: Diagnosis, words: Words) -> tuple[Part, ...]:
    """The machine and the tools, how it was captured, then one part a process. What is not known is left away."""
    snapshot = diagnosis.snapshot
    host: list[Entry | None] = []
    if snapshot.host is not None:
        host = [
            _entry(words("env.machine"), snapshot.host.machine),
            _entry(words("env.kernel"), snapshot.host.kernel),
            _entry(words("env.distribution"), snapshot.host.distribution),
            _entry(words("env.processors"), snapshot.host.processors),
        ]
    host.append(_entry(words("env.taken-at"), snapshot.taken_at and moment(snapshot.taken_at)))
    host.append(_entry(words("env.fingerprint"), diagnosis.fingerprint, code=True))
    host.append(_entry(words("env.source"), snapshot.source, code=True))
    host += [_entry(tool.name, " · ".join(filter(None, (tool.version, tool.path)))) for tool in snapshot.tools]
    parts = [Part(words("env.host"), _known(host)), Part(words("env.capture"), _capture(snapshot.capture, words))]
    parts += [Part(words.process(one, one.pid), _process(one, words)) for one in snapshot.processes]
    return tuple(part for part in parts if part.entries)


def left_out(diagnosis: Diagnosis, words: Words) -> tuple[str, ...]:
    """What this report does not show, and what could not be seen, one sentence each."""
    snapshot = diagnosis.snapshot
    shown = any(process.command_line is not None for process in snapshot.processes)
    told = [words("left-out.command-line-shown" if shown else "left-out.command-line"), words("left-out.memory")]
    told += _redacted(diagnosis.redactions, words)
    for process in snapshot.processes:
        name = words.process(process, process.pid)
        if process.threads_total is not None and process.threads_total > len(process.threads):
            shown_of = {"shown": len(process.threads), "process": name}
            told.append(words.count("left-out.threads", process.threads_total, **shown_of))
        if cut := [thread for thread in process.threads if thread.cut]:
            told.append(words.count("left-out.cut", len(cut), process=name))
        problems = dict.fromkeys(thread.problem for thread in process.threads if thread.problem)
        told += [words("left-out.problem", process=name, problem=problem) for problem in problems]
    return tuple(dict.fromkeys((*told, *unseen(diagnosis))))


def _redacted(redactions: Sequence[Redaction] | None, words: Words) -> list[str]:
    """A sentence for each kind of value that was replaced: its placeholders, and how often each stands in the result."""
    if redactions is None:
        return []
    kinds: dict[str, list[str]] = {}
    for one in redactions:
        kinds.setdefault(one.kind, []).append(words.count("left-out.redacted-name", one.count, name=one.name))
    told = []
    for kind, names in kinds.items():
        shown = names[:REDACTED_LIMIT]
        if more := len(names) - len(shown):
            shown.append(words.count("left-out.redacted-more", more))
        told.append(words("left-out.redacted", kind=words.choice("redacted-kind", kind), names=", ".join(shown)))
    return told or [words("left-out.redacted-none")]


def unseen(diagnosis: Diagnosis) -> tuple[str, ...]:
    """Every note «could not check, because ...», once."""
    snapshot = diagnosis.snapshot
    captures = [snapshot.capture, *(one.capture for one in snapshot.processes if one.capture is not None)]
    return tuple(dict.fromkeys([*snapshot.notes, *(note for capture in captures for note in capture.notes)]))


def _capture(capture: Capture, words: Words) -> tuple[Entry, ...]:
    consistent = None if capture.consistent is None else words("yes" if capture.consistent else "no")
    stopped = None if capture.stopped_ms is None else words("env.milliseconds", ms=f"{capture.stopped_ms:g}")
    before, after = (words.choice("state", state) for state in (capture.state_before, capture.state_after))
    known = capture.state_before is not None or capture.state_after is not None
    return _known(
        [
            _entry(words("env.method"), words.choice("method", capture.method)),
            _entry(words("env.why"), capture.why),
            _entry(words("env.stopped"), stopped),
            _entry(words("env.consistent"), consistent),
            _entry(words("env.states"), words("env.before-after", before=before, after=after) if known else None),
        ]
    )


def _process(process: Process, words: Words) -> tuple[Entry, ...]:
    inner = process.namespace_pids[1:]
    cpu = None if process.cpu_s is None else words("env.seconds", s=f"{process.cpu_s:g}")
    modules = {module.path: module for module in process.modules}
    executable, own_libc = process.executable or "", process.libc.path if process.libc else ""
    listed = [one for path, one in modules.items() if path not in (executable, own_libc)]
    return _known(
        [
            _entry(words("env.executable"), process.executable, code=True),
            _entry(words("env.build-id"), process.build_id, code=True),
            _entry(words("env.architecture"), process.architecture),
            _entry(words("env.libc"), _libc(process.libc, words)),
            _entry(words("env.libc-build-id"), process.libc.build_id if process.libc else None, code=True),
            _entry(words("env.state"), words.choice("state", process.state) if process.state else None),
            _entry(words("env.threads"), process.threads_total or len(process.threads)),
            _entry(words("env.parent"), process.ppid),
            _entry(words("env.namespace-pids"), ", ".join(map(str, inner))),
            _entry(words("env.user"), process.uid),
            _entry(words("env.started-at"), process.started_at and moment(process.started_at)),
            _entry(words("env.cpu"), cpu),
            _entry(words("env.command-line"), _quoted(process.command_line), code=True),
            *(_entry(one.path, one.build_id or words("value.unknown"), code=True) for one in listed),
        ]
    )


def _libc(libc: Libc | None, words: Words) -> str | None:
    if libc is None:
        return None
    told = " ".join(filter(None, (words.choice("libc", libc.kind), libc.version)))
    if libc.path:
        told += f" · {libc.path}"
    if libc.debug_info is not None:
        told += " · " + words("env.debug-info" if libc.debug_info else "env.no-debug-info")
    return told


def _quoted(arguments: tuple[str, ...] | None) -> str | None:
    if arguments is None:
        return None
    import shlex

    return shlex.join(arguments)


def _entry(name: str, value: object, *, code: bool = False) -> Entry | None:
    return None if value is None or value == "" else Entry(name, str(value), code)


def _known(entries: list[Entry | None]) -> tuple[Entry, ...]:
    return tuple(entry for entry in entries if entry is not None)


def subject_name(diagnosis: Diagnosis, words: Words) -> str:
    """The process that was asked for, in words; for titles."""
    pid = subject_pid(diagnosis)
    process = next((one for one in diagnosis.snapshot.processes if one.pid == pid), None)
    return words.process(process, pid or 0)
