"""A scan as text for a terminal, and as JSON."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from collections.abc import Iterator

from analyzer.model.scan import Scan, Suspect
from analyzer.render.safe import visible

_TOLD = {"hung": "HUNG", "suspect": "suspect", "waits": "waits"}
_INDENT = " " * 9


def to_json(scan: Scan, *, indent: int | None = 2) -> str:
    """The scan as JSON; ``indent=None`` puts it on one line."""
    return json.dumps(dataclasses.asdict(scan), indent=indent, ensure_ascii=False)


def to_text(scan: Scan, *, width: int = 100, everything: bool = False) -> str:
    """The scan for a person. Without ``everything`` those that merely wait are counted, not listed."""
    lines = [f"{scan.processes} processes, {scan.threads} threads; two looks, {scan.apart_s:g} s apart."]
    lines += [line for rank in ("hung", "suspect") for one in scan.suspects if one.rank == rank for line in told(one, width)]
    idle = scan.ranked("waits")
    if everything:
        lines += [line for one in idle for line in told(one, width)]
    elif idle:
        lines.append(f"Waiting as idle thread pools do too, or stopped: {_count(idle)}; --all lists them.")
    if not scan.ranked("hung") and not scan.ranked("suspect"):
        lines.append("None looks hung.")
    lines += [f"Not seen: {note}." for note in scan.notes]
    return "\n".join(lines) + "\n"


def told(one: Suspect, width: int = 100) -> Iterator[str]:
    """One process: who, what for, why it has its rank, what to do."""
    threads = f", {one.threads} threads" if one.threads > 1 else ""
    yield f"{_TOLD[one.rank]:<8} {one.pid} ({visible(one.name, 32)}{threads}) waits for {visible(one.waits, 200)}"
    because = "; ".join(one.reasons)
    yield from textwrap.wrap(visible(because, 600), width, initial_indent=_INDENT, subsequent_indent=_INDENT)
    yield f"{_INDENT}{one.status}: {visible(one.report, 400)}" if one.report else f"{_INDENT}Next: {one.next_command}"


def _count(idle: tuple[Suspect, ...]) -> str:
    return "1 process" if len(idle) == 1 else f"{len(idle)} processes"
