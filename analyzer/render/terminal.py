"""Laying text out for a terminal, or for somebody who pastes it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType


def lay_out(parts: Iterable[RenderableType], *, width: int, colour: bool) -> str:
    """The parts one below the other, wrapped at ``width`` columns, without trailing blanks; ends with a newline.

    ``colour`` adds terminal styles, unless NO_COLOR is set.
    """
    from rich.console import Console

    output = io.StringIO()
    console = Console(
        file=output,
        width=max(width, 20),
        force_terminal=colour,
        color_system="standard" if colour else None,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
    for part in parts:
        console.print(part, soft_wrap=False)
    return "\n".join(line.rstrip() for line in output.getvalue().splitlines()) + "\n"
