"""Go's build information, in both of its formats, and in files that were made to mislead."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture.package import go_build
from analyzer.model import GoBuild

MAGIC = b"\xff Go buildinf:"
MARKS = (bytes.fromhex("3077af0c9274080241e1c107e6d618e6"), bytes.fromhex("f932433186182072008242104116d8f2"))
TEXT = (
    b"path\tgithub.com/containers/podman/v5/cmd/podman\nmod\tgithub.com/containers/podman/v5\tv5.3.1\th1:abc=\n"
    b"dep\tgithub.com/x/y\tv1.0.0\th1:z=\nbuild\t-compiler=gc\nbuild\tvcs.revision=0a1b2c3d\nbuild\tvcs.modified=false\n"
)
WHOLE = GoBuild(
    "github.com/containers/podman/v5/cmd/podman", "github.com/containers/podman/v5", "v5.3.1", "0a1b2c3d", False, "go1.24.4"
)


def varint(number: int) -> bytes:
    encoded = b""
    while number > 0x7F:
        encoded, number = encoded + bytes([number & 0x7F | 0x80]), number >> 7
    return encoded + bytes([number])


def inline_section(text: bytes = TEXT, compiler: bytes = b"go1.24.4") -> bytes:
    marked = MARKS[0] + text + MARKS[1]
    return (MAGIC + b"\x08\x02").ljust(32, b"\0") + varint(len(compiler)) + compiler + varint(len(marked)) + marked


def elf(section: bytes, *, order: str = "<", loaded_at: int = 0x400000) -> bytes:
    """A file of 64 bits with a loaded segment that is the whole file, the section and the section names."""
    names = b"\0.go.buildinfo\0.shstrtab\0"
    start = 64 + 56
    names_at = start + len(section)
    table_at = names_at + len(names)
    size = table_at + 3 * 64
    ident = b"\x7fELF\x02" + (b"\x02" if order == ">" else b"\x01") + b"\x01" + bytes(9)
    header = ident + struct.pack(order + "HHIQQQIHHHHHH", 2, 62, 1, 0, 64, table_at, 0, 64, 56, 1, 64, 3, 2)
    program = struct.pack(order + "IIQQQQQQ", 1, 4, 0, loaded_at, loaded_at, size, size, 4096)
    rows = [(0,) * 10, (1, 1, 2, 0, start, len(section), 0, 0, 1, 0), (15, 3, 0, 0, names_at, len(names), 0, 0, 1, 0)]
    return header + program + section + names + b"".join(struct.pack(order + "IIQQQQIIQQ", *row) for row in rows)


def read(tmp_path: Path, content: bytes) -> GoBuild | None:
    file = tmp_path / "program"
    file.write_bytes(content)
    descriptor = os.open(file, os.O_RDONLY)
    try:
        return go_build.find(descriptor)
    finally:
        os.close(descriptor)


def test_strings_in_place(tmp_path: Path) -> None:
    assert read(tmp_path, elf(inline_section())) == WHOLE


@pytest.mark.parametrize("order", ["<", ">"])
def test_strings_behind_pointers_as_before_go_1_18(tmp_path: Path, order: str) -> None:
    """The section holds two addresses of string headers; here headers and texts lie behind them in the same section."""
    marked, base = MARKS[0] + TEXT + MARKS[1], 0x400000 + 120
    texts = b"go1.24.4" + marked
    headers = struct.pack(order + "QQQQ", base + 64, 8, base + 72, len(marked))
    section = MAGIC + b"\x08" + (b"\x01" if order == ">" else b"\x00") + struct.pack(order + "QQ", base + 32, base + 48)
    assert read(tmp_path, elf(section + headers + texts, order=order)) == WHOLE


def test_a_checkout_has_no_version(tmp_path: Path) -> None:
    text = b"path\tcommand-line-arguments\nmod\texample.org/tool\t(devel)\t\nbuild\tvcs.revision=ff00\nbuild\tvcs.modified=true\n"
    found = read(tmp_path, elf(inline_section(text)))
    assert found == GoBuild("command-line-arguments", "example.org/tool", None, "ff00", True, "go1.24.4")


def test_no_go_program(tmp_path: Path) -> None:
    assert read(tmp_path, Path(sys.executable).resolve().read_bytes()) is None
    assert read(tmp_path, b"#!/bin/sh\n") is None
    assert read(tmp_path, b"") is None
    assert read(tmp_path, elf(b"nothing of Go's")) is None


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 700), st.binary(min_size=1, max_size=12))
def test_a_damaged_file_is_read_without_harm(position: int, damage: bytes) -> None:
    """Whatever 12 bytes say, an answer comes, and its texts come from the file."""
    content = bytearray(elf(inline_section()))
    content[position : position + len(damage)] = damage
    descriptor = os.memfd_create("damaged")
    try:
        os.write(descriptor, content)
        found = go_build.find(descriptor)
        assert found is None or len(found.path or "") <= len(content)
    finally:
        os.close(descriptor)


def test_a_length_beyond_the_file_is_cut(tmp_path: Path) -> None:
    section = (MAGIC + b"\x08\x02").ljust(32, b"\0") + varint(1 << 28) + b"go"
    found = read(tmp_path, elf(section))
    assert found is None or len(found.compiler or "") < 1 << 20
