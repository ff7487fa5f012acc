"""The overview: what the tree counts, what members share, what is private, what a stranger's names may not do."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from analyzer.batch.tree import merged
from analyzer.model import Diagnosis
from analyzer.render.json import to_json
from tests.tools.pile import BUGS, trace, traces
from tests.unit.batch.running import batch
from tests.unit.render import fixtures

FRAMES = {"a": ("start", "main", "left", "lock"), "b": ("start", "main", "right"), "c": ("start", "other")}


def test_the_tree_counts_inputs_once_and_threads_all() -> None:
    nodes, more = merged({(("a", 1), ("b", 4)): 3, (("a", 2),): 1, (("c", 1),): 2}, FRAMES)
    assert more == 0
    assert [(one.depth, one.frames, one.members, one.threads) for one in nodes] == [
        (0, ("start",), 6, 19),
        (1, ("main",), 4, 17),
        (2, ("left", "lock"), 4, 5),
        (2, ("right",), 3, 12),
        (1, ("other",), 2, 2),
    ]


def test_what_is_left_out_of_a_tree_hangs_below_what_stays() -> None:
    frames = {f"s{number}": ("start", f"f{number}", f"g{number}") for number in range(50)}
    nodes, more = merged({((f"s{number}", 1),): number + 1 for number in range(50)}, frames, limit=10)
    assert len(nodes) == 10
    assert more == 41
    assert nodes[0].frames == ("start",)
    assert [one.members for one in nodes[1:]] == list(range(50, 41, -1))


def test_a_very_deep_stack(tmp_path: Path) -> None:
    frames = "\n".join(f"#{level} 0x{level:016x} in down (n={level}) at a.c:1" for level in range(5000))
    (tmp_path / "deep.txt").write_text(f"Thread 1 (LWP 7):\n{frames}\n")
    assert batch(tmp_path / "deep.txt", output=tmp_path / "out").overview["inputs"] == 1


def variant(number: int) -> Diagnosis:
    """The podman hang as seen on another kernel, on another day."""
    found = fixtures.proven()
    host = found.snapshot.host
    assert host is not None
    host = dataclasses.replace(host, kernel=f"6.1.{number % 2}")
    return dataclasses.replace(
        found, snapshot=dataclasses.replace(found.snapshot, host=host, taken_at=f"2026-03-{number + 1:02}T10:00:00+00:00")
    )


def test_what_members_do_not_share_and_when(tmp_path: Path) -> None:
    (tmp_path / "many.jsonl").write_text("".join(to_json(variant(number), indent=None) + "\n" for number in range(10)))
    (tmp_path / "new.txt").write_text(trace(2))
    found = batch(tmp_path / "many.jsonl", tmp_path / "new.txt", output=tmp_path / "out").overview
    unexplained, known = found["clusters"]
    assert unexplained["signature"] is None  # first, though it is one against ten
    assert known["members"] == 10
    (kernel,) = (one for one in known["differs"] if one["name"] == "kernel")
    assert kernel["shares"] == [{"value": "6.1.0", "members": 5}, {"value": "6.1.1", "members": 5}]
    assert "C library" in {one["name"] for one in known["shared"]}
    assert (known["first_seen"], known["last_seen"]) == ("2026-03-01T10:00:00+00:00", "2026-03-10T10:00:00+00:00")
    assert sum(known["timeline"]) == 10
    assert sum(bucket["members"] for bucket in found["timeline"]) == 11
    assert known["tree"][0]["members"] == 10
    render_again = tmp_path / "out" / known["example"]["file"]
    assert json.loads(render_again.read_text())["status"] == "root-cause"


def test_private_values_have_one_placeholder_in_everything_that_is_written(tmp_path: Path) -> None:
    home = tmp_path / "home" / "wilhelmina"
    home.mkdir(parents=True)
    for number in range(4):
        text = trace(number).replace("../src/part3/", "/home/wilhelmina/src/")
        (home / f"{number}.txt").write_text(f"  Hostname: secretnode{number % 2}\n{text}")
    (home / "bad.txt").write_text("nothing")
    ran = batch(home, output=tmp_path / "out")
    assert ran.overview["hosts"] == 2
    written = [file for file in (tmp_path / "out").rglob("*") if file.is_file() and file.name not in {"secret", "lock"}]
    assert len(written) == 3 + 4
    for file in written:
        data = file.read_bytes()
        assert b"wilhelmina" not in data, file
        assert b"secretnode" not in data, file
    users = {name for row in ran.rows.values() for name in re.findall(r"<user-\d+>", json.dumps(row))}
    assert len(users) == 1
    open_ran = batch(home, "--include-values", output=tmp_path / "open")
    assert {row["host"] for row in open_ran.rows.values()} == {"secretnode0", "secretnode1", None}


HOSTILE = ["<script>alert(1)</script>", "\x1b[2J", "\u202egnp", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "a\nb"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(tmp_path: Path, name: str) -> None:
    pile = tmp_path / "pile"
    pile.mkdir()
    (pile / name.replace("/", "_")).write_text(
        trace(2).replace("wait_for_the_moon", name.replace("\n", " ")).replace("bug2", name[:6])
    )
    (pile / f"{name.replace('/', '_')}.bin").write_bytes(bytes(99))
    ran = batch(pile, output=tmp_path / "out")
    assert ran.overview["inputs"] == 2
    page = (tmp_path / "out" / "overview.html").read_text()
    assert "<script" not in page
    assert "<img" not in page
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", page)
    assert "49" not in re.findall(r"<code>(.*?)</code>", page)


def test_the_page_needs_nothing_else_and_stays_small(tmp_path: Path) -> None:
    ran = batch(traces(tmp_path / "pile", 3 * BUGS), output=tmp_path / "out")
    page = (tmp_path / "out" / "overview.html").read_text()
    assert re.search(r"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-", page)
    assert not re.search(r"<(script|link|img|iframe)\b|https?://", page)
    assert len(page) < 500_000
    assert page.count('class="group cluster') == len(ran.overview["clusters"]) == BUGS
    assert page.index("Not explained") < page.index("Possible")
