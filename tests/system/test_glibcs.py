"""The reference loader hung under four C libraries, each in its own root, and analysed from outside: the right lock is named and
proven with debug information and without."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from .roots.loader import run_loader
from .roots.make import require_root
from .roots.outcome import Run
from .verdicts import FORK, GENERAL, USERS, Verdict, assert_chain, assert_orphaned_by, assert_proven, lineage, verdict

pytestmark = pytest.mark.system

GLIBC = {"bullseye": "2.31", "bookworm": "2.36", "trixie": "2.41", "sid": "2.43"}
LOCKS = {"stdio": "list_all_lock", "malloc": "main_arena", "atfork": "atfork_lock"}
TRIES = 30


def assert_libc(told: Verdict, run: Run, suite: str, *, debug_symbols: bool) -> None:
    assert run.child is not None
    libc = told.process(run.child)["libc"]
    assert libc["kind"] == "glibc"
    assert libc["version"] == GLIBC[suite] or suite == "sid"  # unstable moves on
    assert libc["debug_info"] is debug_symbols or suite == "bookworm"  # this machine's own debug files serve it as well


@pytest.mark.parametrize("widener", LOCKS)
@pytest.mark.parametrize("debug_symbols", [False, True], ids=["stripped", "debug-info"])
@pytest.mark.parametrize("suite", GLIBC)
def test_fork_lock_is_named_and_proven(suite: str, debug_symbols: bool, widener: str) -> None:
    root = require_root(suite, debug_symbols=debug_symbols)
    for _ in range(TRIES):
        with run_loader(root, fix="none", widen=widener) as run:
            if run.child is None:
                continue
            for user in USERS.values() if widener == "stdio" else [None]:
                told = verdict(run.pid, user)
                assert_proven(told, FORK, waiting=run.child, lock=LOCKS[widener])
                assert_chain(told, *lineage(run.pid, run.child))
                assert_libc(told, run, suite, debug_symbols=debug_symbols)
                assert told.finding["affected"] is None  # the loader belongs to no package that the signature speaks of
                if widener == "stdio":
                    assert_orphaned_by(told, run.pid, "widen_stdio")
            return
    pytest.fail(f"{TRIES} runs without a hang")


def test_another_program_of_the_same_name_here_lends_no_names(tmp_path: Path) -> None:
    """gdb takes /proc/PID/exe for a path of our own root when it attaches, and would read the symbols of what lies there."""
    here = tmp_path / "loader"
    shutil.copy(sys.executable, here)
    with run_loader(require_root("trixie"), fix="none", widen="stdio", program=str(here)) as run:
        assert run.child is not None, run.process.output()
        told = verdict(run.pid)
        assert_proven(told, FORK, waiting=run.child, lock="list_all_lock")
        assert told.functions(run.child)[-3:] == ["create_pause_process", "reexec_in_user_namespace", "main"]


@pytest.mark.parametrize("suite", GLIBC)
def test_the_upstream_way_of_the_fix_still_waits_in_setenv(suite: str) -> None:
    root = require_root(suite)
    for _ in range(TRIES):
        with run_loader(root, fix="upstream", widen="malloc") as run:
            if run.child is None:
                continue
            told = verdict(run.pid)
            assert_proven(told, GENERAL, waiting=run.child, lock="main_arena")
            return
    pytest.fail(f"{TRIES} runs without a hang")
