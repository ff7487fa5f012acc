"""Cores as they are kept: plain, or packed with zstd (systemd-coredump), lz4, xz or gzip."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from analyzer.errors import CoreUnreadable
from analyzer.scratch import scratch_folder

LARGEST = 64 << 30
"""A packed core that grows beyond this is not unpacked further: a few bytes can promise any size."""
_PIECE = 1 << 20
_PACKERS = {
    # first bytes: (what it is, the Debian package of its command)
    b"\x28\xb5\x2f\xfd": ("zstd", "zstd"),
    b"\x04\x22\x4d\x18": ("lz4", "lz4"),
    b"\xfd7zXZ\0": ("xz", "xz-utils"),
    b"\x1f\x8b": ("gzip", "gzip"),
}


@contextlib.contextmanager
def plain_core(path: Path) -> Iterator[Path]:
    """A path to the core's plain bytes for the time of the block: ``path`` itself, or a private copy that is then deleted.

    Raises CoreUnreadable.
    """
    try:
        if not path.is_file():
            raise CoreUnreadable(str(path), "it is not a regular file" if path.exists() else "there is no such file")
        with path.open("rb") as file:
            head = file.read(8)
    except (OSError, ValueError) as error:
        raise CoreUnreadable(str(path), getattr(error, "strerror", None) or str(error)) from error
    packer = next((found for magic, found in _PACKERS.items() if head.startswith(magic)), None)
    if packer is None:
        yield path
        return
    # A core holds the process's secrets: the folder and the file are for us alone.
    with scratch_folder("core") as folder:
        unpacked = folder / "core"
        with unpacked.open("wb") as target:
            _unpack(path, packer[0], packer[1], target)
        yield unpacked


def _unpack(path: Path, kind: str, package: str, target: IO[bytes]) -> None:
    """Through the Python module where it is there, else through the command."""
    try:
        if kind == "zstd":
            import zstandard

            with path.open("rb") as source, zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True) as stream:
                return _copy(path, stream, target)
        if kind in {"gzip", "xz"}:
            import gzip
            import lzma

            with gzip.open(path) if kind == "gzip" else lzma.open(path) as stream:
                return _copy(path, stream, target)
    except ImportError:
        pass
    except (OSError, EOFError, ValueError, zstandard_error()) as error:
        raise CoreUnreadable(str(path), f"it is {kind} data that cannot be unpacked: {error}") from error
    return _through_command(path, kind, package, target)


def zstandard_error() -> type[Exception]:
    """The error of the zstandard module, where that is installed."""
    try:
        import zstandard
    except ImportError:
        return OSError
    error: type[Exception] = zstandard.ZstdError
    return error


def _through_command(path: Path, kind: str, package: str, target: IO[bytes]) -> None:
    command = shutil.which(kind)
    if command is None:
        raise CoreUnreadable(
            str(path), f"it is packed, and there is no {kind} to unpack it", next_command=f"apt-get install {package}"
        )
    with path.open("rb") as source, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen([command, "-dcq"], stdin=source, stdout=subprocess.PIPE, stderr=errors)
        assert process.stdout is not None
        try:
            _copy(path, process.stdout, target)
            code = process.wait()
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        if code != 0:
            errors.seek(0)
            said = errors.read(300).decode("utf-8", "replace").strip()
            raise CoreUnreadable(str(path), f"it is {kind} data that cannot be unpacked: {said}")


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _copy(path: Path, source: _Readable, target: IO[bytes]) -> None:
    """Pieces of zeros become holes: cores are mostly zeros, and a disk need not hold them."""
    zeros, total = bytes(_PIECE), 0
    while piece := source.read(_PIECE):
        total += len(piece)
        if total > LARGEST:
            raise CoreUnreadable(str(path), f"it unpacks to more than {LARGEST >> 30} GiB")
        if piece == zeros[: len(piece)]:
            target.seek(len(piece), 1)
        else:
            target.write(piece)
    target.truncate(total)
