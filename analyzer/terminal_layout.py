"""How text is laid out for whoever reads standard output."""

from __future__ import annotations

import os
import sys
from typing import TypedDict


class Layout(TypedDict):
    """Arguments of the text formats."""

    width: int
    """Columns."""
    colour: bool


def layout() -> Layout:
    """The terminal's width; 100 columns and no colour for a file or a pipe."""
    terminal = sys.stdout.isatty()
    return {"width": os.get_terminal_size().columns if terminal else 100, "colour": terminal and not os.environ.get("NO_COLOR")}
