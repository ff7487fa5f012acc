"""Whatever ends a run, the next one goes on: nothing is lost, nothing is counted twice, nothing is read again without need."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from analyzer.batch.item import json_place
from analyzer.errors import BadSavedResult, OutputUnwritable, UsageError
from tests.tools.pile import BUGS, trace, traces
from tests.tools.same_store import contents, keys
from tests.unit.batch.running import batch


def test_a_second_run_does_nothing_and_a_changed_input_is_read_again(tmp_path: Path) -> None:
    pile = traces(tmp_path / "pile", 30)
    assert batch(pile, output=tmp_path / "out").done == 30
    before = contents(tmp_path / "out")
    assert batch(pile, output=tmp_path / "out").done == 0
    assert contents(tmp_path / "out") == before
    (pile / "0000" / "000003.txt").write_text(trace(4))
    (pile / "0000" / "new.txt").write_text(trace(5))
    ran = batch(pile, output=tmp_path / "out")
    assert ran.done == 2
    assert ran.overview["inputs"] == 31
    assert {one["members"] for one in ran.overview["clusters"]} == {2, 3, 4}
    assert len(ran.overview["clusters"]) == BUGS


def test_other_signatures_judge_saved_snapshots_again_without_the_inputs(tmp_path: Path) -> None:
    pile, mine = traces(tmp_path / "pile", 24), tmp_path / "mine"
    first = batch(pile, output=tmp_path / "out")
    assert any(one["signature"] is None for one in first.overview["clusters"])
    mine.mkdir()
    (mine / "moon.toml").write_text(MOON)
    shutil.copytree(tmp_path / "out", tmp_path / "copy")
    fresh = batch(pile, "--signatures", mine, output=tmp_path / "fresh")
    shutil.move(pile, tmp_path / "elsewhere")
    pile.mkdir()
    again = batch(pile, "--signatures", mine, output=tmp_path / "out")
    assert again.done == 24
    assert again.overview["clusters"] == fresh.overview["clusters"]
    assert {one["signature"] for one in again.overview["clusters"]} >= {"moon"}
    judged, new = contents(tmp_path / "out"), contents(tmp_path / "fresh")
    assert judged[1] == new[1]
    assert batch(pile, "--signatures", mine, output=tmp_path / "out").done == 0


MOON = """
id = "moon"
revision = 1
status = "experimental"
title = "It waits for the moon"
summary = "A function waits for something that never comes."
remedy = "Do not wait for it."
references = [{ kind = "bug", url = "https://example.org/1" }]
[match]
frames = ["frobnicate_until_done", "wait_for_the_moon"]
"""


def test_lost_and_damaged_results_are_made_again(tmp_path: Path) -> None:
    pile = traces(tmp_path / "pile", 12)
    batch(pile, output=tmp_path / "out")
    before = contents(tmp_path / "out")
    first, second, *_ = keys(tmp_path / "out")
    (tmp_path / "out" / json_place(first)).unlink()
    with (tmp_path / "out" / json_place(second)).open("r+b") as file:  # what a power failure leaves
        file.truncate(10)
    ran = batch(pile, output=tmp_path / "out")
    assert ran.done == 2
    assert any("missing or not whole" in note for note in ran.notes)
    assert contents(tmp_path / "out") == before


def test_sigkill_again_and_again(tmp_path: Path) -> None:
    count = 2000  # many, so that the last kill comes before the end however late this process gets its turn
    pile = traces(tmp_path / "pile", count)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "analyzer", "batch", str(pile), "-o", str(out), "--json"]
    for wanted in (1, 120, 260):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for_rows(out, wanted, process)
        finally:
            process.kill()
            process.wait(30)
    assert 0 < len(keys(out)) < count
    ran = batch(pile, output=out)
    assert ran.done == count - (ran.overview["inputs"] - ran.done)
    whole = batch(pile, output=tmp_path / "whole")
    assert contents(out) == contents(whole.folder)
    assert ran.overview == whole.overview
    assert not list(out.rglob(".*"))


def wait_for_rows(out: Path, wanted: int, process: subprocess.Popen[bytes]) -> None:
    """Until so many rows are saved."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            with closing(sqlite3.connect(f"file:{out}/hanganalyze.sqlite?mode=ro", uri=True)) as db:
                if db.execute("SELECT count(*) FROM items").fetchone()[0] >= wanted:
                    return
        except sqlite3.OperationalError:
            pass  # it is not there yet, or being written
        time.sleep(0.005)
    raise AssertionError(f"{wanted} rows did not come in time")


def test_an_interrupt_says_how_to_go_on(tmp_path: Path) -> None:
    pile = traces(tmp_path / "pile", 400)
    command = [sys.executable, "-m", "analyzer", "batch", str(pile), "-o", str(tmp_path / "out")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_for_rows(tmp_path / "out", 1, process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait(30)
    assert process.returncode == 3
    assert b"the same command goes on from there" in said


def test_only_one_run_at_a_time(tmp_path: Path) -> None:
    from analyzer.batch.store import Store

    pile = traces(tmp_path / "pile", 2)
    with Store(tmp_path / "out"), pytest.raises(UsageError, match=f"Process {os.getpid()} is at work"):
        batch(pile, output=tmp_path / "out")


def test_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    pile = traces(tmp_path / "pile", 2)
    with pytest.raises(UsageError, match="holds something else"):
        batch(pile, output=pile)
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "hanganalyze.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(BadSavedResult):
        batch(pile, output=strange)


def test_results_are_no_inputs_of_the_run_that_makes_them(tmp_path: Path) -> None:
    traces(tmp_path, 5)
    assert batch(tmp_path, output=tmp_path / "out").overview["inputs"] == 5
    assert batch(tmp_path, output=tmp_path / "out").done == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk_in_mid_run(tmp_path: Path) -> None:
    count = 300
    pile, small = traces(tmp_path / "pile", count), tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "none", str(small)], check=False, capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no mount here: {mounted.stderr.decode().strip()}")
    try:
        with pytest.raises(OutputUnwritable, match=r"No space left|disk is full|full"):
            batch(pile, output=small / "out")
        saved = len(keys(small / "out"))
        assert 0 < saved < count
        with pytest.raises(OutputUnwritable):  # still full: nothing is lost by trying
            batch(pile, output=small / "out")
        assert len(keys(small / "out")) >= saved
        subprocess.run(["mount", "-o", "remount,size=60m", str(small)], check=True, capture_output=True)
        ran = batch(pile, output=small / "out")
        assert ran.overview["inputs"] == count
        assert contents(small / "out") == contents(batch(pile, output=tmp_path / "whole").folder)
    finally:
        subprocess.run(["umount", str(small)], check=True, capture_output=True)
