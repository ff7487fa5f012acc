"""The page: its order, its policy, its size, and that nothing a stranger wrote becomes markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from analyzer.model import Diagnosis
from analyzer.render import render
from analyzer.render.safe import visible
from tests.unit.render import fixtures
from tests.unit.render.page import Element, read

LIMIT = 500_000
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section", "article", "footer", "script"),
    *("h1", "h2", "h3", "p", "a", "strong", "em", "b", "span", "mark", "small", "code", "pre", "br", "wbr", "div"),
    *("ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "details", "summary"),
    *("button", "figure", "svg", "defs", "marker", "path", "rect", "text", "circle"),
}


def page_of(diagnosis: Diagnosis) -> Element:
    return read(render(diagnosis, "html").decode())


def test_the_verdict_comes_first_and_everything_in_its_order() -> None:
    page = page_of(fixtures.proven())
    main = page.one("main")
    assert [section.attributes["id"] for section in main.all("section")] == [
        "verdict",
        "chain",
        "compare",
        "evidence",
        "remedy",
        "threads",
        "environment",
        "left-out",
        "data",
    ]
    first = main.one("section", id="verdict")
    assert first.one("h1").text == "podman (2560) is hung: fork() waits for a lock whose holder a raw clone left behind."
    assert first.one("p", class_="surety").text == (
        "Proven The stack fits, and all 2 decisive questions have the answer that proves it."
    )
    assert first.one("div", class_="fix").text.startswith("What to do Update podman: 4.3.1 is installed, 5.4 has the fix. Kill")


@pytest.mark.parametrize("name", fixtures.ALL)
def test_headings_go_down_one_level_at_a_time_and_there_is_one_h1(name: str) -> None:
    page = page_of(fixtures.ALL[name]())
    levels = [int(one.tag[1]) for one in page.all() if re.fullmatch("h[1-6]", one.tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))


@pytest.mark.parametrize("name", fixtures.ALL)
def test_tables_links_and_landmarks_serve_a_screen_reader(name: str) -> None:
    page = page_of(fixtures.ALL[name]())
    assert page.one("html").attributes["lang"] == "en"
    for tag in ("header", "nav", "main", "footer"):
        page.one(tag)
    for table in page.all("table"):
        assert table.all("caption") or "aria-labelledby" in table.attributes
        assert all(cell.attributes.get("scope") in ("col", "row") for cell in table.all("th"))
    ids = [one.attributes["id"] for one in page.all() if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    for one in page.all():
        assert one.attributes.get("aria-labelledby", ids[0]) in ids
        if one.attributes.get("href", "").startswith("#"):
            assert one.attributes["href"][1:] in ids
    assert all(svg.attributes["aria-hidden"] == "true" for svg in page.all("svg"))


@pytest.mark.parametrize("make", [*fixtures.ALL.values(), *(lambda t=text: fixtures.hostile(t) for text in fixtures.HOSTILE)])
def test_nothing_can_be_fetched_or_run(make: Callable[[], Diagnosis]) -> None:
    page = page_of(make())
    (policy,) = [
        one.attributes["content"] for one in page.all("meta") if one.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    style = page.one("style")
    digest = base64.b64encode(hashlib.sha256("".join(map(str, style.parts)).encode()).digest()).decode()
    (data, script) = page.all("script")
    code = base64.b64encode(hashlib.sha256("".join(map(str, script.parts)).encode()).digest()).decode()
    sources = f"style-src 'sha256-{digest}'; script-src 'sha256-{code}'"
    assert policy == f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"
    assert "url(" not in "".join(map(str, style.parts))
    assert "@import" not in "".join(map(str, style.parts))
    assert data.attributes == {"type": "application/json", "id": "hanganalyze-data"}
    assert script.attributes == {}
    assert not re.search(r"fetch|XMLHttp|import|eval|innerHTML|https?:", "".join(map(str, script.parts)))
    assert {one.tag for one in page.all()} <= ALLOWED
    for one in page.all():
        assert not any(name.startswith("on") or name in ("src", "srcset", "style", "action") for name in one.attributes)
        assert re.match(r"#|https?://", one.attributes.get("href", "#"))


@pytest.mark.parametrize("text", fixtures.HOSTILE)
def test_a_hostile_name_is_shown_as_text(text: str) -> None:
    html = render(fixtures.hostile(text), "html").decode()
    page = read(html)
    shown = " ".join(visible(text, 160).split())
    assert f"(2560) is hung: {shown[:150]}" in page.one("h1").text
    page_text = html.replace(page.one("script", id="hanganalyze-data").text, "")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b-\u200f]", page_text)


def test_a_page_with_a_thousand_threads_is_small_enough_for_a_ticket() -> None:
    assert len(render(fixtures.hung_unknown(1000, 60), "html")) < LIMIT


def test_a_thousand_different_stacks_with_long_names_are_still_small_enough() -> None:
    diagnosis = fixtures.hung_unknown(1000, 1000)
    process = diagnosis.snapshot.processes[0]
    threads = tuple(
        replace(
            one, frames=tuple(replace(frame, function=f"{frame.function}<{'std::vector<long>, ' * 9}>") for frame in one.frames)
        )
        for one in process.threads
    )
    html = render(
        replace(diagnosis, snapshot=replace(diagnosis.snapshot, processes=(replace(process, threads=threads),))), "html"
    )
    assert len(html) < LIMIT
    assert "1\u202f000 different stacks" in html.decode()


def test_a_hundred_kilobytes_in_every_name_do_not_make_a_large_page() -> None:
    assert len(render(fixtures.hostile("x" * 100_000), "html")) < LIMIT


def test_a_name_without_end_leaves_room_for_the_verdict() -> None:
    assert len(page_of(fixtures.hostile("x" * 100_000)).one("h1").text) < 500


def test_the_data_inside_is_the_json_and_cannot_end_its_element() -> None:
    for make in (fixtures.proven, lambda: fixtures.hostile("</script><!--<script>")):
        diagnosis = make()
        inside = page_of(diagnosis).one("script", id="hanganalyze-data").text
        assert "<" not in inside
        assert json.loads(inside) == json.loads(render(diagnosis, "json"))


def test_the_way_to_the_data_that_the_page_tells_really_works(tmp_path: Path) -> None:
    """Runs the Python lines from the page itself, on a small and on a packed result."""
    for diagnosis in (fixtures.proven(), fixtures.hung_unknown(1000, 60)):
        html = render(diagnosis, "html")
        (tmp_path / "REPORT.html").write_bytes(html)
        code = read(html.decode()).one("section", id="data").all("pre")[-1].one("code")
        program = "".join(map(str, code.parts)).split("<<'END'\n")[1].removesuffix("\nEND")
        run = subprocess.run(
            [sys.executable, "-c", program, "REPORT.html"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert json.loads(run.stdout) == json.loads(render(diagnosis, "json"))


def test_only_web_addresses_become_links() -> None:
    links = [one.attributes["href"] for one in page_of(fixtures.proven()).one("section", id="remedy").all("a")]
    assert links == ["https://github.com/containers/podman/issues/25184", "https://github.com/containers/podman/pull/25245"]
    diagnosis = fixtures.hostile("x")
    bad = tuple(
        replace(diagnosis.findings[0].references[0], url=url)
        for url in (
            "javascript:alert(1)",
            "data:text/html,x",
            "//example.org",
            "https://a b",
            "http://x/<b>",
            " https://example.org",
        )
    )
    page = page_of(replace(diagnosis, findings=(replace(diagnosis.findings[0], references=bad),)))
    assert page.one("section", id="remedy").all("a") == []


def test_the_command_line_is_shown_only_when_it_was_given() -> None:
    assert "Command line" not in page_of(fixtures.proven()).one("section", id="environment").text
    assert "--include-values shows them" in page_of(fixtures.proven()).one("section", id="left-out").text
    diagnosis = fixtures.proven()
    process = replace(diagnosis.snapshot.processes[0], command_line=("podman", "image", "load", "--input", "my file.tar"))
    given = replace(diagnosis, snapshot=replace(diagnosis.snapshot, processes=(process,)))
    assert "podman image load --input 'my file.tar'" in page_of(given).one("section", id="environment").text


def test_a_finding_that_asks_nothing_and_knows_nothing_still_makes_a_page() -> None:
    diagnosis = fixtures.cycle()
    bare = replace(diagnosis.findings[0], reasons=(), remedy="", summary="", lock=None, guilty_level=None, matched_levels=())
    page = page_of(replace(diagnosis, findings=(bare,), chain=()))
    assert "The signature gives no remedy." in page.one("section", id="remedy").text


def test_questions_of_many_threads_are_one_row() -> None:
    diagnosis = fixtures.hung_unknown(50, 5)
    process = diagnosis.snapshot.processes[0]
    fact = process.facts[0]
    facts = tuple(replace(fact, tid=9000 + n, holds="no" if n == 7 else "yes") for n in range(50))
    snapshot = replace(diagnosis.snapshot, processes=(replace(process, facts=facts),))
    table = page_of(replace(diagnosis, snapshot=snapshot)).one("section", id="evidence").one("details")
    rows = [row.one("th").text for row in table.one("tbody").all("tr")]
    assert rows == [
        "Did nothing move between two samples? thread 9000 and 48 more threads with the same answer",
        "Did nothing move between two samples? thread 9007",
    ]
