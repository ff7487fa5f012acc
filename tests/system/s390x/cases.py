"""A hang in the guest from its beginning to its core: made, read by a program that is not ours, analysed in every way, ended."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analyzer.model import TrialResult
from analyzer.render import load_any
from analyzer.render.json import to_json
from tests.tools.validate import check_schema

from . import podman
from .crossbuilt import CC
from .errors import GuestError
from .guest import Guest, StepResult
from .rootimage import ORDINARY_USER

HANG_SECONDS, ANALYSE_SECONDS, CORE_SECONDS = 120.0, 180.0, 90.0
SAVED = "no-stop"
"""The way of capturing whose core is kept."""
REPORTED = "stdio"
"""The case that is looked at most closely: one of its analyses comes back as HTML, and gdb writes a core of it, too."""
MAX_PAUSE = "90"
"""Seconds: under emulation on a busy machine gdb takes its time, and nobody waits for these processes."""
METHODS = ("attach", "stop", "no-stop")

_TASKS = "for task in /proc/{pid}/task/*; do echo ${{task##*/}} $(cat $task/comm); done"


@dataclass(frozen=True)
class Told:
    """What one run of ``hanganalyze PID --json`` said."""

    code: int | None
    result: dict[str, Any]
    """Held against the committed schema."""
    seconds: float

    @property
    def finding(self) -> dict[str, Any]:
        """The only finding."""
        (found,) = self.result["findings"]
        return dict(found)

    def value(self, fact: str) -> str:
        """What was seen for one of the finding's facts."""
        (reason,) = [one for one in self.finding["reasons"] if one["fact"] == fact]
        return str(reason["value"])


@dataclass(frozen=True)
class Peeked:
    """What ``programs/peek.c`` and /proc say: nothing of it went through the project."""

    lock: int
    """Address of the futex word, from /proc/CHILD/syscall."""
    word: int
    owner: int
    owner_tid: int
    """0 where the lock has none."""
    tid_descriptor: tuple[int, int, int]
    """_thread_db_pthread_tid: bits, elements, offset."""
    own_tid: int
    """In the child's struct pthread."""
    nptl_nthreads: int
    parents_threads: dict[int, str]
    """tid -> name."""


@dataclass
class Case:
    """One hang."""

    name: str
    parent: int
    child: int
    seen: Peeked
    hang_seconds: float
    told: dict[str, Told] = field(default_factory=dict)
    """By way of capturing."""
    cores: dict[str, Path] = field(default_factory=dict)
    """By who wrote it: gdb, or the project by a way of capturing."""
    report: Path | None = None
    """HTML."""
    plain: TrialResult | None = None
    """Of podman: runs without a widener."""


def loader_case(guest: Guest, widen: str) -> Case:
    """The reference loader without the fix, hung; analysed in every way; then ended with a core. `GuestError` if it fails."""
    started = time.monotonic()
    loader = guest.start_command(f"hang-{widen}", ["reference", "run", "--fix", "none", "--widen", widen], 600.0, environment=CC)
    match = guest.wait_for_output(loader, r"hung: process (\d+), child (\d+);", HANG_SECONDS)
    parent, child = int(match[1]), int(match[2])
    case = Case(widen, parent, child, peek(guest, parent, child), time.monotonic() - started)
    look_in_every_way(guest, case, "root")
    if widen == REPORTED:
        case.cores["gdb"] = gdbs_core(guest, widen, child)
    guest.run(f"end-{widen}", f"kill -9 {parent}", 20)
    return case


def look_in_every_way(guest: Guest, case: Case, user: str) -> None:
    """By attach and by stop at the parent, which is what a user sees; without a stop at the child, whose core is kept."""
    for method in METHODS:
        if case.name == REPORTED and method == "stop":
            case.told[method] = reported(guest, case)
            continue
        core = f"{case.name}-{method}.core"
        asked, keep = (case.child, ("--save-core", f"/share/{core}")) if method == SAVED else (case.parent, ())
        case.told[method] = analysed(guest, f"{case.name}-{method}", asked, "--capture", method, *keep, user=user)
        if keep:
            case.cores[method] = guest.share / core


def analysed(guest: Guest, name: str, pid: int, *options: str, user: str = "root") -> Told:
    """One run of the command, as JSON."""
    step = guest.command(name, [str(pid), "--json", "--max-pause", MAX_PAUSE, *options], ANALYSE_SECONDS, user)
    return told_by(step)


def reported(guest: Guest, case: Case) -> Told:
    """One run whose result comes back as HTML, which holds the JSON."""
    case.report = guest.share / "report.html"
    argv = [str(case.parent), "--capture", "stop", "--max-pause", MAX_PAUSE, "-o", f"/share/{case.report.name}"]
    step = guest.command("report", argv, ANALYSE_SECONDS)
    if not case.report.exists():
        raise GuestError(f"step report: exit code {step.exit_code}, no report: {step.stderr}")
    saved = load_any(case.report.read_bytes())
    return Told(step.exit_code, check_schema(json.loads(to_json(saved))), step.seconds)


def told_by(step: StepResult) -> Told:
    """A step's standard output as the result it is."""
    try:
        result = json.loads(step.stdout)
    except ValueError as error:
        raise GuestError(f"step {step.name}: exit code {step.exit_code}, no JSON: {step.stdout[-500:]}{step.stderr}") from error
    return Told(step.exit_code, check_schema(result), step.seconds)


def peek(guest: Guest, parent: int, child: int) -> Peeked:
    """Read the hung child's memory with a C program of the guest's own byte order."""
    command = (
        f"set -e; read -r number lock rest < /proc/{child}/syscall; echo lock $lock; "
        f"/share/peek {child} $lock; {_TASKS.format(pid=parent)}"
    )
    told = guest.run(f"peek-{child}", command, 30, check=True).stdout
    words = dict(re.findall(r"^([a-z_]+) (\S.*)$", told, re.MULTILINE))
    bits, elements, offset = map(int, words["tid_descriptor"].split())
    return Peeked(
        lock=int(words["lock"], 16),
        word=int(words["lock_word"]),
        owner=int(words["owner"], 16),
        owner_tid=int(words["owner_tid"]),
        tid_descriptor=(bits, elements, offset),
        own_tid=int(words["own_tid"]),
        nptl_nthreads=int(words["nptl_nthreads"]),
        parents_threads={int(tid): name for tid, name in re.findall(r"^(\d+) (.+)$", told, re.MULTILINE)},
    )


def gdbs_core(guest: Guest, name: str, child: int) -> Path:
    """The core that the guest's gdb writes; on the host. (The kernel makes none: the child blocks the signals that would.)"""
    core = f"{name}-gdb.core"
    quiet = "gdb --nx -batch -iex 'set auto-load no'"
    guest.run(f"core-{name}", f"{quiet} -p {child} -ex 'gcore /share/{core}' && test -s /share/{core}", CORE_SECONDS, check=True)
    return guest.share / core


def podman_case(guest: Guest) -> Case:
    """The real podman, as an ordinary user for the first time, with the stdio widener; analysed by that user, by an attach."""
    started = time.monotonic()
    hung = podman.hang(guest)
    case = Case("podman", hung.parent, hung.child, peek(guest, hung.parent, hung.child), time.monotonic() - started)
    look_in_every_way(guest, case, ORDINARY_USER)
    podman.forget(guest)
    case.plain = podman.plain_runs(guest)
    return case
