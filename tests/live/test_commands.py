"""«See it yourself»: every command beside an answer can be typed as it stands, and what it prints is what the report says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

import pytest

from tests import targets
from tests.live.analysing import hanganalyze

pytestmark = pytest.mark.live
TYPED_S = 60.0


def typed(command: str) -> subprocess.CompletedProcess[str]:
    """What a person sees who copies the command into a shell; without a gdb of the system, that of the activated environment."""
    path = f"{os.environ['PATH']}:{sys.prefix}/bin"
    return subprocess.run(
        ["sh", "-c", command], env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=TYPED_S, check=False
    )


def questions(result: dict[str, Any], pid: int) -> dict[str, dict[str, Any]]:
    """Everything that was asked about a process, by its command; reasons and facts."""
    asked = [reason for finding in result["findings"] if finding["pid"] == pid for reason in finding["reasons"]]
    asked += [fact for process in result["snapshot"]["processes"] if process["pid"] == pid for fact in process["facts"]]
    return {one["how"]: one for one in asked if one["holds"] != "unknown"}


def test_every_command_of_a_fork_lock_runs_and_repeats_the_answer() -> None:
    with targets.running("raw_clone_lock", "fork") as target:
        result = hanganalyze(target.pid, "--json", "--no-reference").result
        ran = {command: typed(command) for command in questions(result, target.pid)}
    assert len(ran) >= 10
    bad = {command: one.stderr for command, one in ran.items() if one.returncode != 0 or not one.stdout}
    assert bad == {}
    assert not [one.stdout for one in ran.values() if re.search("No symbol|Cannot access|syntax error", one.stdout + one.stderr)]

    reasons = {one["fact"]: one for one in result["findings"][0]["reasons"] if one["fact"]}
    lock = result["findings"][0]["lock"]
    assert str(lock["owner"]["tid"]) in ran[reasons["lock-orphaned"]["how"]].stdout, "the holder that the lock names"
    facts = {one["name"]: one for one in next(p for p in result["snapshot"]["processes"] if p["pid"] == target.pid)["facts"]}
    assert ran[facts["robust-list-unregistered"]["how"]].stdout == "None\n"
    assert ran[facts["address-space-shared"]["how"]].stdout.strip() in {"1", "2"}
    believed = re.findall(r":\s+(\d+)$", ran[facts["tcb-tid-stale"]["how"]].stdout, re.MULTILINE)
    assert believed
    assert believed[0] != str(target.pid)


def test_every_command_of_a_circle_of_locks_runs_and_shows_the_holders() -> None:
    with targets.running("two_lock_cycle") as target:
        result = hanganalyze(target.pid, "--json", "--no-reference").result
        ran = {command: typed(command) for command in questions(result, target.pid)}
    assert {command: one.stderr for command, one in ran.items() if one.returncode != 0 or not one.stdout} == {}
    circle = next(one for one in result["findings"][0]["reasons"] if one["fact"] == "lock-cycle")
    shown = ran[circle["how"]].stdout
    assert str(target.number("one")) in shown
    assert str(target.number("other")) in shown
