"""The page in a real browser: nothing overflows at any width, nothing is fetched, nothing is said on the console."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from analyzer.model import Diagnosis
from analyzer.render import render, render_overview, render_series
from analyzer.render.words import CHINESE
from tests.unit.batch.piles import hostile, pile
from tests.unit.render import fixtures
from tests.unit.trials.making import TRIALS

pytestmark = pytest.mark.browser

WIDTHS = (320, 375, 768, 1280, 3840)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--allow-file-access-from-files", "--enable-logging=stderr"),
    "--virtual-time-budget=600000",
    "--hide-scrollbars",
)

# A page of ours runs no script but its own, so a page beside it looks into it: elements that are wider than what holds them.
MEASURE = """<!DOCTYPE html><title>measuring</title><script>
const widths = WIDTHS, names = NAMES, found = {};
async function look() {
  for (const name of names) for (const width of widths) {
    const frame = document.createElement("iframe");
    frame.style = `width:${width}px;height:900px;border:0`;
    frame.src = name + ".html";
    const loaded = new Promise(done => frame.onload = done);
    document.body.append(frame);
    await loaded;
    const page = frame.contentDocument, root = page.documentElement;
    const drawn = [...page.querySelectorAll("figure svg")].filter(e => e.getClientRects().length);
    (found[name] ??= {})[width] = {
      overflow: root.scrollWidth - root.clientWidth,
      strangers: page.querySelectorAll("img, iframe, object, embed, link, script[src]").length,
      verdictEnds: (page.querySelector(".fix") ?? page.querySelector("#the-verdict")).getBoundingClientRect().bottom,
      sameIds: [...page.querySelectorAll("[id]")].length - new Set([...page.querySelectorAll("[id]")].map(e => e.id)).size,
      drawings: drawn.length,
      spilt: drawn.flatMap(e => [...e.querySelectorAll("text")]).filter(e => {
        const own = e.getBBox(), box = e.ownerSVGElement.viewBox.baseVal;
        return own.x < -1 || own.x + own.width > box.width + 1;
      }).map(e => e.textContent),
    };
    frame.remove();
  }
  document.body.textContent = "RESULT" + JSON.stringify(found) + "END";
}
onload = look;
</script><body></body>"""


def _hostile_overview(text: str) -> bytes:
    return render_overview(hostile(text), "html")


PAGES: dict[str, Callable[[], Diagnosis]] = {
    **fixtures.ALL,
    **{f"hostile-{n}": partial(fixtures.hostile, text) for n, text in enumerate(fixtures.HOSTILE)},
}

OTHERS: dict[str, Callable[[], bytes]] = {
    "overview": lambda: render_overview(pile(), "html"),
    "overview-zh": lambda: render_overview(pile(), "html", CHINESE),
    "trials": lambda: render_series(TRIALS["trials"](), "html"),
    "trials-compared-zh": lambda: render_series(TRIALS["trials-compared"](), "html", CHINESE),
    **{f"overview-hostile-{n}": partial(_hostile_overview, text) for n, text in enumerate(fixtures.HOSTILE)},
}
"""Pages on many runs or many inputs."""

Seen = dict[str, dict[str, Any]]
"""Width -> what was measured there."""
Looked = tuple[dict[str, Seen], list[str]]


def browser() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.skip("no Chromium here: apt-get install chromium")


def look(pages: dict[str, bytes], folder: Path) -> Looked:
    """What was measured on each page, and the console's lines."""
    for name, page in pages.items():
        (folder / f"{name}.html").write_bytes(page)
    script = MEASURE.replace("WIDTHS", json.dumps(WIDTHS)).replace("NAMES", json.dumps(list(pages)))
    (folder / "measure.html").write_text(script)
    with tempfile.TemporaryDirectory() as profile:
        command = [browser(), *FLAGS, f"--user-data-dir={profile}", "--dump-dom", (folder / "measure.html").as_uri()]
        run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    match = re.search(r"<body>RESULT(.*)END</body>", run.stdout, re.DOTALL)
    assert match, run.stderr[-2000:]
    console = [line for line in run.stderr.splitlines() if "CONSOLE" in line]
    found: dict[str, Seen] = json.loads(match[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    return found, console


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    """All pages in one browser: starting it takes longer than looking."""
    pages = {name: render(make(), "html") for name, make in PAGES.items()}
    pages |= {name: make() for name, make in OTHERS.items()}
    pages |= {f"{name}-zh": render(make(), "html", CHINESE) for name, make in fixtures.ALL.items()}
    return look(pages, tmp_path_factory.mktemp("pages"))


@pytest.mark.parametrize("name", [*PAGES, *OTHERS, *(f"{name}-zh" for name in fixtures.ALL)])
def test_the_page_fits_every_width_and_holds_nothing_strange(looked: Looked, name: str) -> None:
    for width, seen in looked[0][name].items():
        assert seen["overflow"] == 0, width
        assert seen["strangers"] == 0, width
        assert seen["sameIds"] == 0, width
        assert seen["spilt"] == [], width


def test_nothing_is_fetched_and_nothing_is_said_on_the_console(looked: Looked) -> None:
    assert looked[1] == []


def test_the_console_would_have_told(tmp_path: Path) -> None:
    """The policy of the page really forbids what it should, and this test would see it."""
    page = render(fixtures.healthy(), "html").replace(b"</main>", b'<img src="http://127.0.0.1:9/x.png"></main>')
    seen, console = look({"page": page}, tmp_path)
    assert seen["page"]["320"]["strangers"] == 1
    assert any("Content Security Policy" in line for line in console)


def test_a_phone_shows_verdict_certainty_and_fix_without_scrolling(looked: Looked) -> None:
    assert looked[0]["proven"]["375"]["verdictEnds"] <= 667


def test_one_drawing_is_shown_at_every_width(looked: Looked) -> None:
    assert {seen["drawings"] for seen in looked[0]["proven"].values()} == {1}
