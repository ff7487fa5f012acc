"""The overview: what the tree counts, what members share, what is private, what a stranger's names may not do."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from pathlib import Path

import pytest

from analyzer.batch.tree import merged
from analyzer.cli import main
from analyzer.model.batch import Overview
from analyzer.render import load_any
from analyzer.render.english_overview import OVERVIEW_TEXTS
from analyzer.render.json import to_json
from analyzer.render.overview_html import overview_to_html
from analyzer.render.overview_markdown import overview_to_markdown
from analyzer.render.overview_text import overview_to_text
from analyzer.render.words import CHINESE, ENGLISH
from tests.tools.pile import BUGS, trace, traces
from tests.unit.batch.piles import hostile, overview_of, pile, variant
from tests.unit.batch.running import batch
from tests.unit.render import fixtures

markdown_it = pytest.importorskip("markdown_it")

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
    assert page.count("<script") == 2
    assert "<img" not in page
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", page)
    assert "49" not in re.findall(r"<code>(.*?)</code>", page)


def test_the_page_needs_nothing_else_and_stays_small(tmp_path: Path) -> None:
    ran = batch(traces(tmp_path / "pile", 3 * BUGS), output=tmp_path / "out")
    page = (tmp_path / "out" / "overview.html").read_text()
    assert re.search(
        r"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-", page
    )
    assert not re.search(r"<(link|img|iframe)\b|https?://", page)
    assert len(page) < 500_000
    assert page.count('class="group cluster') == len(ran.overview["clusters"]) == BUGS
    assert page.index("Not explained") < page.index("Possible")


def test_the_page_holds_the_overview_and_is_made_of_it_again() -> None:
    for words in (ENGLISH, CHINESE):
        page = overview_to_html(pile(), words)
        found = load_any(page.encode())
        assert isinstance(found, Overview)
        assert found == pile()
        assert overview_to_html(found, words) == page


def test_a_pile_without_end_leaves_its_data_beside_the_page() -> None:
    names = (hashlib.sha256(str(number).encode()).hexdigest() for number in range(5000))
    found = dataclasses.replace(pile(), clusters=tuple(dataclasses.replace(pile().clusters[0], cluster=name) for name in names))
    page = overview_to_html(found)
    assert len(page) < 500_000
    assert "hanganalyze-data" not in page
    assert "overview.json" in page


def test_the_overview_speaks_chinese() -> None:
    page = overview_to_html(pile(), CHINESE)
    text = re.sub(r"(?s)<(script|style|code|pre)\b.*?</\1>|<[^>]+>", "\n", page)
    assert "种不同的挂起" in text
    assert "停在" in text
    for key, english in OVERVIEW_TEXTS.items():
        if "{" not in english and len(english) > 5:
            assert english not in text, key
    assert "它是空的" in text
    assert "在该文本中没有找到调用栈" in text


def test_the_command_takes_a_language_and_render_takes_the_overview(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "a.txt").write_text(trace(1))
    overview_of(tmp_path / "a.txt", "--lang", "zh", output=tmp_path / "out")
    assert '<html lang="zh-Hans">' in (tmp_path / "out" / "overview.html").read_text()
    monkeypatch.chdir(tmp_path)
    saved = str(tmp_path / "out" / "overview.json")
    assert main(["render", saved, "--lang", "en"]) in {0, 1}
    assert (tmp_path / "hanganalyze-overview.html").read_text() == overview_to_html(load_any(Path(saved).read_bytes()))  # type: ignore[arg-type]
    capsysbinary.readouterr()
    assert main(["render", saved, "--format", "markdown", "-o", "-"]) in {0, 1}
    assert capsysbinary.readouterr().out.startswith(b"## ")
    assert main(["render", saved, "--hang", "1"]) == 2
    assert b"an overview of many inputs" in capsysbinary.readouterr().err
    assert main(["ticket", saved, "--to", "https://tracker.invalid/1", "--dry-run"]) == 2
    assert b"overview of many inputs" in capsysbinary.readouterr().err


@pytest.mark.parametrize("text", fixtures.HOSTILE, ids=range(len(fixtures.HOSTILE)))
def test_hostile_texts_stay_text_in_markdown_and_on_the_terminal(text: str) -> None:
    made = overview_to_markdown(hostile(text))
    html = markdown_it.MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(made)
    tags = set(re.findall(r"<([a-zA-Z][^\s/>]*)", html))
    assert tags <= {*["h2", "h3", "p", "strong", "ul", "li", "pre", "code", "table", "thead", "tbody", "tr", "th", "td"]}
    assert re.findall(r"<h3>(.*?)</h3>", html) == ["Which hangs these are", "What could not be read"]
    assert not re.search(r"@(?!\u2060)", re.sub(r"<(code|pre)>.*?</\1>", "", html, flags=re.DOTALL))
    assert len(made) < 100_000
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e\udc80-\udcff]", overview_to_text(hostile(text)) + made)
