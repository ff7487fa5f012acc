"""A diagnosis boiled down to a row: what it is called, what it may share with others, the stacks of the process it is about."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analyzer.batch.item import Item, Row, Setup, Stack
from analyzer.render.find import process_of, subject_pid, telling_frame, thread_in
from analyzer.render.frames import normalised
from analyzer.render.groups import stack_key
from analyzer.render.safe import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.model import Diagnosis, Process, Thread
    from analyzer.model.batch import Outcome

STACKS_LIMIT = 64
"""Different stacks that are kept of one process; the JSON has all of them."""
NAME_LIMIT = 160


def row_of(item: Item, name: str, diagnosis: Diagnosis, host: str | None, setup: Setup, size: int) -> Row:
    """The row; ``name``: of the item, redacted; ``size``: bytes of its JSON."""
    finding = diagnosis.findings[0] if diagnosis.findings else None
    process, thread = _told_of(diagnosis)
    outcome: Outcome = "unclear" if diagnosis.status == "unclear" and finding is None else "analysed"
    return Row(
        key=item.key,
        name=name,
        kind=item.origin or item.kind,
        stamp=item.stamp,
        container=item.container,
        seen_at=_time(diagnosis.snapshot.taken_at) or item.seen_at,
        outcome=outcome,
        status=diagnosis.status,
        cluster=diagnosis.fingerprint or _by_stack(thread),
        signature=finding.signature if finding else None,
        certainty=finding.certainty if finding else None,
        title=finding.title if finding else _title(thread),
        host=host,
        traits=tuple(_traits(diagnosis, process)),
        stacks=_stacks(process),
        size=size,
        catalogue=setup.catalogue_digest,
    )


def _time(text: str | None) -> str | None:
    """UTC with seconds, so that times can be compared as texts; None for what is no time."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat(timespec="seconds")


def _told_of(diagnosis: Diagnosis) -> tuple[Process | None, Thread | None]:
    """The process and the thread that the cluster speaks of: the first finding's, else where the chain begins."""
    finding = diagnosis.findings[0] if diagnosis.findings else None
    if finding is not None:
        process = process_of(diagnosis, finding.pid)
        return process, thread_in(process, finding.tid)
    for link in diagnosis.chain[:1]:
        process = process_of(diagnosis, link.pid)
        if (thread := thread_in(process, link.tid)) is not None:
            return process, thread
    process = process_of(diagnosis, subject_pid(diagnosis))
    return process, next((one for one in process.threads if one.frames), None) if process else None


def _by_stack(thread: Thread | None) -> str | None:
    """Where no frame has a name, the modules and offsets stand for the bug: they are equal for equal builds."""
    if thread is None or not thread.frames:
        return None
    text = "\n".join(f"{module}\0{function}" for function, module in stack_key(thread.frames))
    return "stack-" + hashlib.blake2s(text.encode("utf-8", "replace"), digest_size=6).hexdigest()


def _title(thread: Thread | None) -> str | None:
    frame = telling_frame(thread)
    name = normalised(frame.function) if frame else None
    return f"Stands in {visible(name, NAME_LIMIT)}" if name else "Stands in code without names"


def _traits(diagnosis: Diagnosis, process: Process | None) -> Iterator[tuple[str, str]]:
    """Name and value of everything that may explain why it happens here and not there."""
    snapshot = diagnosis.snapshot
    finding = diagnosis.findings[0] if diagnosis.findings else None
    host = snapshot.host
    found: list[tuple[str, str | None]] = [
        ("capture", snapshot.capture.method),
        ("machine", process.architecture if process and process.architecture else host.machine if host else None),
        ("kernel", host.kernel if host else None),
        ("distribution", host.distribution if host else None),
    ]
    if finding is not None:
        found += [("lock", finding.lock.symbol if finding.lock else None), ("certainty", finding.certainty)]
    if process is not None:
        libc, package = process.libc, process.package
        found += [
            ("program", process.name or None),
            ("build id", process.build_id),
            ("package", f"{package.name} {package.version}" if package and package.name and package.version else None),
            ("C library", f"{libc.kind} {libc.version or ''}".strip() if libc and libc.kind != "unknown" else None),
            ("threads", str(process.threads_total or len(process.threads))),
            ("executable", process.executable),
        ]
    yield from ((name, visible(value, NAME_LIMIT)) for name, value in found if value)


def _stacks(process: Process | None) -> tuple[Stack, ...]:
    """Equal stacks once, the rarest first: what one thread does tells more than what a pool of workers does."""
    if process is None:
        return ()
    counts: dict[tuple[str, ...], int] = {}
    for thread in process.threads:
        if thread.frames:
            frames = tuple(_named(function, module) for function, module in reversed(stack_key(thread.frames)))
            counts[frames] = counts.get(frames, 0) + 1
    ordered = sorted(counts.items(), key=lambda one: (one[1], one[0]))
    return tuple(Stack(frames, threads) for frames, threads in ordered[:STACKS_LIMIT])


def _named(function: str, module: str) -> str:
    """A frame as the tree calls it. Modules of named functions differ between builds that do the same."""
    nameless = function.startswith("?? ")
    return visible(f"{module or '??'}+{function[3:]}" if nameless else function, NAME_LIMIT)
