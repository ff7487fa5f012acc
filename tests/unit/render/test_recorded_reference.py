"""The photographs that ship with the package: the right one is taken, and it makes the second column."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from analyzer.data import folder
from analyzer.model import ReferencePhoto
from analyzer.reference.options import Widen
from analyzer.reference.photo import recorded
from analyzer.render.compare import compare
from analyzer.render.html import to_html
from analyzer.render.words import ENGLISH
from tests.unit.render import fixtures

SCENES: tuple[tuple[Widen, str], ...] = (
    ("stdio", "pause-process"),
    ("malloc", "pause-process"),
    ("malloc", "setenv"),
    ("atfork", "pause-process"),
)
FILES = sorted(path.name for path in (folder("reports") / "recorded").iterdir() if isinstance(path, Path))


def on(machine: str, widen: Widen, step: str, monkeypatch: pytest.MonkeyPatch) -> ReferencePhoto:
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine=machine))
    photo = recorded(widen, step)
    assert photo is not None
    return photo


@pytest.mark.parametrize("machine", ["s390x", "x86_64"])
@pytest.mark.parametrize(("widen", "step"), SCENES)
def test_each_architecture_has_its_own(machine: str, widen: Widen, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = on(machine, widen, step, monkeypatch)
    assert (photo.origin, photo.fix, photo.widener, photo.step) == ("recorded", "complete", widen, step)
    assert {process.architecture for process in photo.processes} == {machine}
    assert all(thread.frames for process in photo.processes for thread in process.threads)
    without, complete = photo.trials
    assert (without.fix, complete.fix, complete.hung, without.failed + complete.failed) == ("none", "complete", 0, 0)
    assert without.hung == without.runs == complete.runs


def test_every_file_is_one_of_these() -> None:
    assert sorted(f"{machine}-{widen}-{step}.json" for machine in ("s390x", "x86_64") for widen, step in SCENES) == FILES


def test_an_architecture_without_one_gets_the_same_scene_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = on("riscv64", "malloc", "setenv", monkeypatch)
    assert (photo.widener, photo.step) == ("malloc", "setenv")


def test_it_makes_the_second_column(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = on("s390x", "stdio", "pause-process", monkeypatch)
    diagnosis = replace(fixtures.proven(), reference=photo)
    comparison = compare(diagnosis, ENGLISH)
    assert comparison is not None
    assert "recorded earlier on another machine" in comparison.origin
    assert "s390x" in comparison.origin
    assert all(row.reference is not None for row in comparison.rows)
    stack = comparison.rows[-1].reference
    assert stack is not None
    assert [line.frame.function for line in stack.stack if line.frame][-1] == "main"
    html = to_html(diagnosis)
    assert "s390x, Linux 6.1.0-" in html
    assert f"No hang in {photo.trials[1].runs} runs of the loader with the complete fix" in html
