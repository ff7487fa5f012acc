"""Cores from strangers: whatever is changed in one, reading it ends, and ends with CoreUnreadable at worst."""

from __future__ import annotations

import contextlib
import shutil
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.capture.core_file import CoreFile, CoreMemory
from analyzer.capture.core_links import link_names
from analyzer.capture.core_notes import read_notes, system_call, thread_pointer
from analyzer.capture.core_space import core_space, executable_path
from analyzer.capture.core_sysroot import FilledMemory, FoundFiles, inside
from analyzer.capture.core_unpack import plain_core
from analyzer.capture.libc import find_libc
from analyzer.capture.memory import MemoryUnreadable
from analyzer.errors import CoreUnreadable

S390X = Path(__file__).parents[2] / "fixtures" / "cores" / "s390x-kernel-orphaned-lock.core.zst"
HEADERS_AND_NOTES = 0x1000

pytestmark = pytest.mark.skipif(shutil.which("zstd") is None, reason="no zstd: apt-get install zstd")


@pytest.fixture(scope="module")
def whole() -> bytes:
    with plain_core(S390X) as path:
        return path.read_bytes()


def read_all(path: Path) -> None:
    """Everything that is read of a core without a debugger."""
    core = CoreFile(path)
    try:
        notes = read_notes(core)
        own = CoreMemory(core)
        memory = FilledMemory(own, FoundFiles(), notes.files)
        space = core_space(notes.files, core.segments, notes.auxv)
        link_names(memory, space, notes.auxv, core.architecture)
        find_libc(space, memory, executable_path(space, notes.auxv))
        for thread in notes.threads:
            system_call(thread, core.architecture, memory.read)
            thread_pointer(thread, core.architecture, None)
        for segment in core.segments:
            for address in (segment.start, segment.end - 8, segment.end):
                try:
                    assert len(memory.read(address, 16)) == 16
                except MemoryUnreadable:
                    continue
    finally:
        core.close()


def check(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(prefix="hanganalyze-test-") as file:
        file.write(data)
        file.flush()
        with contextlib.suppress(CoreUnreadable):
            read_all(Path(file.name))


def test_the_whole_core(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "core"
    path.write_bytes(whole)
    core = CoreFile(path)
    notes = read_notes(core)
    (thread,) = notes.threads
    assert (core.architecture.name, notes.name, notes.pid, notes.ppid) == ("s390x", "program", 93, 87)
    assert thread_pointer(thread, core.architecture, None) == 0x3FFF7FF70A0
    assert notes.fault == "SIGABRT"
    assert not core.by_debugger
    assert not core.cut_off
    assert {mapping.path for mapping in notes.files} == {
        "/program",
        "/lib/s390x-linux-gnu/libc.so.6",
        "/lib/ld64.so.1",
    }


EXTREMES = [0, 1, 1 << 31, (1 << 32) - 1, 1 << 63, (1 << 64) - 1]
few = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@few
@given(changes=st.lists(st.tuples(st.integers(0, HEADERS_AND_NOTES - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_changed_bytes(whole: bytes, changes: list[tuple[int, int]]) -> None:
    data = bytearray(whole[:0x50000])
    for position, value in changes:
        data[position] = value
    check(bytes(data))


@few
@given(position=st.integers(0, HEADERS_AND_NOTES - 8), value=st.sampled_from(EXTREMES))
def test_extreme_numbers(whole: bytes, position: int, value: int) -> None:
    data = bytearray(whole[:0x50000])
    struct.pack_into(">Q", data, position, value)
    check(bytes(data))


@few
@given(size=st.integers(0, 0x50000))
def test_cut_off_anywhere(whole: bytes, size: int) -> None:
    check(whole[:size])


@few
@given(data=st.binary(max_size=400))
def test_anything_behind_a_header(whole: bytes, data: bytes) -> None:
    check(whole[:64] + data)


def test_a_thread_is_never_lost_silently(whole: bytes, tmp_path: Path) -> None:
    """Notes that do not fill their segment to its end could hide a thread, and with it somebody who holds a lock."""
    data = bytearray(whole[:0x50000])
    (notes_at,) = struct.unpack_from(">Q", data, 64 + 8)
    struct.pack_into(">I", data, notes_at + 4, 1 << 20)
    path = tmp_path / "core"
    path.write_bytes(data)
    with pytest.raises(CoreUnreadable, match="damaged"):
        CoreFile(path)


def test_what_was_cut_off_is_not_read_from_a_file(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "core"
    path.write_bytes(whole[:0x84B000])
    core = CoreFile(path)
    assert core.cut_off
    notes, own = read_notes(core), CoreMemory(core)
    libc = "/lib/s390x-linux-gnu/libc.so.6"
    memory = FilledMemory(own, FoundFiles(matching={libc: S390X}), notes.files)
    writable = next(mapping for mapping in notes.files if mapping.path == libc and "w" in mapping.permissions)
    data = next(segment for segment in core.segments if segment.start == writable.start)
    assert own.lost(data.start)
    with pytest.raises(MemoryUnreadable):
        memory.read(data.start, 8)


def test_links_never_lead_out_of_the_sysroot(tmp_path: Path) -> None:
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "lib").symlink_to("usr/lib")
    (tmp_path / "usr/lib/out").symlink_to("../../../../etc/passwd")
    (tmp_path / "usr/lib/absolute").symlink_to("/etc/passwd")
    (tmp_path / "usr/lib/loop").symlink_to("loop")
    assert inside(tmp_path, "/lib/x.so") == tmp_path / "usr/lib/x.so"
    assert inside(tmp_path, "/lib/out") == tmp_path / "etc/passwd"
    assert inside(tmp_path, "/lib/absolute") == tmp_path / "etc/passwd"
    assert inside(tmp_path, "/../../etc/passwd") == tmp_path / "etc/passwd"
    assert inside(tmp_path, "/lib/loop") is None
