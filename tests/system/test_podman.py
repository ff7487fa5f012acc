"""The real podman, before and after the upstream fix, hung in its own root and analysed from outside: by root, and by the
ordinary user whose podman it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.data import folder
from analyzer.diagnose.affected import affected
from analyzer.diagnose.read_catalogue import load_catalogue
from analyzer.render.json import from_json

from .roots.make import require_root
from .roots.podman import HungPodman, hang_podman, load_image
from .verdicts import FORK, PODMAN, USERS, Verdict, assert_chain, assert_orphaned_by, assert_proven, lineage, verdict

pytestmark = pytest.mark.system

CLEAN_RUNS = 8


def assert_affected(told: Verdict, version: str, *, fixed_in: str | None) -> None:
    """The finding names the Debian package, and says that this version is affected, and how it was compared."""
    assert told.affected["package"] == "podman"
    assert told.affected["holds"] == "yes"
    assert told.affected["installed"] == version
    assert told.affected["fixed_in"] == fixed_in
    assert told.affected["value"].startswith(f"dpkg says {version}; {version.partition('+')[0]} compared with")
    package = told.process(told.finding["pid"])["package"]
    assert (package["found_by"], package["name"], package["version"]) == ("dpkg", "podman", version)
    assert package["go"]["path"].startswith("github.com/containers/podman/")


def assert_told_alike(told: dict[str, Verdict]) -> None:
    """Root and the ordinary user see the same stack, lock and reasons."""
    first, *others = told.values()
    for other in others:
        assert other.finding["lock"] == {**first.finding["lock"], "owner": other.finding["lock"]["owner"]}
        assert other.finding["affected"] == first.finding["affected"]
        assert other.result["chain"] == first.result["chain"]
        answers = [[(one["fact"], one["holds"]) for one in each.finding["reasons"]] for each in (first, other)]
        assert answers[0] == answers[1]


def both_verdicts(hung: HungPodman) -> dict[str, Verdict]:
    told = {name: verdict(hung.pid, user) for name, user in USERS.items()}
    assert_told_alike(told)
    return told


def test_before_the_fix_stdio(tmp_path: Path) -> None:
    root = require_root("bookworm")
    version = root.package_version("podman")
    assert version is not None
    with hang_podman(root, "stdio") as hung:
        told = both_verdicts(hung)
        for each in told.values():
            assert_proven(each, FORK, waiting=hung.child, lock="list_all_lock")
            assert_orphaned_by(each, hung.pid, "widen_stdio")
            assert_chain(each, hung.pid, hung.child)
            assert_affected(each, version, fixed_in="5.4")
            assert "a distribution may have taken the fix" in each.affected["value"]
    assert_in_every_format(told["root"], tmp_path, f"podman {version} is affected; 5.4 has the fix.")


def assert_in_every_format(told: Verdict, tmp_path: Path, sentence: str) -> None:
    saved = tmp_path / "saved.json"
    saved.write_text(told.text)
    for name in ("html", "markdown", "text"):
        command = [sys.executable, "-m", "analyzer", "render", str(saved), "--format", name, "-o", "-"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        shown = " ".join(done.stdout.replace("\\", "").split())  # Markdown escapes the + of a version
        assert sentence in shown, name
        assert "its changelog tells" in shown, name


def test_before_the_fix_malloc() -> None:
    """Most runs wait in an allocation of podman's own code, some already in fork: both are proven, each by its signature."""
    root = require_root("bookworm")
    version = root.package_version("podman")
    assert version is not None
    with hang_podman(root, "malloc") as hung:
        for each in both_verdicts(hung).values():
            in_fork = {"__libc_fork", "fork"} & set(each.functions(hung.child))
            assert_proven(each, FORK if in_fork else PODMAN, waiting=hung.child, lock="main_arena")
            assert each.lock["records_owner"] is False
            assert_chain(each, *lineage(hung.pid, hung.child))
            assert_affected(each, version, fixed_in="5.4" if in_fork else None)


def test_after_the_fix_stdio_does_not_hang() -> None:
    for _ in range(CLEAN_RUNS):
        with load_image(require_root("trixie"), "stdio") as run:
            assert run.exit_status == 0, run.process.output()


@pytest.mark.parametrize("suite", ["trixie", "sid"])
@pytest.mark.parametrize("debug_symbols", [False, True], ids=["stripped", "debug-info"])
def test_after_the_fix_malloc_still_hangs(suite: str, debug_symbols: bool) -> None:
    """Another signature than before the fix, and no version that would be without it. In 5.8 it is often a grandchild."""
    root = require_root(suite, debug_symbols=debug_symbols)
    version = root.package_version("podman")
    assert version is not None
    with hang_podman(root, "malloc") as hung:
        told = both_verdicts(hung)
        for each in told.values():
            assert_proven(each, PODMAN, waiting=hung.child, lock="main_arena")
            assert_chain(each, *lineage(hung.pid, hung.child))
            assert_affected(each, version, fixed_in=None)
            assert each.process(hung.child)["libc"]["debug_info"] is debug_symbols
    assert_not_affected_by_the_fork_lock(told["root"], version)


def assert_not_affected_by_the_fork_lock(told: Verdict, version: str) -> None:
    catalogue = load_catalogue([folder("signatures")])
    processes = from_json(told.text).snapshot.processes
    hung = next(process for process in processes if process.pid == told.finding["pid"])
    answer = affected(catalogue.by_id[FORK], hung)
    assert answer is not None
    assert (answer.holds, answer.installed, answer.fixed_in) == ("no", version, "5.4")


def test_without_forcing_one_arena_it_hangs_too() -> None:
    """malloc_trim in a loop holds the locks of the arenas that podman has anyway; before the fix most runs hang of it."""
    with hang_podman(require_root("bookworm"), "trim") as hung:
        told = verdict(hung.pid)
        assert told.finding["certainty"] == "proven"
        assert told.finding["signature"] in {FORK, PODMAN}
        assert told.affected["holds"] == "yes"


def test_ending_the_child_alone_does_not_end_podman() -> None:
    """Which is why the remedy says to end both."""
    with hang_podman(require_root("bookworm"), "stdio") as hung:
        os.kill(hung.child, signal.SIGKILL)
        with pytest.raises(TimeoutError):
            hung.process.wait(3)
