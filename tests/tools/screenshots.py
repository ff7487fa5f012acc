"""Pictures of real reports, to look at: ``python -m tests.tools.screenshots FOLDER [NAME...]``.

Each subject is a real hang (or none) made on this machine and analysed as the command does it; its result is kept as
FOLDER/NAME.json, and used again by the next call until it is deleted. Then every page is shot by Chromium: light, dark, 320 px
wide and as printed, in English and Chinese, whole and as much as the first screen shows. As root.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from analyzer.analyse import analyse_process
from analyzer.capture.live import Options
from analyzer.privacy import without_private
from analyzer.reference.image_make import make_image
from analyzer.reference.options import Fix, LoaderOptions, Widen
from analyzer.reference.run import run_until_hung
from analyzer.render import load_any, render, render_any, render_overview, render_series
from analyzer.render.words import LANGUAGES, Words
from analyzer.trials.loader import loader_trials
from tests import targets
from tests.tools.browser import chromium
from tests.unit.batch.piles import pile

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

PATIENT = Options(max_pause=60)
RUNS = 200


class Look(NamedTuple):
    """One way to look at a page."""

    width: int
    height: int
    dark: bool = False
    printed: bool = False


LOOKS = {
    "light": Look(1280, 900),
    "dark": Look(1280, 900, dark=True),
    "narrow": Look(320, 640),
    "phone": Look(390, 844),
    "print": Look(688, 1000, printed=True),  # A4 without its margins
    "4k": Look(3840, 2160),
}


def loader(fix: Fix, widen: Widen) -> bytes:
    """The reference loader, hung."""
    with tempfile.TemporaryDirectory() as folder:
        image = make_image(Path(folder) / "image.tar")
        with run_until_hung(LoaderOptions(image.path, Path(folder) / "store", fix, widen), 200, 300.0) as hung:
            return analysed(hung.pid)


def target(name: str, *arguments: str) -> bytes:
    """A target program, hung."""
    with targets.running(name, *arguments, ready_timeout=60.0) as hung:
        return analysed(hung.pid)


def analysed(pid: int) -> bytes:
    return render(without_private(analyse_process(pid, PATIENT))[0], "json")


SUBJECTS: dict[str, Callable[[], bytes]] = {
    "proven": lambda: loader("none", "stdio"),
    "residual": lambda: loader("upstream", "malloc"),
    "cycle": lambda: target("two_lock_cycle"),
    "unknown": lambda: target("many_waiters", "1000"),
    "healthy": lambda: target("sleeper"),
    "trials": lambda: render_series(loader_trials("upstream", "malloc", RUNS), "json"),
    "trials-clean": lambda: render_series(loader_trials("complete", "malloc", RUNS), "json"),
    "overview": lambda: render_overview(pile(), "json"),
}


def page(saved: bytes, words: Words) -> bytes:
    """The report in one language."""
    return render_any(load_any(saved), "html", words)


def shoot(browser: Browser, file: Path, look: Look, to: Path) -> None:
    """TO.png shows the first screen, TO-whole.png the page from top to bottom."""
    size: ViewportSize = {"width": look.width, "height": look.height}
    with browser.new_context(viewport=size, color_scheme="dark" if look.dark else "light") as context:
        context.set_default_timeout(300_000)
        shown = context.new_page()
        if look.printed:
            shown.emulate_media(media="print")
        shown.goto(file.as_uri())
        shown.screenshot(path=f"{to}.png")
        shown.screenshot(path=f"{to}-whole.png", full_page=True)


def main(folder: Path, names: list[str]) -> None:
    """Everything, or the subjects named."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = {name: folder / f"{name}.json" for name in names or SUBJECTS}
    # All of them before a browser is started: a series of runs ends every child that its process has.
    for name, saved in chosen.items():
        if not saved.exists():
            saved.write_bytes(SUBJECTS[name]())
    with chromium() as browser:
        for name, saved in chosen.items():
            for words in LANGUAGES.values():
                file = folder / f"{name}-{words.catalogue}.html"
                file.write_bytes(page(saved.read_bytes(), words))
                for look, how in LOOKS.items():
                    shoot(browser, file, how, folder / f"{name}-{words.catalogue}-{look}")
            sys.stdout.write(re.sub(r"\s+", " ", f"{name}: {saved}, {file.stat().st_size} bytes of HTML") + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
