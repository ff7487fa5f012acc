"""The ticket's text: stands alone, and stays text whatever it holds."""

from __future__ import annotations

import re

import pytest

from analyzer.render.markdown import block, code, prose, to_markdown
from tests.unit.render import fixtures

parser = pytest.importorskip("markdown_it").MarkdownIt


def html_of(text: str) -> str:
    made: str = parser("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    return made


@pytest.mark.parametrize("text", fixtures.HOSTILE)
def test_hostile_names_add_no_element_and_no_link(text: str) -> None:
    made = to_markdown(fixtures.hostile(text))
    html = html_of(made)
    tags = set(re.findall(r"<([a-zA-Z][^\s/>]*)", html))
    assert tags <= {*["h2", "h3", "p", "strong", "ol", "ul", "li", "pre", "code", "table", "thead", "tbody", "tr", "th", "td"]}
    headings = re.findall(r"<h3>(.*?)</h3>", html)
    assert headings == [
        "What happened",
        "Evidence",
        "Guilty stack",
        "Versions",
        "What to change, and how to verify it",
        "Considered and rejected",
        "Seen, and not explained",
        "What is left out",
    ]
    assert not re.search(r"@(?!\u2060)", re.sub(r"<(code|pre)>.*?</\1>", "", html, flags=re.DOTALL))
    assert len(made) < 200_000


@pytest.mark.parametrize("text", [text for text in fixtures.HOSTILE if "|" in text] + ["a|b", "a\\|b", "`|`", "\\"])
def test_a_table_keeps_its_columns(text: str) -> None:
    html = html_of(to_markdown(fixtures.hostile(text)))
    for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL):
        assert len(re.findall("<t[dh]", row)) in (2, 4)
    assert html.count("<table>") == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("list_all_lock and __libc_fork", "list_all_lock and __libc_fork"),
        ("*a* _b_ `c` [d](e) ~f~ $g$", "*a* _b_ `c` [d](e) ~f~ $g$"),
        ("# no heading", "# no heading"),
        ("1. no list", "1. no list"),
        ("- no list", "- no list"),
        ("13.1", "13.1"),
        ("&lt; stays", "&amp;lt; stays"),
        ("<b>", "&lt;b&gt;"),
        ("back\\slash \\* and", "back\\slash \\* and"),
    ],
)
def test_prose_reads_as_it_was(text: str, shown: str) -> None:
    assert html_of(prose(text)) == f"<p>{shown}</p>\n"


@pytest.mark.parametrize("text", ["@team", "#12", "see !7", "GH-3", "https://example.org", "www.example.org", "a@example.org"])
def test_trackers_find_nobody_to_notify_and_nothing_to_link(text: str) -> None:
    found = re.findall(r"@\w|#\d|!\d|GH-\d|https?://|www\.", prose(text))
    assert found == []
    assert prose(text).replace("\u2060", "").removeprefix("\\") == text


@pytest.mark.parametrize("text", ["plain", "`", "``` x", "a ` b `` c", "| pipe", "<b>", "", " ", "@x"])
def test_code_shows_exactly_what_it_holds(text: str) -> None:
    html = html_of(code(text))
    match = re.fullmatch(r"<p><code>(.*)</code></p>\n", html)
    assert match
    assert match[1].replace("&lt;", "<").replace("&gt;", ">").strip() == text.strip()


def test_a_block_is_not_ended_by_its_content() -> None:
    html = html_of(block(["``` end", "<b>", "````"]))
    assert html == '<pre><code class="language-text">``` end\n&lt;b&gt;\n````\n</code></pre>\n'


def test_a_path_in_a_reference_is_no_link_unless_it_is_the_web() -> None:
    assert "<https://github.com/containers/podman/issues/25184>" in to_markdown(fixtures.proven())
    assert "javascript:" not in re.sub("`[^`]*`", "", to_markdown(fixtures.hostile("x")))
