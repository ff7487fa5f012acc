"""One item in, one row and its JSON out. Runs in whatever process an engine likes; touches nothing but the item."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.batch.item import Done, Item, Row, Setup, json_place
from analyzer.batch.rows import row_of
from analyzer.errors import CannotAnalyse, DebuggerDied, DebuggerMissing, HangAnalyzeError
from analyzer.lean_dataclass import replace
from analyzer.model import Diagnosis
from analyzer.redact import redact, redact_text
from analyzer.scratch import scratch_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

_HOSTNAME = re.compile(r"^\s*Hostname: *(\S{1,64})\s*$", re.MULTILINE)
"""coredumpctl info prints it; other traces do not say where they come from."""


def judge_all(items: Sequence[Item], setup: Setup) -> list[Done]:
    """Every item of a batch. Raises OutputUnwritable where the JSON cannot be written, and nothing else."""
    return [judge(item, setup) for item in items]


def judge(item: Item, setup: Setup) -> Done:
    """One item; whatever is wrong with it becomes the row's reason."""
    if item.kind == "core" and item.path and "://" in item.path:
        return _fetched(item, setup)
    began = _clock(item)
    try:
        diagnosis, host = _diagnosed(item, setup)
    except _Unreadable as unreadable:
        return Done(unread(item, str(unreadable), setup, again=item.again), None, _clock(item) - began)
    except (DebuggerDied, DebuggerMissing) as error:
        return Done(unread(item, _first(error), setup, again=True), None, _clock(item) - began)
    except HangAnalyzeError as error:
        return Done(unread(item, _first(error), setup), None, _clock(item) - began)
    except Exception as error:  # one odd input must not end the analysis of the others
        text = f"a mistake in hanganalyze itself: {error!r}; please report it"
        return Done(unread(item, text[:500], setup), None, _clock(item) - began)
    return finished(item, diagnosis, host, setup, began)


def _clock(item: Item) -> float:
    """Seconds: of this thread's processor for a text, so that a busy machine does not look like dear items; real ones where gdb
    does the work."""
    return time.thread_time() if item.payload is not None else time.perf_counter()


def _fetched(item: Item, setup: Setup) -> Done:
    """A core at an address, from a private copy."""
    from analyzer.batch.remote import fetch

    assert item.path is not None
    with scratch_folder("core") as folder:
        path = folder / "core"
        try:
            fetch(item.path, path)
        except (OSError, ValueError) as error:
            return Done(unread(item, f"it cannot be fetched: {error}"[:300], setup, again=True), None, 0.0)
        return judge(replace(item, path=str(path), temporary=True), setup)


def finished(item: Item, diagnosis: Diagnosis, host: str | None, setup: Setup, began: float) -> Done:
    """The row and the JSON of an analysed item; ``host``: its placeholder, or its name where nothing is to be redacted."""
    from analyzer.render.json import to_json

    data = to_json(diagnosis, indent=None)
    if item.temporary and item.path:
        data = data.replace(json.dumps(item.path)[1:-1], json.dumps(diagnosis.snapshot.source or "")[1:-1])
    packed = data.encode()
    row = row_of(item, _name(item, setup), diagnosis, host, setup, len(packed))
    if setup.folder is None:
        return Done(row, packed, _clock(item) - began)
    from analyzer.batch.files import put

    put(Path(setup.folder) / json_place(item.key), packed)
    return Done(row, None, _clock(item) - began)


def unread(item: Item, because: str, setup: Setup, *, again: bool = False) -> Row:
    """The row of an item that could not be read."""
    text = because.replace(item.path, item.name) if item.temporary and item.path else because
    return Row(
        key=item.key,
        name=_name(item, setup),
        kind=item.origin or item.kind,
        stamp=item.stamp,
        container=item.container,
        seen_at=item.seen_at,
        outcome="unreadable",
        because=_shown(text, setup),
        again=again,
        catalogue=setup.catalogue_digest,
    )


class _Unreadable(Exception):
    """The reason is the message."""


def _diagnosed(item: Item, setup: Setup) -> tuple[Diagnosis, str | None]:
    """The diagnosis, ready to be written, and the machine's placeholder where the input tells of it."""
    if item.because is not None:
        raise _Unreadable(item.because)
    if item.kind == "trace":
        return _of_trace(item, setup)
    if item.kind in {"saved", "again"}:
        return _of_saved(item, setup), item.host
    return _clean(_of_core(item, setup), item, setup), None


def _of_trace(item: Item, setup: Setup) -> tuple[Diagnosis, str | None]:
    from analyzer.capture.trace import parse_trace
    from analyzer.diagnose import diagnose

    text = (item.payload or b"").decode("utf-8", "backslashreplace")
    snapshot = parse_trace(text, item.name)
    if not any(process.threads for process in snapshot.processes):
        raise _Unreadable("no stack was found in this text")
    named = _HOSTNAME.search(text)
    host = named and (setup.naming("host", named[1]) if setup.redacted else named[1])
    return _clean(diagnose(snapshot, setup.catalogue), item, setup), host


def _of_saved(item: Item, setup: Setup) -> Diagnosis:
    from analyzer.diagnose import diagnose
    from analyzer.render import load

    saved = load(item.payload or b"")
    judged = diagnose(saved.snapshot, setup.catalogue, saved.subject)
    judged = replace(judged, reference=saved.reference, redactions=saved.redactions)
    if item.kind == "again":  # what was written here was redacted then, or was not to be
        return judged
    return _clean(judged, item, setup, source=saved.snapshot.source)


def _of_core(item: Item, setup: Setup) -> Diagnosis:
    from analyzer.capture.core import CoreOptions, capture_core
    from analyzer.diagnose import diagnose
    from analyzer.model import ThreadRef

    assert item.path is not None
    if not Path(item.path).exists():
        raise _Unreadable("the worker that was to read it cannot see the file: it needs the same folders, or an address")
    snapshot = capture_core(Path(item.path), CoreOptions(None, setup.sysroot, setup.debugger))
    return diagnose(snapshot, setup.catalogue, ThreadRef(snapshot.processes[0].pid))


def _clean(diagnosis: Diagnosis, item: Item, setup: Setup, source: str | None = None) -> Diagnosis:
    """With everything private replaced, unless it was asked to stay."""
    named = replace(diagnosis, snapshot=replace(diagnosis.snapshot, source=source or item.name))
    return redact(named, setup.private, setup.naming)[0] if setup.redacted else named


def _shown(text: str, setup: Setup) -> str:
    return redact_text(text, setup.private, setup.naming) if setup.redacted else text


def _name(item: Item, setup: Setup) -> str:
    return item.name if item.kind == "again" else _shown(item.name, setup)


def _first(error: HangAnalyzeError) -> str:
    """Why, without the next command: in a table of thousands that would be noise."""
    text = error.what if not error.cause or isinstance(error, CannotAnalyse) else f"{error.what} {error.cause}"
    return " ".join(text.split())[:600]
