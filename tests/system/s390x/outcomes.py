"""The lines that stand at the end of a test run: what each case came to."""

from __future__ import annotations

from typing import Any

LINES: list[str] = []


def note_verdict(case: str, how: str, result: dict[str, Any], seconds: float) -> None:
    """Verdict, lock, orphaning thread and seconds of one analysis."""
    findings = result["findings"]
    if not findings:
        LINES.append(f"{case:7} {how:20} {result['status']:10} {'':26} {'':32} {seconds:6.1f} s")
        return
    found = findings[0]
    lock = found["lock"] or {}
    owner = lock.get("owner")
    orphaned_by = " in ".join(filter(None, (f"thread {owner['tid']}", owner["function"]))) if owner else "holder not recorded"
    LINES.append(f"{case:7} {how:20} {found['certainty']:10} {lock.get('symbol') or '':26} {orphaned_by:32} {seconds:6.1f} s")


def note(line: str) -> None:
    """Anything else that should be seen."""
    LINES.append(line)
