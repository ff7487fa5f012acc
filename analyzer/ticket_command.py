"""``hanganalyze ticket REPORT --to URL``: reads the report, and asks before anything leaves the machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from analyzer.errors import UsageError

if TYPE_CHECKING:
    import argparse

_WISHES = ("yes", "dry_run", "private", "gist", "attached", "find_duplicates", "timeout")


def run(arguments: argparse.Namespace, out: Callable[[str], None], ask: Callable[[str], None]) -> bool:
    """Whether the ticket has the report, by now or already. ``ask`` shows a question, whose answer is read here."""
    from analyzer.render import load
    from analyzer.render.safe import visible
    from analyzer.ticket import Wishes, send

    try:
        diagnosis = load(arguments.report.read_bytes())
    except OSError as error:
        raise UsageError(f"{arguments.report} cannot be read: {error.strerror}.") from error

    def agreed(question: str) -> bool:
        if not sys.stdin.isatty():
            raise UsageError("There is no terminal to ask on.", next_command="--yes, after --dry-run showed what would be sent")
        ask(f"{question} [y/N]")
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def say(text: str) -> None:
        out("\n".join(visible(line, 10_000) for line in text.split("\n")))

    wishes = Wishes(arguments.to, **{name: getattr(arguments, name) for name in _WISHES})
    return send(diagnosis, wishes, os.environ, say, agreed)
