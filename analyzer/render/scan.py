"""A scan as text for a terminal, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from analyzer.lean_dataclass import asdict
from analyzer.model.scan import Scan, Suspect
from analyzer.render.columns import columns, wrapped
from analyzer.render.safe import visible
from analyzer.render.words import ENGLISH, Words

_INDENT = " " * 9


def to_json(scan: Scan, *, indent: int | None = 2) -> str:
    """The scan as JSON; ``indent=None`` puts it on one line."""
    return json.dumps(asdict(scan), indent=indent, ensure_ascii=False)


def to_text(scan: Scan, words: Words = ENGLISH, *, width: int = 100, everything: bool = False) -> str:
    """The scan for a person. Without ``everything`` those that merely wait are counted, not listed."""
    lines = [words("scan.looked", processes=scan.processes, threads=scan.threads, apart=f"{scan.apart_s:g}")]
    lines += [line for rank in ("hung", "suspect") for one in scan.ranked(rank) for line in told(one, words, width)]
    idle = scan.ranked("waits")
    if everything:
        lines += [line for one in idle for line in told(one, words, width)]
    elif idle:
        lines.append(words.count("scan.idle", len(idle)))
    if not scan.ranked("hung") and not scan.ranked("suspect"):
        lines.append(words("scan.none"))
    lines += [words("scan.not-seen", note=words.said(note)) for note in scan.notes]
    return "\n".join(lines) + "\n"


def told(one: Suspect, words: Words = ENGLISH, width: int = 100) -> Iterator[str]:
    """One process: who, what for, why it has its rank, what to do."""
    threads = words("scan.threads", n=one.threads) if one.threads > 1 else ""
    what = words("scan.line", pid=one.pid, name=visible(one.name, 32), threads=threads, waits=words.said(visible(one.waits, 200)))
    rank = words(f"scan.rank.{one.rank}")
    yield rank + " " * (len(_INDENT) - columns(rank)) + what
    because = words("scan.join").join(map(words.said, one.reasons))
    yield from (_INDENT + line for line in wrapped(visible(because, 600), width - len(_INDENT)))
    status = words.choice("status", one.status) if words.catalogue != "en" else one.status
    yield (
        f"{_INDENT}{status}: {visible(one.report, 400)}" if one.report else _INDENT + words("scan.next", command=one.next_command)
    )
