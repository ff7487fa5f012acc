"""The kept cores of every architecture in the table, each with the C library it was made with: proven on this machine."""

from __future__ import annotations

import pytest

from analyzer.analyse import analyse_core
from analyzer.capture.core import CoreOptions

from .errors import CannotRunHere
from .hostpackages import require
from .kept_cores import KEPT, kept_cores, libc_build_id, library_root

pytestmark = pytest.mark.s390x


def test_there_is_one_of_every_architecture() -> None:
    assert tuple(kept_cores()) == KEPT


@pytest.mark.parametrize("name", KEPT)
def test_a_kept_core_is_proven_with_its_libraries(name: str) -> None:
    kept = kept_cores()[name]
    try:
        require(["gdb-multiarch", "zstd"])
        root = library_root(name)
    except CannotRunHere as reason:
        pytest.skip(str(reason))
    if libc_build_id(root) != kept.libc:
        pytest.skip(f"Debian has another libc6 for {name} now: python -m tests.system.s390x.kept_cores {name}")
    diagnosis = analyse_core(kept.core, CoreOptions(kept.program, root), with_reference=False)
    (finding,) = diagnosis.findings
    assert (finding.signature, finding.certainty, finding.pid) == ("glibc-fork-lock-after-raw-clone", "proven", kept.pid)
    number, address, _, word = kept.system_call
    assert finding.lock is not None
    assert (finding.lock.symbol, int(finding.lock.address, 16), finding.lock.word) == ("list_all_lock", address, word)
    assert finding.lock.owner is not None
    assert (finding.lock.owner.tid, finding.lock.owner.orphaned) == (kept.owner_tid, True)
    (process,) = diagnosis.snapshot.processes
    assert process.architecture == name
    (thread,) = process.threads
    assert thread.syscall is not None
    assert thread.syscall.number == number
    assert [frame.function for frame in thread.frames][-2:] == ["__libc_fork", "main"]
