"""libc-is-glibc: do glibc's locks and thread structures mean anything in this process?"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.capture.facts.answer import unknown, yes_no
from analyzer.capture.seen import Seen
from analyzer.model import Fact


def measure(seen: Seen, family: Mapping[int, Seen]) -> list[Fact]:  # noqa: ARG001 - every fact has the same form
    """One answer for the process."""
    how = f"grep -E 'libc|musl' /proc/{seen.pid}/maps"
    libc = seen.libc.value
    if libc.kind == "unknown":
        return [unknown("libc-is-glibc", seen.libc.why_unknown, how)]
    named = f"{libc.kind} {libc.version}" if libc.version else libc.kind
    value = f"{named}, {libc.path}" if libc.path else named
    return [yes_no("libc-is-glibc", libc.kind == "glibc", value, how)]
