"""Kernel cores of three foreign architectures, made in small guests and read on this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from analyzer.analyse import analyse_core
from analyzer.capture.core import CoreOptions
from tests.system.s390x.errors import CannotRunHere
from tests.system.s390x.smallguest import ARCHITECTURES, make_core, small_image

pytestmark = [
    pytest.mark.system,
    pytest.mark.s390x,
    pytest.mark.skipif(shutil.which("gdb-multiarch") is None, reason="no gdb-multiarch: apt-get install gdb-multiarch"),
]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_core_of_another_architecture_proves_it(name: str, tmp_path: Path) -> None:
    try:
        image = small_image(name)
    except CannotRunHere as reason:
        pytest.skip(str(reason))
    made = make_core(image, tmp_path)
    diagnosis = analyse_core(made.core, CoreOptions(made.program, image.sysroot), with_reference=False)
    (finding,) = [found for found in diagnosis.findings if found.certainty == "proven"]
    assert finding.signature == "glibc-fork-lock-after-raw-clone"
    assert finding.lock is not None
    assert finding.lock.symbol == "list_all_lock"
    assert finding.lock.owner is not None
    assert finding.lock.owner.tid in made.parent_tasks
    (process,) = diagnosis.snapshot.processes
    assert process.architecture == name
    assert process.threads[0].syscall is not None
    assert process.threads[0].syscall.number == ARCHITECTURES[name].futex
    assert [frame.function for frame in process.threads[0].frames][-2:] == ["__libc_fork", "main"]
