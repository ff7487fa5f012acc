"""What the fuzzer starts from: real answers, files, texts and documents, as small as they still are whole."""

# ruff: noqa: E501 - records and headers are one line each
from __future__ import annotations

import functools
import json
import struct
from pathlib import Path

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests" / "unit" / "trace" / "recorded"
SEPARATOR = b"\x1e"
"""Between the files of one input of ``proc``."""


def mi() -> list[bytes]:
    """Records of gdb: frames, values, threads, errors, a stop."""
    frame = b'frame={level="0",addr="0x00007f01",func="__lll_lock_wait_private",file="a.c",fullname="/b/a.c",line="31",arch="i386:x86-64"}'
    return [
        b"1^done,stack=[" + frame + b',frame={level="1",addr="0x2",func="main",from="/lib/libc.so.6"}]\n',
        b'2^done,value="(void *) 0x7ffff7dd1b20 <main_arena>"\n3^done,value="140737353955136"\n4^done,depth="81"\n',
        b'5^done,threads=[{id="1",target-id="Thread 0x7f12 (LWP 2551)",state="stopped",core="1"}],current-thread-id="1"\n',
        b'6^error,msg="No symbol \\"main_arena\\" in current context."\n',
        b'*stopped,frame={addr="0x1",func="\\303\\244",args=[]},thread-id="1",stopped-threads="all"\n&"warning: x\\n"\n',
        b'~"GNU gdb (Debian 13.1-3) 13.1\\n"\n7^done\n=thread-group-added,id="i1"\n(gdb) \n8^running\n9^exit\n',
    ]


def proc() -> list[bytes]:
    """Files of /proc in the order of ``subjects.FILES``."""
    texts = [
        "42 (a) b) S 1 42 42 0 -1 4194560 90 0 0 0 1 2 0 0 20 0 2 0 1234 4096 5 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0",
        "Name:\ta\\nb\nState:\tS (sleeping)\nTgid:\t42\nPid:\t42\nPPid:\t1\nTracerPid:\t0\nUid:\t0\t1\t0\t0\nNSpid:\t42\t7\n"
        "SigPnd:\t0000000000040000\nCapEff:\t000001ffffffffff\nvoluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t1\n",
        "202 0x5581 0x80 0x2 0x0 0x0 0x0 0x7ffd0 0x7f01\n",
        "1200 30 4\n",
        "futex_do_wait",
        "43 44 \n",
        "5581-5582 r--p 00000000 08:01 12                         /usr/bin/a\n"
        "7f01-7f09 r-xp 00001000 08:01 13    /lib/x86_64-linux-gnu/libc.so.6 (deleted)\n7ffd0-7fff0 rw-p 00000000 00:00 0 [stack]\n",
        "pos:\t0\nflags:\t02\nlock:\t1: FLOCK  ADVISORY  WRITE 42 08:01:99 0 EOF\ntfd:        5 events:       1b data: 5  pos:0 ino:1 sdev:8\n",
        "1: FLOCK  ADVISORY  WRITE 42 08:01:99 0 EOF\n1: -> POSIX  ADVISORY  READ 43 08:01:99 0 EOF\n",
        "  sl  local_address rem_address st\n   0: 0100007F:1F90 0100007F:C350 01 0:0 0:0 0 0 0 7788 1\n",
    ]
    return [SEPARATOR.join(text.encode() for text in texts)]


def trace() -> list[bytes]:
    """What the trace tests record, the short ones."""
    return [path.read_bytes() for path in sorted(RECORDED.glob("*.txt")) if path.stat().st_size < 6000]


def toml() -> list[bytes]:
    """Shipped signatures and a symbol set."""
    paths = sorted(path for path in (ROOT / "signatures").rglob("*.toml") if path.stat().st_size < 5000)
    return [path.read_bytes() for path in paths[::7]]


def saved() -> list[bytes]:
    """Saved results as they are, and edits of one (see ``edited``)."""
    return [document().encode(), b"!\x00\x01\x02", b"!" + bytes(range(0, 240, 3))]


@functools.cache
def document() -> str:
    """A saved result with little in it."""
    from analyzer.render.json import to_json
    from tests.unit.render import fixtures

    return min((to_json(make(), indent=None) for make in fixtures.ALL.values()), key=len)


def notes() -> list[bytes]:
    """A core of one thread with a mapped ELF file, the note of hanganalyze, and a build id."""
    return [core(), core(own={"version": 1, "threads": []}), core(order=">", machine=22)]


def core(order: str = "<", machine: int = 62, own: dict[str, object] | None = None) -> bytes:
    """A whole small core, of x86_64 unless said otherwise."""

    def note(owner: bytes, kind: int, data: bytes) -> bytes:
        padded = owner + b"\0" * (4 - len(owner) % 4)
        return struct.pack(order + "III", len(owner) + 1, len(data), kind) + padded + data + b"\0" * (-len(data) % 4)

    status = struct.pack(order + "12xH18xi76x", 6, 42) + bytes(27 * 8 + 8)
    about = struct.pack(order + "x1s14xIIii8x", b"S", 0, 0, 42, 1) + b"program".ljust(16, b"\0") + bytes(80)
    auxv = struct.pack(order + "QQQQQQQQ", 3, 0x400040, 5, 3, 9, 0x400100, 0, 0)
    files = struct.pack(order + "QQQQQ", 1, 4096, 0x400000, 0x401000, 0) + b"/lib/libc.so.6\0"
    texts = note(b"CORE", 1, status) + note(b"CORE", 3, about) + note(b"CORE", 6, auxv) + note(b"CORE", 0x46494C45, files)
    if own is not None:
        texts += note(b"hanganalyze", 1, json.dumps(own).encode())
    page = _library(order, machine)
    header = struct.pack(
        order + "4s5B7xHHIQQQIHHHHHH",
        b"\x7fELF",
        2,
        1 if order == "<" else 2,
        1,
        0,
        0,
        4,
        machine,
        1,
        0,
        64,
        0,
        0,
        64,
        56,
        2,
        0,
        0,
        0,
    )
    place = 64 + 2 * 56
    programs = struct.pack(order + "IIQQQQQQ", 4, 0, place, 0, 0, len(texts), 0, 4)
    programs += struct.pack(order + "IIQQQQQQ", 1, 6, place + len(texts), 0x400000, 0, len(page), 0x1000, 4096)
    return header + programs + texts + page


def _library(order: str, machine: int) -> bytes:
    """The first page of a library: headers, a build id, a dynamic section with symbols."""
    identity = struct.pack(order + "III", 4, 20, 3) + b"GNU\0" + bytes(range(20))
    tables = struct.pack(order + "QQQQQQQQ", 5, 0x300, 6, 0x280, 0x6FFFFEF5, 0x240, 0, 0)
    header = struct.pack(
        order + "4s5B7xHHIQQQIHHHHHH",
        b"\x7fELF",
        2,
        1 if order == "<" else 2,
        1,
        0,
        0,
        3,
        machine,
        1,
        0x100,
        64,
        0,
        0,
        64,
        56,
        3,
        64,
        0,
        0,
    )
    programs = struct.pack(order + "IIQQQQQQ", 1, 5, 0, 0, 0, 0x400, 0x400, 4096)
    programs += struct.pack(order + "IIQQQQQQ", 4, 4, 0x1C0, 0x1C0, 0, len(identity), len(identity), 4)
    programs += struct.pack(order + "IIQQQQQQ", 2, 6, 0x200, 0x200, 0, len(tables), len(tables), 8)
    page = bytearray(0x400)
    for place, data in ((0, header), (64, programs), (0x1C0, identity), (0x200, tables)):
        page[place : place + len(data)] = data
    struct.pack_into(order + "IIII", page, 0x240, 1, 1, 1, 6)
    return bytes(page)
