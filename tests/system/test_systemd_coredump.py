"""What a systemd machine keeps of a hung process that was ended with SIGABRT: the core it packs, and what coredumpctl prints."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from analyzer.analyse import analyse_core, analyse_trace
from analyzer.capture.core import CoreOptions
from analyzer.model import Diagnosis
from tests import targets
from tests.live.debugger import write_core

from .coredumpd import Kept, Unavailable, keep, unpacked

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def systemd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return unpacked(tmp_path_factory.mktemp("packages"))
    except Unavailable as error:
        pytest.skip(f"no systemd-coredump: {error}")


def kept(systemd: Path, folder: Path, *case: str) -> tuple[int, Path, Kept]:
    """(pid, program, what was kept) of a target."""
    into = folder / "kept"
    into.mkdir()
    with targets.running(*case, cwd=folder) as target:
        program = Path(shutil.copy(f"/proc/{target.pid}/exe", folder / "program"))
        return target.pid, program, keep(systemd, write_core(target.pid, folder), target.pid, into)


def found(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    return [(finding.signature, finding.certainty) for finding in diagnosis.findings]


@pytest.mark.parametrize(
    ("call", "signature"), [("fork", "glibc-fork-lock-after-raw-clone"), ("malloc", "glibc-lock-after-raw-clone")]
)
def test_its_core_proves_and_its_text_fits(systemd: Path, call: str, signature: str, tmp_path: Path) -> None:
    pid, program, it = kept(systemd, tmp_path, "raw_clone_lock", call)
    assert it.core.suffix == ".zst"
    assert f".{pid}." in it.core.name
    diagnosis = analyse_core(it.core, CoreOptions(program, None), with_reference=False)
    assert found(diagnosis) == [(signature, "proven")]
    assert f"PID: {pid}" in it.info
    pasted = analyse_trace(it.info, None)
    assert found(pasted) == [(signature, "possible")]
    (process,) = pasted.snapshot.processes
    assert process.pid == pid


def test_threads_of_a_look_alike(systemd: Path, tmp_path: Path) -> None:
    pid, program, it = kept(systemd, tmp_path, "owner_alive")
    diagnosis = analyse_core(it.core, CoreOptions(program, None), with_reference=False)
    pasted = analyse_trace(it.info, None)
    assert not any(certainty == "proven" for _, certainty in found(diagnosis))
    assert not any(certainty != "possible" for _, certainty in found(pasted))
    (whole,), (text,) = diagnosis.snapshot.processes, pasted.snapshot.processes
    assert (text.pid, len(text.threads)) == (pid, len(whole.threads))
    assert len(text.threads) > 1
