"""Debian's Chromium, driven by Playwright, for tests and for pictures; nothing of it looks for the network."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


def path() -> str | None:
    """Where it is; None where there is none."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((one for one in found if one), None)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """One browser, ended at the end of the block."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path(), args=list(FLAGS), headless=True, timeout=120_000)
        try:
            yield browser
        finally:
            browser.close()
