"""The bundled loader, hung for real, captured in every way and read back from its cores, with libc's debug information and
without: always proven, always the same lock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.reference.image_make import make_image
from analyzer.reference.options import LoaderOptions, Widen
from analyzer.reference.run import RunningLoader, run_until_hung
from tests.live.analysing import HIDE_DEBUG_INFO, Ran, hanganalyze
from tests.live.debugger import needs_gdb, write_core
from tests.live.kernel_core import aborted
from tests.live.test_core import PATTERN, needs_kernel_cores

pytestmark = pytest.mark.live

LOCKS = {"stdio": "list_all_lock", "malloc": "main_arena", "atfork": "atfork_lock"}
TRIES, WITHIN_S = 60, 120.0


@pytest.fixture(scope="module", params=LOCKS)
def widen(request: pytest.FixtureRequest) -> Widen:
    widener: Widen = request.param
    return widener


@pytest.fixture(params=[(), HIDE_DEBUG_INFO], ids=["debug-info", "no-debug-info"])
def wrapper(request: pytest.FixtureRequest) -> tuple[str, ...]:
    if os.geteuid() != 0 and request.param:
        pytest.skip("only root can hide a folder from itself")
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def hung(widen: Widen, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLoader]:
    folder = tmp_path_factory.mktemp("loader")
    image = make_image(folder / "image.tar")
    with run_until_hung(LoaderOptions(image.path, folder / "store", "none", widen), TRIES, WITHIN_S) as loader:
        yield loader


def check(ran: Ran, lock: str) -> None:
    assert ran.code == 0, ran.stderr
    found = [finding for finding in ran.result["findings"] if finding["certainty"] == "proven"]
    assert [(finding["signature"], finding["lock"]["symbol"]) for finding in found] == [("glibc-fork-lock-after-raw-clone", lock)]


@pytest.mark.parametrize("method", ["no-stop", "stop", "attach"])
def test_every_way_of_capturing(hung: RunningLoader, widen: Widen, wrapper: tuple[str, ...], method: str) -> None:
    ran = hanganalyze(hung.pid, "--capture", method, "--no-reference", "--json", wrapper=wrapper)
    check(ran, LOCKS[widen])
    assert ran.result["snapshot"]["capture"]["method"] == method


@needs_gdb
def test_core_of_gdb(hung: RunningLoader, widen: Widen, wrapper: tuple[str, ...], tmp_path: Path) -> None:
    assert hung.child_pid is not None
    core = str(write_core(hung.child_pid, tmp_path))
    check(hanganalyze("core", core, "--no-reference", "--json", wrapper=wrapper), LOCKS[widen])


@pytest.mark.parametrize("method", ["no-stop", "stop"])
def test_core_of_our_own(hung: RunningLoader, widen: Widen, wrapper: tuple[str, ...], method: str, tmp_path: Path) -> None:
    child = hung.child_pid
    assert child is not None
    saved = tmp_path / "small"
    options = ("--capture", method, "--save-core", str(saved), "--no-reference", "--json")
    check(hanganalyze(child, *options, wrapper=wrapper), LOCKS[widen])
    assert saved.stat().st_mode & 0o777 == 0o600
    check(hanganalyze("core", str(saved), "--no-reference", "--json", wrapper=wrapper), LOCKS[widen])


@pytest.fixture(scope="module")
def core_of_the_kernel(widen: Widen, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a loader of its own, for the core ends it. The kernel leaves it where the loader was started."""
    folder = tmp_path_factory.mktemp("ended")
    image = make_image(folder / "image.tar")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        loader = run_until_hung(LoaderOptions(image.path, folder / "store", "none", widen), TRIES, WITHIN_S)
    with loader:
        assert loader.child_pid is not None
        check(hanganalyze(loader.pid, "--no-reference", "--json"), LOCKS[widen])
        return aborted(loader.child_pid, PATTERN)


@needs_kernel_cores
def test_core_of_the_kernel(core_of_the_kernel: Path, widen: Widen, wrapper: tuple[str, ...]) -> None:
    check(hanganalyze("core", core_of_the_kernel, "--no-reference", "--json", wrapper=wrapper), LOCKS[widen])
