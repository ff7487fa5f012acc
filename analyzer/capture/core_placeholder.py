"""A program of nothing, for a debugger that looks at a core whose own program is not here.

Without a program, gdb from 16 on opens the one that the core names: at that path of this machine, in no sysroot, and beside the
core. It believes a file of the right build id only, but it opens whatever lies there, and for a pipe it waits. That path is the
core's own claim. With a program at hand gdb does not look for one, so it gets an ELF file without a segment, a section or a
symbol. It is not read for symbols: gdb would then take it for the beginning of every stack.
"""

from __future__ import annotations

import struct
from pathlib import Path

from analyzer.capture.architecture import Architecture

_ET_EXEC, _ELFOSABI_GNU = 2, 3  # the debugger tells by the latter that it is a program of Linux


def write_placeholder(folder: Path, architecture: Architecture) -> Path:
    """The file, written into ``folder``. Raises OSError."""
    little = architecture.byte_order == "little"
    identity = b"\x7fELF" + bytes([2, 1 if little else 2, 1, _ELFOSABI_GNU]) + bytes(8)
    fields = (_ET_EXEC, architecture.elf_machine, 1, 0, 0, 0, architecture.elf_flags, 64, 56, 0, 64, 0, 0)
    path = folder / "program-that-is-not-here"
    path.write_bytes(identity + struct.pack(("<" if little else ">") + "HHIQQQIHHHHHH", *fields))
    return path
