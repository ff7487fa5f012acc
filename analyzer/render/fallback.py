"""A result is delivered even where the format that was asked for cannot be made of it: then in another one, and that is said."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.model import Diagnosis
from analyzer.render import Format, render
from analyzer.render.words import Words

_INSTEAD: tuple[Format, ...] = ("json", "markdown", "text")
"""JSON first: every other format can be made of it later."""


def render_or_another(diagnosis: Diagnosis, wanted: Format, words: Words, tell: Callable[[str], None]) -> tuple[bytes, Format]:
    """The report and the format that it has. ``tell`` takes a sentence where that is not the one that was wanted.

    Raises what the last format raised where none can be made.
    """
    try:
        return render(diagnosis, wanted, words), wanted
    except Exception as error:
        why, last = f"{error!r}", error
    for format in _INSTEAD:
        if format == wanted:
            continue
        try:
            data = render(diagnosis, format, words)
        except Exception as error:
            last = error
            continue
        tell(f"a mistake in hanganalyze: the result could not be made into {wanted} ({why}); this is {format}. Please report it.")
        return data, format
    raise last


def summary(diagnosis: Diagnosis, words: Words, *, width: int, colour: bool) -> str:
    """The text for the terminal, beside a report that is written already."""
    from analyzer.render.text import to_text

    try:
        return to_text(diagnosis, words, width=width, colour=colour)
    except Exception as error:
        return f"{diagnosis.status} (a mistake in hanganalyze: no summary could be made, {error!r})"
