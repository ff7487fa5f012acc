"""What else of the project runs in the guest besides the analysis of a hang."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.tools.validate import check_schema

from .crossbuilt import CC
from .guest import Guest, StepResult
from .rootimage import ORDINARY_USER
from .wheels import COMMAND

SECONDS = 120.0
RUNS = 2


@dataclass(frozen=True)
class Answer:
    """A command's end, and its JSON where it gave some."""

    step: StepResult
    result: dict[str, Any] | None = None


def doctor(guest: Guest) -> Answer:
    """By the installed command as a user types it, nothing of it imported before."""
    return Answer(guest.run("doctor", f"{COMMAND} doctor", SECONDS, ORDINARY_USER))


def _trials(guest: Guest, fix: str) -> Answer:
    argv = ["reference", "trials", "--fix", fix, "--widen", "stdio", "--runs", str(RUNS), "--json"]
    step = guest.command(f"trials-{fix}", argv, SECONDS, environment=CC)
    return Answer(step, check_schema(json.loads(step.stdout)) if step.stdout else None)


def trials_without_fix(guest: Guest) -> Answer:
    """Runs that hang."""
    return _trials(guest, "none")


def trials_with_fix(guest: Guest) -> Answer:
    """Runs that do not."""
    return _trials(guest, "complete")


ALL: dict[str, Callable[[Guest], Answer]] = {
    "doctor": doctor,
    "trials-none": trials_without_fix,
    "trials-complete": trials_with_fix,
}
