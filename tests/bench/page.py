"""The report of an unknown hang with 1,000 threads: how long it takes to make, how large it is, how soon Chromium shows it."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from analyzer.render import render
from tests.tools import browser
from tests.unit.render import fixtures

# Until the first frame after the load event: everything is laid out and painted by then.
SHOWN = """() => new Promise(done => {
  const loaded = () => requestAnimationFrame(() => setTimeout(() => done(performance.now())));
  document.readyState === 'complete' ? loaded() : addEventListener('load', loaded);
})"""


def bench(rounds: int) -> None:
    """Prints one line; without Chromium the first two figures."""
    diagnosis = fixtures.hung_unknown(1000, 60)
    render(diagnosis, "html")  # templates are compiled once
    began = time.perf_counter()
    html = render(diagnosis, "html")
    made = time.perf_counter() - began
    told = f"page of 1,000 threads: made in {1000 * made:.0f} ms, {len(html) / 1000:.0f} kB"
    if browser.path() is None:
        sys.stdout.write(f"{told}; no Chromium here\n")
        return
    with tempfile.TemporaryDirectory() as folder, browser.chromium() as chromium:
        file = Path(folder) / "report.html"
        file.write_bytes(html)
        times = []
        for _ in range(rounds):
            page = chromium.new_page(viewport={"width": 1280, "height": 900})
            page.goto(file.as_uri())
            times.append(float(page.evaluate(SHOWN)))
            page.close()
    sys.stdout.write(f"{told}, shown by Chromium after {statistics.median(times):.0f} ms (median of {rounds})\n")


if __name__ == "__main__":
    bench(5)
