"""A pile of inputs of every kind, and the overview that a real run of the command makes of it."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import replace
from pathlib import Path

from analyzer.model import Diagnosis
from analyzer.model.batch import Overview, Share, Trait, Unread
from analyzer.render import load_any
from analyzer.render.json import to_json
from tests.tools.pile import BUGS, traces
from tests.unit.batch.running import batch
from tests.unit.render import fixtures


def variant(number: int) -> Diagnosis:
    """The podman hang as seen on another kernel, on another day."""
    found = fixtures.proven()
    host = found.snapshot.host
    assert host is not None
    host = replace(host, kernel=f"6.1.{number % 2}")
    snapshot = replace(found.snapshot, host=host, taken_at=f"2026-03-{number + 1:02}T10:00:00+00:00")
    return replace(found, snapshot=snapshot)


def overview_of(*inputs: object, output: Path) -> Overview:
    """What the command makes of them; options may stand among them."""
    batch(*inputs, output=output)
    found = load_any((output / "overview.json").read_bytes())
    assert isinstance(found, Overview)
    return found


@functools.cache
def pile() -> Overview:
    """Known and unknown hangs, and what cannot be read."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        traces(place / "pile", 3 * BUGS)
        (place / "pile" / "many.jsonl").write_text("".join(to_json(variant(one), indent=None) + "\n" for one in range(10)))
        (place / "pile" / "notes.txt").write_text("nothing that could be a stack")
        (place / "pile" / "empty.txt").write_bytes(b"")
        return overview_of(place / "pile", output=place / "out")


def hostile(text: str) -> Overview:
    """The same with ``text`` in every place that a stranger can fill."""
    shares = (Share(text, 3), Share("other", 1))
    traits = (Trait("kernel", shares, 1, 1), Trait(text, shares))
    clusters = tuple(
        replace(
            one,
            cluster=text,
            title=text,
            signature=one.signature and text,
            hosts=shares,
            example=replace(one.example, name=text, file=text),
            tree=tuple(replace(node, frames=(text, "main")) for node in one.tree),
            differs=traits,
            shared=traits,
        )
        for one in pile().clusters[:3]
    )
    return replace(pile(), clusters=clusters, unread=(Unread(text, 1, (text,), True),), tool=text, notes=(text,))
