"""The main case: the loader hung by each widener, seen from its parent and from its child, by root and by an ordinary user, with
libc's debug information and without: always proven, always the right lock, always the right orphaning thread."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.reference.image_make import make_image
from analyzer.reference.options import LoaderOptions, Widen
from analyzer.reference.run import RunningLoader, run_until_hung, start
from tests.live.analysing import HIDE_DEBUG_INFO, ORDINARY_USER, hanganalyze
from tests.tools.validate import check_schema

pytestmark = pytest.mark.live

LOCKS = {"stdio": "list_all_lock", "malloc": "main_arena", "atfork": "atfork_lock"}
TRIES, WITHIN_S = 60, 120.0


@pytest.fixture(scope="module", params=LOCKS)
def widen(request: pytest.FixtureRequest) -> Widen:
    widener: Widen = request.param
    return widener


@pytest.fixture(scope="module", params=[None, ORDINARY_USER], ids=["root", "user"])
def user(request: pytest.FixtureRequest) -> int | None:
    if os.geteuid() != 0 and request.param is not None:
        pytest.skip("only root can become another user")
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module", params=[(), HIDE_DEBUG_INFO], ids=["debug-info", "no-debug-info"])
def wrapper(request: pytest.FixtureRequest) -> tuple[str, ...]:
    if os.geteuid() != 0 and request.param:
        pytest.skip("only root can hide a folder from itself")
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def hung(
    widen: Widen, user: int | None, wrapper: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningLoader]:
    folder = tmp_path_factory.mktemp("loader")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    image = make_image(folder / "image.tar")
    image.path.chmod(0o644)
    store = folder / "stores"
    store.mkdir()
    store.chmod(0o777)
    options = LoaderOptions(image.path, store / "store", "none", widen, user=user, wrapper=wrapper)
    with run_until_hung(options, TRIES, WITHIN_S) as loader:
        yield loader


@pytest.mark.parametrize("asked", ["parent", "child"])
def test_proven_with_the_right_lock_and_orphan(
    hung: RunningLoader, asked: str, widen: Widen, user: int | None, wrapper: tuple[str, ...]
) -> None:
    child = hung.child_pid
    assert child is not None
    pid = hung.pid if asked == "parent" else child
    ran = hanganalyze(pid, "--json", "--no-reference", user=user, wrapper=wrapper)
    assert ran.code == 0, ran.stderr
    result = check_schema(ran.result)
    assert result["status"] == "root-cause"
    (finding,) = result["findings"]
    assert finding["certainty"] == "proven"
    assert finding["signature"] == "glibc-fork-lock-after-raw-clone"
    assert finding["pid"] == child
    assert finding["lock"]["symbol"] == LOCKS[widen], finding["lock"]
    if widen == "stdio":
        owner = finding["lock"]["owner"]
        assert owner["orphaned"] is True
        assert (owner["pid"], owner["tid"]) == (hung.pid, hung.status.widener_tid)
        assert owner["function"] == "widen_stdio"
    else:
        assert finding["lock"]["owner"] is None
    assert [link["pid"] for link in result["chain"]][-1] == child
    libc = next(process["libc"] for process in result["snapshot"]["processes"] if process["pid"] == child)
    assert libc["debug_info"] is (not wrapper and Path("/usr/lib/debug/.build-id").is_dir())


def test_target_runs_as_before(hung: RunningLoader, user: int | None) -> None:
    ran = hanganalyze(hung.pid, "--json", "--no-reference", user=user)
    assert ran.code == 0, ran.stderr
    for process in ran.result["snapshot"]["processes"]:
        assert process["capture"]["state_before"] == process["capture"]["state_after"] == "S"
        status = Path(f"/proc/{process['pid']}/status").read_text()
        assert "TracerPid:\t0\n" in status


@pytest.mark.parametrize("widener", ["stdio", "malloc"])
def test_fixed_loader_held_at_the_same_step_is_not_blamed(widener: Widen, tmp_path: Path) -> None:
    image = make_image(tmp_path / "image.tar")
    options = LoaderOptions(image.path, tmp_path / "store", "complete", widener, stop_at="pause-process")
    with start(options) as loader:
        assert loader.wait_until("held", 60.0) == "held"
        ran = hanganalyze(loader.pid, "--json", "--no-reference")
    assert ran.code == 1, ran.stderr
    assert ran.result["findings"] == []
