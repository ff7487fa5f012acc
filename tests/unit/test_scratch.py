"""What a killed run has left behind goes with the next one; what somebody works in stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from analyzer.scratch import Scratch, remove_abandoned, scratch_folder

OWNER = """
import signal, sys
from analyzer.scratch import Scratch
scratch = Scratch("core")
(scratch.path / "core").write_bytes(b"secret")
print(scratch.path, flush=True)
signal.pause()
"""


def aged(path: Path) -> Path:
    before = time.time() - 3600
    os.utime(path, (before, before))
    return path


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_it_is_for_us_alone_and_goes(tmp_path: Path) -> None:
    with scratch_folder("core") as folder:
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "a").mkdir()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_killed_owner_goes_with_the_next(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
    try:
        assert owner.stdout is not None
        left = aged(Path(owner.stdout.readline().strip()))
        with scratch_folder("root"):
            assert (left / "core").exists()  # its owner lives
        owner.send_signal(signal.SIGKILL)
        owner.wait(60)
        with scratch_folder("root") as now:
            assert list(tmp_path.iterdir()) == [now]
    finally:
        owner.kill()
        owner.communicate()


def test_what_is_young_or_not_ours_stays(tmp_path: Path) -> None:
    young = tmp_path / "hanganalyze-scratch-young"
    other = aged_folder(tmp_path / "hanganalyze-cache")
    elsewhere = aged_folder(tmp_path / "elsewhere")
    link = tmp_path / "hanganalyze-scratch-link"
    link.symlink_to(elsewhere)
    young.mkdir()
    remove_abandoned(tmp_path)
    assert {young, other, elsewhere, link} == set(tmp_path.iterdir())
    remove_abandoned(tmp_path / "not there")


def test_removed_twice(tmp_path: Path) -> None:
    scratch = Scratch("core")
    scratch.remove()
    scratch.remove()
    assert not scratch.path.exists()


def aged_folder(path: Path) -> Path:
    path.mkdir()
    return aged(path)
