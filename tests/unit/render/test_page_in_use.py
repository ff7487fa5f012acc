"""The page as somebody uses it, in Chromium: copying, keyboard, assistive technology, and the way back from what is saved.

axe-core is what accessibility testers use; it comes with the package axe-playwright-python.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.model import Diagnosis, TrialResult
from analyzer.model.batch import Overview
from analyzer.render import Format, load_any, render, render_any
from analyzer.render.words import CHINESE, ENGLISH, Words
from tests.tools import browser
from tests.unit.batch.piles import hostile as hostile_overview
from tests.unit.batch.piles import pile
from tests.unit.render import fixtures
from tests.unit.trials.making import TRIALS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
pytest.importorskip("playwright.sync_api")

NAMES = (*fixtures.ALL, *TRIALS, "overview")


def page_of(name: str, words: Words = ENGLISH) -> bytes:
    """One of our pages."""
    return made(name, "html", words)


def made(name: str, format: Format, words: Words = ENGLISH) -> bytes:
    """The same in any format."""
    makers: dict[str, Callable[[], Diagnosis | TrialResult | Overview]] = {**fixtures.ALL, **TRIALS, "overview": pile}
    return render_any(makers[name](), format, words)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if browser.path() is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with browser.chromium() as started:
        yield started


Open = Callable[..., "Page"]


@pytest.fixture
def opened(chromium: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a page from a file, as somebody does who got it by mail; every word on the console fails the test."""
    contexts, heard = [], []

    def open_page(html: bytes, script: str = "", **options: Any) -> Page:
        file = tmp_path / "report.html"
        file.write_bytes(html)
        context = chromium.new_context(**options)
        context.set_default_timeout(180_000)
        contexts.append(context)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: heard.append(request.url) if request.url != file.as_uri() else None)
        page.goto(file.as_uri())
        return page

    try:
        yield open_page
    finally:
        for context in contexts:
            context.close()
    assert heard == []


def complaints(page: Page) -> list[str]:
    """What axe-core finds."""
    page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(opened: Open, name: str, scheme: str) -> None:
    page = opened(page_of(name), color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert complaints(page) == []


@pytest.mark.parametrize("name", ["proven", "trials", "overview"])
def test_axe_finds_nothing_on_a_phone_in_chinese(opened: Open, name: str) -> None:
    assert complaints(opened(page_of(name, CHINESE), viewport={"width": 320, "height": 640})) == []


def test_axe_would_find_something(opened: Open) -> None:
    broken = page_of("healthy").replace(b'<html lang="en">', b"<html>")
    assert [one.split(":")[0] for one in complaints(opened(broken))] == ["html-has-lang"]


NO_CLIPBOARD = "Object.defineProperty(Navigator.prototype, 'clipboard', {get: () => undefined});"
NO_COPYING = NO_CLIPBOARD + "Document.prototype.execCommand = () => false;"


@pytest.mark.parametrize("name", ["proven", "trials", "overview"])
@pytest.mark.parametrize("script", ["", NO_CLIPBOARD], ids=["clipboard", "no clipboard API"])
def test_the_button_copies_the_report_as_markdown(opened: Open, name: str, script: str) -> None:
    page = opened(page_of(name), script, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy as Markdown").click()
    page.get_by_text("Copied.", exact=True).wait_for()
    page.evaluate("document.body.append(Object.assign(document.createElement('textarea'), {id: 'paste'}))")
    page.locator("#paste").focus()
    page.keyboard.press("Control+V")
    assert page.locator("#paste").input_value() == made(name, "markdown").decode()


def test_where_copying_is_not_allowed_the_text_is_marked_to_be_copied_by_hand(opened: Open) -> None:
    page = opened(page_of("proven"), NO_COPYING)
    page.get_by_role("button", name="Copy as Markdown").click()
    page.get_by_text("the text is marked below").wait_for()
    assert page.evaluate("getSelection().toString().trim()") == render(fixtures.proven(), "markdown").decode().strip()


def test_without_script_no_button_is_shown_and_the_markdown_is_there(opened: Open) -> None:
    page = opened(page_of("proven"), java_script_enabled=False)
    assert page.get_by_role("button").count() == 0
    page.get_by_text("The report as Markdown, for a ticket").click()
    assert page.locator("#markdown").inner_text().strip() == render(fixtures.proven(), "markdown").decode().strip()


def test_the_keyboard_reaches_everything(opened: Open) -> None:
    page = opened(page_of("proven"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(200):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("[...document.querySelectorAll('a, button, summary')].indexOf(document.activeElement)"))
    assert reached - {-1} == set(range(page.locator("a, button, summary").count()))


@pytest.mark.parametrize("name", NAMES)
def test_the_data_in_the_page_makes_the_same_page_again(opened: Open, name: str) -> None:
    html = page_of(name)
    page = opened(html)
    inside = page.evaluate("document.getElementById('hanganalyze-data').textContent")
    if "encoding" not in json.loads(inside):
        assert render_any(load_any(inside.encode()), "html") == html
    assert render_any(load_any(page.content().encode().replace(b"<!DOCTYPE html>", b"<!doctype html>")), "html") == html


@pytest.mark.parametrize("text", fixtures.HOSTILE, ids=range(len(fixtures.HOSTILE)))
def test_a_hostile_name_adds_no_element_and_runs_nothing(opened: Open, text: str) -> None:
    """The same page with a plain name has the same elements, and nothing a stranger wrote was run."""
    count = "[...document.querySelectorAll('*')].filter(e => !['WBR', 'text'].includes(e.tagName)).map(e => e.tagName).join()"
    alerted = "window.alert = () => { document.title = 'ALERT'; };"
    for make in (fixtures.hostile, hostile_overview):
        hostile = opened(render_any(make(text), "html"), alerted)
        assert hostile.title() != "ALERT"
        plain = opened(render_any(make("x"), "html"))
        assert set(hostile.evaluate(count).split(",")) <= set(plain.evaluate(count).split(","))
        markdown = hostile.evaluate("document.getElementById('markdown').textContent")
        assert markdown == render_any(make(text), "markdown").decode()
