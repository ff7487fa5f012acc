"""Cores of a program that was linked without a build id: nothing proves which file it is, so it is believed only when named."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import pytest

from analyzer.analyse import analyse_core
from analyzer.capture.core import CoreOptions
from analyzer.capture.core_sysroot import build_id_of
from analyzer.model import Diagnosis
from tests import targets
from tests.live.debugger import needs_gdb, write_core

pytestmark = [pytest.mark.live, needs_gdb]


def compiler_without_ids(folder: Path) -> str:
    script = folder / "cc-without-ids"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(targets.compiler())} "$@" -Wl,--build-id=none\n')
    script.chmod(0o755)
    return str(script)


def core_of(call: str, folder: Path) -> tuple[Path, Path]:
    """(core, program); the program is no longer where the core says it was."""
    with targets.running("raw_clone_lock", call, cwd=folder, cc=compiler_without_ids(folder)) as target:
        path = Path(os.readlink(f"/proc/{target.pid}/exe"))
        program = Path(shutil.copy(path, folder / "program"))
        return write_core(target.pid, folder), program


def read(core: Path, program: Path | None) -> Diagnosis:
    return analyse_core(core, CoreOptions(program), with_reference=False)


def names(diagnosis: Diagnosis) -> list[str | None]:
    return [frame.function for frame in diagnosis.snapshot.processes[0].threads[0].frames]


def certainties(diagnosis: Diagnosis) -> set[str]:
    return {finding.certainty for finding in diagnosis.findings}


def test_a_program_that_was_named_is_used_and_believed_less(tmp_path: Path) -> None:
    core, program = core_of("setenv", tmp_path)
    assert build_id_of(program) is None
    unnamed, named = read(core, None), read(core, program)
    assert "call_setenv" not in names(unnamed)
    assert "call_setenv" in names(named)
    assert "proven" not in certainties(unnamed)
    assert certainties(named) == {"likely"}  # its lock records no owner, and what lies beyond the program may be anything
    assert any("was used because it was named" in note for note in named.snapshot.notes)
    assert any("were not used" in note for note in unnamed.snapshot.notes)


def test_another_program_is_not_used_even_when_named(tmp_path: Path) -> None:
    core, _ = core_of("setenv", tmp_path)
    other = targets.build("cond_wait_pool", cc=compiler_without_ids(tmp_path))
    for wrong in (other, targets.build("raw_clone_lock"), tmp_path / "cc-without-ids"):
        diagnosis = read(core, wrong)
        assert "call_setenv" not in names(diagnosis)
        assert any("is not the program of the core" in note and "it was not used" in note for note in diagnosis.snapshot.notes)


def test_the_build_id_of_a_file(tmp_path: Path) -> None:
    assert len(build_id_of(targets.build("raw_clone_lock")) or "") == 40
    text = tmp_path / "text"
    text.write_text("no ELF file")
    assert build_id_of(text) is None
    assert build_id_of(tmp_path / "missing") is None
