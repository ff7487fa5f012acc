"""Diagnosis -> bytes, one file a format. Nothing here prints or touches a process."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.model import Diagnosis, TrialResult
    from analyzer.model.batch import Overview
    from analyzer.render.words import Words

Format = Literal["html", "json", "markdown", "text"]
LANGUAGES = ("en", "zh")
FORMATS: tuple[Format, ...] = ("html", "json", "markdown", "text")


def render(diagnosis: Diagnosis, format: Format, words: Words | None = None) -> bytes:
    """The report in one format, UTF-8, in English unless ``words`` are others; JSON is the same in every language.

    Text is without colours and 100 columns wide; text.py makes others.
    """
    from analyzer.render.words import ENGLISH

    words = words or ENGLISH
    match format:
        case "html":
            from analyzer.render.html import to_html

            return to_html(diagnosis, words).encode()
        case "json":
            from analyzer.render.json import to_json

            return to_json(diagnosis).encode()
        case "markdown":
            from analyzer.render.markdown import to_markdown

            return to_markdown(diagnosis, words).encode()
        case "text":
            from analyzer.render.text import to_text

            return to_text(diagnosis, words).encode()


def warm_up(format: Format, cache: Path | None = None) -> None:
    """Import and compile what ``render`` and the terminal summary will need: call it while a debugger reads symbols.

    ``cache``: an existing folder that only this user can write (compiled templates are code); without it the templates
    are compiled anew in every process.
    """
    if format == "html":
        from analyzer.render.html import compile_templates

        compile_templates(cache)
    elif format != "json":
        import_module(f"analyzer.render.{format}")
    import_module("analyzer.render.text")


def render_series(result: TrialResult, format: Format, words: Words | None = None) -> bytes:
    """The report on a series of runs in one format, UTF-8, in English unless ``words`` are others."""
    from analyzer.render.words import ENGLISH

    words = words or ENGLISH
    match format:
        case "html":
            from analyzer.render.series_html import series_to_html

            return series_to_html(result, words).encode()
        case "json":
            from analyzer.render.json import to_json

            return to_json(result).encode()
        case "markdown":
            from analyzer.render.series_markdown import series_to_markdown

            return series_to_markdown(result, words).encode()
        case "text":
            from analyzer.render.series_text import series_to_text

            return series_to_text(result, words).encode()


def render_overview(found: Overview, format: Format, words: Words | None = None) -> bytes:
    """The overview of many inputs in one format, UTF-8, in English unless ``words`` are others."""
    from analyzer.render.words import ENGLISH

    words = words or ENGLISH
    match format:
        case "html":
            from analyzer.render.overview_html import overview_to_html

            return overview_to_html(found, words).encode()
        case "json":
            from analyzer.render.json import to_json

            return to_json(found).encode()
        case "markdown":
            from analyzer.render.overview_markdown import overview_to_markdown

            return overview_to_markdown(found, words).encode()
        case "text":
            from analyzer.render.overview_text import overview_to_text

            return overview_to_text(found, words).encode()


def render_any(result: Diagnosis | TrialResult | Overview, format: Format, words: Words | None = None) -> bytes:
    """Whichever kind of result it is."""
    from analyzer.model import Diagnosis, TrialResult

    if isinstance(result, Diagnosis):
        return render(result, format, words)
    return render_series(result, format, words) if isinstance(result, TrialResult) else render_overview(result, format, words)


def load(data: bytes) -> Diagnosis:
    """The saved analysis of one process: JSON, or a report in HTML, which holds the same JSON. Raises BadSavedResult."""
    from analyzer.render.json import from_json

    return from_json(_json_in(data))


def load_any(data: bytes) -> Diagnosis | TrialResult | Overview:
    """The same for any kind of result. Raises BadSavedResult."""
    from analyzer.render.json import any_from_json

    return any_from_json(_json_in(data))


def _json_in(data: bytes) -> str:
    from analyzer.errors import BadSavedResult

    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise BadSavedResult(f"This is neither JSON nor a report: {error}.") from error
    if text.lstrip()[:9].lower() == "<!doctype":
        from analyzer.render.embed import extract

        text = extract(text)
    return text
