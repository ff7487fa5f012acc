"""The reference loader, for real: it loads, it hangs where it should and only there, and it leaves nothing behind."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import pytest

from analyzer.errors import LoaderFailed
from analyzer.reference import build
from analyzer.reference.image_make import MadeImage, make_image
from analyzer.reference.run import STEPS, Fix, LoaderOptions, RunningLoader, Widen, run_once, run_until_hung, start
from tests.live.debugger import backtrace, needs_gdb

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.live

NOBODY = 65534
WITHIN = 60.0
FIXES, WIDENERS = get_args(Fix), get_args(Widen)
HANGS_AT = {
    **{("none", widen): "pause-process" for widen in ("stdio", "malloc", "atfork", "nss")},
    ("upstream", "malloc"): "setenv",
}
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user or change its root directory")


@pytest.fixture
def image(tmp_path: Path) -> MadeImage:
    return make_image(tmp_path / "image.tar")


@pytest.fixture
def options(image: MadeImage, tmp_path: Path) -> LoaderOptions:
    return LoaderOptions(image.path, tmp_path / "store")


def changed(options: LoaderOptions, **changes: Any) -> LoaderOptions:
    return replace(options, **changes)


def gone(pid: int) -> bool:
    """Ended; whether init has collected it already is not ours to say."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)


# The load


def test_image_is_loaded_and_verified(options: LoaderOptions, image: MadeImage) -> None:
    result = run_once(options, WITHIN)
    assert (result.outcome, result.exit_code, result.tags, result.stderr) == ("exited", 0, (image.tag,), "")
    assert sorted(result.status.steps, key=STEPS.index) == list(STEPS)
    blobs = {blob.name: blob for blob in (options.store / "blobs" / "sha256").iterdir()}
    assert {f"sha256:{name}" for name in blobs} == {image.config_digest, *image.diff_ids}
    for name, blob in blobs.items():
        assert hashlib.sha256(blob.read_bytes()).hexdigest() == name
    index = json.loads((options.store / "index.json").read_text())
    assert index == {"images": {image.tag: {"config": image.config_digest, "layers": list(image.diff_ids)}}}
    assert int((options.store / "pause.pid").read_text()) == result.status.processes["pause"]


def rewrite(archive: Path, edit: Callable[[dict[str, bytes]], None]) -> None:
    with tarfile.open(archive) as tar:
        files = {member.name: cast("io.BufferedReader", tar.extractfile(member)).read() for member in tar.getmembers()}
    edit(files)
    with tarfile.open(archive, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            if content.startswith(b"-> "):
                member.type, member.linkname = tarfile.SYMTYPE, content.decode()[3:]
            else:
                member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def with_layer(files: dict[str, bytes], name: str) -> None:
    files["manifest.json"] = files["manifest.json"].replace(b"plain/layer.tar", name.encode())


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda files: files.update({"plain/layer.tar": files["plain/layer.tar"] + b"x"}), "is promised"),
        (lambda files: files.update({"zipped/layer.tar": files["zipped/layer.tar"][:-9]}), "not a whole"),
        (lambda files: with_layer(files, "/etc/passwd"), "leads out of the archive"),
        (lambda files: with_layer(files, "plain/../../../etc/passwd"), "leads out of the archive"),
        (lambda files: files.update({"plain/layer.tar": b"-> ../../etc/passwd"}), "leads out of the archive"),
        (lambda files: files.update({"plain/layer.tar": b"-> /etc/passwd"}), "leads out of the archive"),
        (lambda files: with_layer(files, "not/there"), "missing"),
        (lambda files: files.update({"manifest.json": b"[{"}), "not JSON"),
        (lambda files: files.update({"manifest.json": b"[7]"}), "something else than an object"),
        (lambda files: files.update({"manifest.json": files["manifest.json"].replace(b"demo:", b"de\\nmo:")}), "tag"),
    ],
)
def test_bad_archive_is_refused(
    options: LoaderOptions, image: MadeImage, edit: Callable[[dict[str, bytes]], None], words: str
) -> None:
    rewrite(image.path, edit)
    result = run_once(options, WITHIN)
    assert (result.outcome, result.exit_code, result.tags) == ("exited", 1, ())
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not (options.store / "index.json").exists()
    assert not list(options.store.rglob(".unfinished-*"))


# The hangs


def refused_widener_is_right(result_words: str | None) -> bool:
    version = tuple(int(part) for part in (os.confstr("CS_GNU_LIBC_VERSION") or "glibc 0.0").split()[1].split("."))
    return result_words is None if version >= (2, 33) else "name service" in (result_words or "")


@pytest.mark.parametrize("widen", WIDENERS)
@pytest.mark.parametrize("fix", FIXES)
def test_hangs_where_it_should_and_only_there(options: LoaderOptions, fix: Fix, widen: Widen) -> None:
    # Each widener holds its lock for certain at the clone, so that few runs decide.
    for _ in range(3 if (fix, widen) in HANGS_AT else 5):
        with start(changed(options, fix=fix, widen=widen)) as loader:
            result = loader.result(loader.wait_until("exited", WITHIN))
            if widen == "nss" and result.status.widen_refused is not None:
                assert refused_widener_is_right(result.status.widen_refused)
                pytest.skip(result.status.widen_refused)
            assert result.status.widen_refused is None
            if (fix, widen) not in HANGS_AT:
                assert (result.outcome, result.exit_code) == ("exited", 0), result.stderr
                continue
            assert result.outcome == "hung"
            assert result.lock_wait is not None
            assert result.lock_wait.pid == loader.child_pid
            assert list(result.status.steps)[-1] == HANGS_AT[fix, widen]
            culprit = Path(f"/proc/{loader.pid}/task/{result.status.widener_tid}/comm")
            assert culprit.read_text().strip() == f"widen_{widen}"
            assert len(os.listdir(f"/proc/{loader.child_pid}/task")) == 1


@needs_gdb
@pytest.mark.parametrize(
    ("fix", "widen", "functions"),
    [
        *(("none", widen, ["create_pause_process", "reexec_in_user_namespace", "main"]) for widen in ("stdio", "atfork")),
        ("upstream", "malloc", ["set_environment", "reexec_in_user_namespace", "main"]),
    ],
)
def test_stack_names_the_way_to_the_lock(options: LoaderOptions, fix: Fix, widen: Widen, functions: list[str]) -> None:
    with run_until_hung(changed(options, fix=fix, widen=widen), 1, WITHIN) as loader:
        assert loader.child_pid is not None
        printed = backtrace(loader.child_pid)
    frames = [line for line in printed.splitlines() if line.startswith("#")]
    assert "lll_lock_wait_private" in "".join(frames[:2])
    assert [line.split(" (")[0].split()[-1] for line in frames[-3:]] == functions
    caller = frames[-4].split(" (")[0]
    # setenv() goes on in a function that only libc's debug information names.
    assert "fork" in caller if fix == "none" else "setenv" in caller or caller.endswith(" ??")


@pytest.mark.parametrize("step", STEPS)
def test_stops_at_step(options: LoaderOptions, step: str) -> None:
    with start(changed(options, stop_at=step, widen="stdio")) as loader:
        assert loader.wait_until("held", WITHIN) == "held", loader.result("").stderr
        pid = loader.pid if step in ("threads", "clone", "idmap", "done") else loader.child_pid
        assert loader.status.held == (step, pid)
        assert Path(f"/proc/{pid}/exe").resolve() == build.build_loader()
        assert sorted(loader.status.steps, key=STEPS.index) == list(STEPS[: STEPS.index(step) + 1])


def test_library_widens_another_program(options: LoaderOptions) -> None:
    preloaded = ("env", f"LD_PRELOAD={build.build_widener()}", "HANGANALYZE_WIDEN=stdio")
    with run_until_hung(changed(options, fix="none", wrapper=preloaded), 100, WITHIN) as loader:
        names = {task.joinpath("comm").read_text().strip() for task in Path(f"/proc/{loader.pid}/task").iterdir()}
        assert "widen_stdio" in names
        assert loader.status.widener_tid is None


def test_no_hang_is_an_error_for_who_waits_for_one(options: LoaderOptions) -> None:
    with pytest.raises(LoaderFailed, match="none of 2 runs hung"):
        run_until_hung(options, 2, WITHIN)


# Nothing is left


def all_spoke(loader: RunningLoader) -> list[int]:
    assert loader.wait_until("held", WITHIN) == "held"
    assert set(loader.status.processes) == {"loader", "child", "pause-maker", "pause"}
    pids = [pid for name, pid in loader.status.processes.items() if name != "pause-maker"]
    assert not any(map(gone, pids))
    return pids


def test_end_leaves_nothing(options: LoaderOptions) -> None:
    with start(changed(options, stop_at="setenv")) as loader:
        pids = all_spoke(loader)
    wait_for(lambda: all(map(gone, pids)), "every process gone")


def test_killed_loader_leaves_nothing(options: LoaderOptions) -> None:
    with start(changed(options, stop_at="setenv")) as loader:
        pids = all_spoke(loader)
        os.kill(loader.pid, signal.SIGKILL)
        wait_for(lambda: all(map(gone, pids)), "child and pause process gone with the loader")


@pytest.mark.parametrize("fix", ["none", "complete"])
def test_killed_starter_leaves_nothing(options: LoaderOptions, fix: Fix) -> None:
    program = f"""
import signal
from pathlib import Path
from analyzer.reference.run import LoaderOptions, start
options = LoaderOptions(Path({str(options.input)!r}), Path({str(options.store)!r}), {fix!r}, "stdio", stop_at="load")
with start(options) as loader:
    outcome = loader.wait_until("load", {WITHIN})
    print(outcome, *loader.status.processes.values(), flush=True)
    signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        try:
            outcome, *pids = starter.stdout.readline().split()
            assert outcome == ("hung" if fix == "none" else "load")
            assert len(pids) == (2 if fix == "none" else 4)
        finally:
            starter.kill()
    wait_for(lambda: all(gone(int(pid)) for pid in pids), "every process gone with its starter")


# Who may


@needs_root
def test_ordinary_user(options: LoaderOptions, tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(folder.stat().st_mode | 0o055)
    options.store.mkdir()
    os.chown(options.store, NOBODY, NOBODY)
    assert run_once(changed(options, user=NOBODY), WITHIN).exit_code == 0
    with run_until_hung(changed(options, user=NOBODY, fix="none", widen="malloc"), 1, WITHIN) as loader:
        assert Path(f"/proc/{loader.pid}").stat().st_uid == NOBODY
        assert Path(f"/proc/{loader.child_pid}/uid_map").read_text().split() == ["0", str(NOBODY), "1"]
        assert loader.status.userns_refused is None


def test_without_user_namespaces_it_goes_on(options: LoaderOptions) -> None:
    # A limit that the namespace of this run alone has; the host's stays as it is.
    no_more = ("unshare", "-Ur", "sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', "sh")
    if subprocess.run([*no_more, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine refuses the user namespace that the limit would be set in")
    result = run_once(changed(options, wrapper=no_more), WITHIN)
    assert (result.outcome, result.exit_code) == ("exited", 0), result.stderr
    assert "limit" in (result.status.userns_refused or "")
    with run_until_hung(changed(options, wrapper=no_more, fix="none", widen="stdio"), 1, WITHIN) as loader:
        assert "limit" in (loader.status.userns_refused or "")


@needs_root
def test_in_a_chroot_it_goes_on(options: LoaderOptions, tmp_path: Path) -> None:
    other = tmp_path / "root"
    other.mkdir()
    chrooted = ("unshare", "-m", "sh", "-c", f'mount --rbind / {other} && exec chroot {other} "$@"', "sh")
    result = run_once(changed(options, wrapper=chrooted), WITHIN)
    assert (result.outcome, result.exit_code) == ("exited", 0), result.stderr
    assert result.status.userns_refused == "clone: not permitted here"
