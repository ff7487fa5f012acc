"""The parcel made of a saved report: the file as it is, a comment that stands alone, and the mark of the finding."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from analyzer.ticket.parcel import Kind, Parcel

if TYPE_CHECKING:
    from analyzer.model import Diagnosis

MARK = "hanganalyze-fingerprint: "


def mark_of(diagnosis: Diagnosis) -> str:
    """The line that finds this finding again; a diagnosis without a fingerprint is known by its whole contents."""
    fingerprint = diagnosis.fingerprint
    if fingerprint is None:
        from analyzer.render.json import to_json

        fingerprint = hashlib.sha256(to_json(diagnosis, indent=None).encode()).hexdigest()[:12]
    return MARK + fingerprint


def parcel_of(
    diagnosis: Diagnosis, kind: Kind, limit: int, *, private: bool, gist: bool, attached: str | None, hand_over: bool
) -> Parcel:
    """``limit``: characters of a comment. The attachment is made anew from the result, so that it is a page and nothing else."""
    from analyzer.output import default_name
    from analyzer.render import render
    from analyzer.render.verdict import verdict
    from analyzer.render.words import ENGLISH

    mark = mark_of(diagnosis)
    text = render(diagnosis, "markdown" if kind in {"gitlab", "github"} else "text").decode()
    note = "\n[... the report has the rest]\n"
    tail = f"\n{mark}\n"
    room = limit - len(tail) - 200  # for the link to the file and the fences around the text
    if len(text) > room:
        text = text[: room - len(note)] + note
    base, dot, suffix = default_name(diagnosis.snapshot, "html").rpartition(".")
    return Parcel(
        file_name=f"{base}-{mark.removeprefix(MARK)}{dot}{suffix}",
        data=b"" if hand_over else render(diagnosis, "html"),
        text=text.rstrip("\n") + "\n" + tail,
        mark=mark,
        summary=f"hanganalyze: {verdict(diagnosis, ENGLISH).sentence}"[:200],
        private=private,
        gist=gist,
        attached=attached,
    )
