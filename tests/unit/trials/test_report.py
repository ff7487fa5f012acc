"""The report on a series in every format: what it says, what it must not say, and the way there and back."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest

from analyzer.errors import BadSavedResult
from analyzer.model import TrialResult
from analyzer.render import FORMATS, load, load_any, render_series
from analyzer.trials import statistics
from analyzer.trials.numbers import with_numbers
from tests.tools import make_schema
from tests.tools.validate import check_schema
from tests.unit.render import fixtures
from tests.unit.render.page import read
from tests.unit.trials.making import series

CLEAN_200 = series(["clean"] * 200)
SERIES = {
    "clean": CLEAN_200,
    "hung": series(["clean"] * 199 + ["hung"], diagnosis=fixtures.proven()),
    "widened": series(["hung"] * 7 + ["clean"], ["clean"] * 8, widener="stdio", diagnosis=fixtures.proven()),
    "unseen": series(["hung", "clean"]),
    "at work": series(["moving"] * 3, diagnosis=fixtures.healthy()),
    "bad": series(["failed", "signalled"]),
    "nothing": series(["stopped"]),
}


def shown(result: TrialResult, format: str) -> str:
    """What a reader sees: without the markup, without the data."""
    made = render_series(result, format).decode()  # type: ignore[arg-type]
    if format == "html":
        body = read(made).one("body")
        made = " ".join(part.text for part in (body.one("main"), body.one("header")))
    return re.sub(r"[\s\u00a0]+", " ", made)


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("format", FORMATS)
def test_every_series_is_made_in_every_format(name: str, format: str) -> None:
    made = render_series(SERIES[name], format).decode()  # type: ignore[arg-type]
    assert made.endswith("\n") or format == "html"
    assert "\x1b" not in made


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("format", ["json", "html"])
def test_a_saved_series_reads_back_as_the_same(name: str, format: str) -> None:
    assert load_any(render_series(SERIES[name], format)) == SERIES[name]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SERIES)
def test_every_series_is_valid_by_the_committed_schema(name: str) -> None:
    check_schema(json.loads(render_series(SERIES[name], "json")))


def test_the_committed_schema_is_what_the_dataclasses_say() -> None:
    committed = make_schema.TRIALS_FILE.read_text(encoding="utf-8")
    assert committed == make_schema.make_trials(), "run: python -m tests.tools.make_schema"


@pytest.mark.parametrize("format", ["html", "markdown", "text"])
def test_200_clean_runs_are_no_proof(format: str) -> None:
    said = shown(CLEAN_200, format)
    assert "did not hang in 200 runs, which alone is no proof that it cannot" in said
    assert "up to 1.5 %" in said
    assert "0 % (0 % to 1.8 %)" in said
    assert "with probability 0.37, and 598 are needed" in said
    assert "fixed" not in said.lower()


def test_enough_clean_runs_at_the_rate_before_are_told_from_too_few() -> None:
    few, enough = series(["clean"] * 200, before=0.005), series(["clean"] * 598, before=0.005)
    assert "That is no proof: at the rate seen before (0.5 %), 200 clean runs come by luck with probability 0.37" in shown(
        few, "text"
    )
    said = shown(enough, "text")
    assert "598 clean runs come by luck with probability 0.05; that is enough for 95 % confidence (needed: 598)" in said
    assert "no proof:" not in said


@pytest.mark.parametrize("format", ["html", "markdown", "text"])
def test_every_figure_measured_with_a_widener_says_so(format: str) -> None:
    said = shown(SERIES["widened"], format)
    assert "Measured with the race widener «stdio»" in said
    assert "Rate, 95 % interval, with the widener «stdio»" in said
    for subject in "AB":
        assert f"{subject}, with the widener «stdio»:" in said
    assert "widener" not in shown(CLEAN_200, format)


@pytest.mark.parametrize("format", ["html", "markdown", "text"])
def test_two_subjects_are_set_against_each_other(format: str) -> None:
    pytest.importorskip("scipy", reason="the extra [trials] is not installed")
    said = shown(SERIES["widened"], format)
    assert "A (podman) hung in 7 of 8 runs, B (podman) in 0 of 8." in said
    assert "Fisher's exact test gives p = 0.0014" in said


def test_without_scipy_the_rest_is_there_and_render_adds_the_test_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(statistics, "available", lambda: False)
        saved = render_series(with_numbers(SERIES["widened"]), "json")
    loaded = load_any(saved)
    assert isinstance(loaded, TrialResult)
    said = shown(loaded, "text")
    assert "88 % (47 % to 100 %)" in said
    assert "pip install 'hanganalyze[trials]'" in said
    assert loaded.p_value is None
    pytest.importorskip("scipy", reason="the extra [trials] is not installed")
    assert "p = 0.0014" in shown(with_numbers(loaded), "text")


def test_runs_that_all_end_badly_say_nothing_about_hanging() -> None:
    said = shown(SERIES["bad"], "text")
    assert "podman ended badly in every run" in said
    assert "still allows a rate" not in said


def test_the_plot_has_a_bar_for_every_clean_run_and_says_itself_in_words() -> None:
    page = read(render_series(CLEAN_200, "html").decode())
    plot = page.one("svg", class_="durations")
    assert "200 clean runs of podman: median 200 ms, 95th percentile 289 ms" in plot.attributes["aria-label"]
    bars = plot.all("rect")
    assert 2 <= len(bars) <= 48
    assert all(float(bar.attributes["width"]) > 0 and float(bar.attributes["height"]) >= 0 for bar in bars)


def test_the_page_fetches_nothing_and_stays_small() -> None:
    made = render_series(series(["clean"] * 5000 + ["hung"] * 20, diagnosis=fixtures.proven()), "html")
    assert len(made) < 500_000
    page = made.decode()
    assert not re.search(r"\ssrc=|url\(|@import|<link", page.split("<script", 1)[0])
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', page))


@pytest.mark.parametrize("text", fixtures.HOSTILE)
def test_hostile_names_stay_names(text: str) -> None:
    result = series(["hung", "clean"], program=text, diagnosis=fixtures.hostile(text), notes=(text,))
    page = read(render_series(result, "html").decode())  # raises where an end tag does not fit
    assert [script.attributes.get("type") for script in page.all("script")] == ["application/json", None]
    for format in ("markdown", "text"):
        assert "\x1b" not in render_series(result, format).decode()
    assert load_any(render_series(result, "html")) == result


def test_a_series_is_not_taken_for_the_analysis_of_one_process() -> None:
    with pytest.raises(BadSavedResult, match="series of runs"):
        load(render_series(CLEAN_200, "json"))


def test_wrong_values_are_named() -> None:
    document = json.loads(render_series(CLEAN_200, "json"))
    document["runs"][3]["outcome"] = "fine"
    with pytest.raises(BadSavedResult, match=r"runs\[3\]"):
        load_any(json.dumps(document).encode())
    with pytest.raises(BadSavedResult, match="schema 2"):
        load_any(render_series(dataclasses.replace(CLEAN_200, schema=2), "json"))
