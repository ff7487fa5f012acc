"""Where things lie: mappings, ELF files in memory, call instructions, kept memory. Our own process is the real example."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import struct
import subprocess

import pytest

from analyzer.capture.architecture import ARCHITECTURES, by_elf
from analyzer.capture.calls import direct_calls
from analyzer.capture.loaded_elf import LoadedElf
from analyzer.capture.maps import address_space, parse_maps
from analyzer.capture.memory import MemoryUnreadable, ProcessMemory, Segments, unsigned

MAPS = """\
55d0c0000000-55d0c0001000 r--p 00000000 08:01 42                         /usr/bin/na me
55d0c0001000-55d0c0002000 r-xp 00001000 08:01 42                         /usr/bin/na me
55d0c0002000-55d0c0003000 rw-p 00002000 08:01 42                         /usr/bin/na me
55d0c0003000-55d0c0004000 rw-p 00000000 00:00 0
7f0000000000-7f0000001000 rw-p 00000000 00:00 0
not a line of maps
7ffc00000000-7ffc00001000 rw-p 00000000 00:00 0                          [stack]
"""


def test_an_address_belongs_to_a_file_its_bss_included() -> None:
    space = parse_maps(MAPS)
    assert space.module(0x55D0C0001010) == ("/usr/bin/na me", 0x1010)
    assert space.module(0x55D0C0003010) == ("/usr/bin/na me", 0x3010)
    assert space.module(0x7F0000000010) is None
    assert space.module(0x7FFC00000010) is None
    assert space.module(0x1) is None
    mapping = space.at(0x7FFC00000010)
    assert mapping is not None
    assert mapping.path == "[stack]"


@pytest.fixture
def own_libc() -> LoadedElf:
    space = address_space(os.getpid())
    assert space is not None
    path = next(path for path in space.paths() if path.endswith("/libc.so.6"))
    base = space.base(path)
    assert base is not None
    return LoadedElf(ProcessMemory(os.getpid()), base)


def test_exported_symbols_are_found_where_the_linker_finds_them(own_libc: LoadedElf) -> None:
    for name in ("fork", "malloc", "environ", "getpid"):
        found = own_libc.symbol(name)
        assert found is not None
        # Asked of libc itself: a program that was linked without PIE has copies of its own.
        expected = ctypes.cast(getattr(ctypes.CDLL("libc.so.6"), name), ctypes.c_void_p).value
        assert found[0] == expected
    assert own_libc.symbol("no_such_function_anywhere") is None


@pytest.mark.skipif(shutil.which("readelf") is None, reason="no readelf: apt-get install binutils")
def test_build_id_is_that_of_the_file(own_libc: LoadedElf) -> None:
    space = address_space(os.getpid())
    assert space is not None
    path = next(path for path in space.paths() if space.base(path) == own_libc.base)
    notes = subprocess.run(["readelf", "-n", path], capture_output=True, text=True, check=True).stdout
    assert own_libc.build_id is not None
    assert own_libc.build_id in notes


def test_architecture_is_known_by_its_header(own_libc: LoadedElf) -> None:
    found = by_elf(own_libc.machine, own_libc.byte_order)
    assert found is not None
    assert found.name == platform.machine()
    assert by_elf(3, "little") is None


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"\x7fELF\x01" + b"\0" * 100, b"\x7fELF\x02\x01" + b"\xff" * 4000])
def test_what_is_no_elf_file_is_refused(content: bytes) -> None:
    with pytest.raises(MemoryUnreadable):
        LoadedElf(Segments([(0x1000, content)]), 0x1000).symbol("fork")


def test_memory_that_is_not_there() -> None:
    memory = ProcessMemory(os.getpid())
    for address in (0, 1 << 63, (1 << 64) - 8):
        with pytest.raises(MemoryUnreadable):
            memory.read(address, 8)
    memory.close()


def test_numbers_have_the_order_of_the_target() -> None:
    memory = Segments([(0x10, b"\0\0\x01\x02")])
    assert unsigned(memory, 0x10, 4, "big") == 0x0102
    assert unsigned(memory, 0x10, 4, "little") == 0x02010000


def test_calls_forward_and_backward_on_every_architecture() -> None:
    start = 0x10000
    examples = {
        "x86_64": (b"\x90\xe8" + struct.pack("<i", 0x100), start + 1, start + 6 + 0x100),
        "s390x": (b"\xc0\xe5" + struct.pack(">i", -0x80), start, start - 0x100),
        "aarch64": (struct.pack("<I", 0x94000000 | (-0x40 & 0x03FFFFFF)), start, start - 0x100),
        "ppc64le": (struct.pack("<I", 0x48000001 | (-0x100 & 0x03FFFFFC)), start, start - 0x100),
    }
    assert examples.keys() == ARCHITECTURES.keys()
    for name, (code, place, target) in examples.items():
        assert (place, target) in list(direct_calls(code, start, name)), name
    forward = struct.pack("<I", 0x94000000 | 0x40)
    assert list(direct_calls(forward, start, "aarch64")) == [(start, start + 0x100)]
    assert list(direct_calls(b"\xe8", 0, "riscv64")) == []
