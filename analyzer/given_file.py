"""What a person hands over as a file or on standard input: text, a saved result, or a core. Told by its first bytes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.model import Snapshot

Kind = Literal["text", "saved", "core", "packed"]
_PACKED = (b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"\xfd7zXZ\0", b"\x1f\x8b")
"""zstd, lz4, xz, gzip: what cores are packed with."""
_HEAD = 4096


def kind_of(data: bytes) -> Kind:
    """The kind of a whole content, or of its beginning."""
    if data.startswith(b"\x7fELF"):
        return "core"
    if data.startswith(_PACKED):
        return "packed"
    start = data[:_HEAD].lstrip()[:9].lower()
    # A JSON object begins with a string; a brace alone may be the debugger's print of a structure.
    return "saved" if start == b"<!doctype" or (start[:1] == b"{" and start[1:].lstrip()[:1] in (b'"', b"")) else "text"


def read_trace(file: str) -> tuple[str, str]:
    """(text, where it is from) of a pasted trace; ``-`` is standard input. Raises UsageError, also for what is another input."""
    source = "standard input" if file == "-" else file
    data = sys.stdin.buffer.read() if file == "-" else _bytes_of(Path(file))
    kind = kind_of(data)
    if kind in ("core", "packed"):
        what = "a binary file of ELF, as cores are" if kind == "core" else "packed, as cores are kept"
        raise UsageError(f"{source} is {what}: not text.", next_command=f"hanganalyze core {'CORE' if file == '-' else file}")
    return data.decode("utf-8", "backslashreplace"), source


def read_snapshot(path: Path) -> Snapshot:
    """The snapshot in a saved result (JSON or HTML), of a core, or in a pasted trace.

    Raises UsageError, BadSavedResult, and for a core what ``capture_core`` raises.
    """
    data = _bytes_of(path, _HEAD)
    kind = kind_of(data)
    if kind in ("core", "packed"):
        from analyzer.capture.core import CoreOptions, capture_core

        return capture_core(path, CoreOptions(None, None))
    data = _bytes_of(path)
    if kind == "saved":
        from analyzer.render import load

        return load(data).snapshot
    from analyzer.capture.trace import parse_trace

    return parse_trace(data.decode("utf-8", "backslashreplace"), str(path))


def _bytes_of(path: Path, most: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
