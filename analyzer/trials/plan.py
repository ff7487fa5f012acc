"""What is to be run, how often and how. Plain values; ``check`` says no before anything is started."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from analyzer.capture.live import Options
from analyzer.errors import UsageError
from analyzer.lean_dataclass import dataclass, field

MOST_JOBS = 64
MOST_RUNS = 100_000
RUN_VARIABLE = "HANGANALYZE_RUN"
"""In the environment of the command, of --setup and of --teardown: the run's number, from 1."""
SUBJECT_VARIABLE = "HANGANALYZE_SUBJECT"
"""Likewise: A or B."""


@dataclass(frozen=True)
class Subject:
    """A command under test."""

    name: str
    command: tuple[str, ...]
    root: Path | None = None
    """Directory that becomes ``/`` for it; None = ours."""
    label: str | None = None
    """What reports call it; None = the program's file name."""

    def for_run(self, number: int) -> tuple[str, ...]:
        """The command line of one run: ``{run}`` stands for its number where the plan says so."""
        return tuple(word.replace("{run}", str(number)) for word in self.command)


@dataclass(frozen=True)
class Plan:
    """A whole series."""

    subjects: tuple[Subject, ...]
    repeat: int = 1
    """Runs of each subject."""
    timeout_s: float = 30.0
    jobs: int = 1
    widener: str = "off"
    library: Path | None = None
    """The wideners, built; None without one."""
    setup: str | None = None
    """Shell command before every run."""
    teardown: str | None = None
    """Shell command after every run, when nothing of the run is left."""
    analysis: Options = field(default_factory=Options)
    signatures: tuple[Path, ...] = ()
    rate_before: float | None = None
    numbered: bool = False
    """Replace ``{run}`` in the commands."""
    stands_still: Callable[[int], bool] | None = None
    """Asked again and again while a run of this pid goes on: whether it hangs for certain, long before the timeout. For
    programs that are known, such as the reference loader; None = only the timeout tells."""

    def check(self) -> None:
        """Raises UsageError for what cannot be meant."""
        if not 1 <= self.repeat <= MOST_RUNS:
            raise UsageError(f"--repeat must be from 1 to {MOST_RUNS:,}, not {self.repeat}.")
        if not 1 <= self.jobs <= MOST_JOBS:
            raise UsageError(f"--jobs must be from 1 to {MOST_JOBS}, not {self.jobs}.")
        if not 0 < self.timeout_s <= 86400:
            raise UsageError(
                f"--timeout must be above 0 seconds and at most a day, not {self.timeout_s:g}: "
                "a run needs some time before it can be called hung."
            )
        for subject in self.subjects:
            _check_command(subject)


def _check_command(subject: Subject) -> None:
    if not subject.command or not subject.command[0]:
        raise UsageError("No command was given to run.", next_command="hanganalyze run --repeat 200 -- COMMAND ARGUMENTS...")
    program = subject.command[0]
    if subject.root is None:
        if shutil.which(program) is None:
            raise UsageError(_why_not(Path(program), program), next_command=f"give its path, or see: command -v {program}")
        return
    if not subject.root.is_dir():
        raise UsageError(f"--against-root {subject.root} is not a directory.")
    if subject.root.samefile("/"):
        raise UsageError("--against-root / is the root directory that the first subject has already.")
    folders = [""] if "/" in program else os.environ.get("PATH", os.defpath).split(":")
    inside = [subject.root / f"{folder}/{program}".lstrip("/") for folder in folders]
    if not any(path.exists() or path.is_symlink() for path in inside):
        raise UsageError(f"There is no command {program} below {subject.root}.", next_command="give its path inside that root")


def _why_not(path: Path, program: str) -> str:
    if "/" not in program:
        return f"There is no command {program} on PATH."
    if not path.exists():
        return f"There is no file {program}."
    return f"{program} is a directory." if path.is_dir() else f"{program} may not be executed by you."
