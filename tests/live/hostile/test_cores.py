"""Cores that lie, read by a real gdb: a report or a clear refusal, in bounded memory and time."""

from __future__ import annotations

import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import targets
from tests.live.analysing import hanganalyze
from tests.live.debugger import needs_gdb, write_core
from tests.targets.procs import stat_of

pytestmark = [pytest.mark.live, needs_gdb]

HUGE = (1 << 63) - 1
LOAD, NOTE = 1, 4
OFFSET, FILE_SIZE, MEMORY_SIZE = 8, 32, 40
"""Places of these fields in a program header of 64 bits (struct Elf64_Phdr)."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    with targets.running("raw_clone_lock", "fork") as target:
        return write_core(target.pid, tmp_path_factory.mktemp("core")).read_bytes()


def headers(core: bytes, kind: int) -> Iterator[int]:
    """Where the program headers of this kind are."""
    (begin,) = struct.unpack_from("<Q", core, 32)
    (count,) = struct.unpack_from("<H", core, 56)
    for place in range(begin, begin + 56 * count, 56):
        if struct.unpack_from("<I", core, place)[0] == kind:
            yield place


LIES: dict[str, list[tuple[int, int, int]]] = {
    "no-lie": [],
    "memory-without-end": [(LOAD, MEMORY_SIZE, HUGE)],
    "file-without-end": [(LOAD, FILE_SIZE, HUGE), (LOAD, MEMORY_SIZE, HUGE)],
    "larger-than-the-file": [(LOAD, FILE_SIZE, 1 << 40), (LOAD, MEMORY_SIZE, 1 << 40)],
    "memory-elsewhere": [(LOAD, OFFSET, HUGE - 4096)],
    "nothing-in-the-file": [(LOAD, FILE_SIZE, 0)],
    "notes-without-end": [(NOTE, FILE_SIZE, HUGE)],
    "notes-of-a-gigabyte": [(NOTE, FILE_SIZE, 1 << 30)],
    "notes-elsewhere": [(NOTE, OFFSET, HUGE - 4096)],
    "no-notes": [(NOTE, FILE_SIZE, 0)],
}


@pytest.mark.parametrize("lie", LIES)
def test_sizes(lie: str, whole: bytes, tmp_path: Path) -> None:
    data = bytearray(whole)
    for kind, field, value in LIES[lie]:
        for place in headers(whole, kind):
            struct.pack_into("<Q", data, place + field, value)
    check(bytes(data), tmp_path, proven=lie == "no-lie")


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 1 << 24, 0])
def test_sizes_of_notes(size: int, whole: bytes, tmp_path: Path) -> None:
    """The first note says that it is so long; what follows it is read from where that leads."""
    (place,) = headers(whole, NOTE)
    (begin,) = struct.unpack_from("<Q", whole, place + OFFSET)
    data = bytearray(whole)
    struct.pack_into("<I", data, begin + 4, size)
    check(bytes(data), tmp_path, proven=False)


def check(data: bytes, folder: Path, *, proven: bool) -> None:
    core = folder / "core"
    core.write_bytes(data)
    small = ("prlimit", f"--data={1 << 30}", "--")
    ran = hanganalyze("core", core, "--no-reference", "--json", wrapper=small, deadline=100)
    assert "Traceback" not in ran.stderr
    if ran.code == 3:
        assert not proven
        assert "cannot be read as a core" in ran.stderr
        assert "Next: " in ran.stderr
        return
    assert ran.code in {0, 1}, ran.stderr
    found = [one["certainty"] for one in ran.result["findings"]]
    assert found[:1] == ["proven"] if proven else True


def test_gdb_does_not_outlive_us(whole: bytes, tmp_path: Path) -> None:
    """One that does not notice the end of its input, as while it waits for a file; no guard watches when a core is read."""
    (tmp_path / "core").write_bytes(whole)
    told, gdb = tmp_path / "pid", tmp_path / "gdb"
    gdb.write_text(f"#!/bin/sh\necho $$ > {told}.new && mv {told}.new {told}\nexec sleep 600\n")
    gdb.chmod(0o755)
    command = [sys.executable, "-m", "analyzer", "core", str(tmp_path / "core"), "--gdb", str(gdb), "-o", "-"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(told.exists)
        pid = int(told.read_text())
        until(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n")
    finally:
        process.kill()
        process.wait()
    until(lambda: stat_of(pid)[:1] in ([], ["Z"]))


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
