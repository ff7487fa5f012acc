"""What a content is, by its first bytes; never by its name, which may be anything."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import shutil
import struct
import subprocess
import tarfile
import zlib
from typing import IO, TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from analyzer.batch.behind import Behind

Content = Literal["packed", "core", "tar", "json", "page", "text", "empty"]
HEAD = 4096
"""Bytes that decide."""
_ET_CORE = 4
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"\x04\x22\x4d\x18": "lz4"}
_OTHERS = (
    (b"PK\x03\x04", "a zip archive: unpack it first, or pack it with tar"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"%PDF", "a PDF: save it as text first"),
    (b"SQLite format 3\0", "a database"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first, or pack it with tar"),
    (b"makedumpfile", "a dump of a kernel, not of a process"),
    (b"KDUMP", "a dump of a kernel, not of a process"),
)


class Damaged(Exception):
    """A content that breaks off or contradicts itself; the message says how."""


def packer_of(head: bytes) -> str | None:
    """The name of the packer, for packed contents."""
    return next((name for magic, name in _PACKED.items() if head.startswith(magic)), None)


def content_of(head: bytes) -> Content | str:
    """The kind, or a sentence that says why it is none of ours."""
    if not head:
        return "empty"
    if packer_of(head):
        return "packed"
    if head.startswith(b"\x7fELF"):
        order = ">" if head[5:6] == b"\x02" else "<"
        is_core = len(head) >= 18 and struct.unpack_from(order + "H", head, 16)[0] == _ET_CORE
        return "core" if is_core else "it is an ELF file, but not a core"
    if head[257:262] == b"ustar" or _is_old_tar(head):
        return "tar"
    for magic, what in _OTHERS:
        if head.startswith(magic):
            return f"it is {what}"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if re.match(rb'\{\s*"', text):
        return "json"
    if text[:9].lower() == b"<!doctype":
        return "page"
    if head.count(0) * 20 > len(head):
        return "it is binary, and of no kind that is read"
    return "text"


def _is_old_tar(head: bytes) -> bool:
    """A tar of before 1988 has no magic, but a checksum."""
    if len(head) < 512 or not head[0]:
        return False
    try:
        return tarfile.nti(head[148:156]) in tarfile.calc_chksums(head[:512])  # type: ignore[attr-defined]
    except (tarfile.HeaderError, ValueError):
        return False


def unpacked(stream: IO[bytes], behind: Behind, packer: str) -> IO[bytes]:
    """The plain bytes; close it when done. ``behind``: the stream from its beginning, ``stream``: for who must have the file.

    Raises Damaged where nothing here can unpack it; reading raises one of ``reading_fails``.
    """
    source = cast("IO[bytes]", behind)
    if packer == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=source))
    if packer == "bzip2":
        return bz2.BZ2File(source)
    if packer == "xz":
        return lzma.LZMAFile(source)
    if packer == "zstd":
        try:
            import zstandard
        except ImportError:
            pass
        else:
            reader = zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True, closefd=False)
            return cast("IO[bytes]", reader)
    return cast("IO[bytes]", io.BufferedReader(_ThroughCommand(stream, packer)))


class _ThroughCommand(io.RawIOBase):
    """What ``zstd -dc`` or ``lz4 -dc`` makes of a file. Only a real file can be handed to it."""

    def __init__(self, stream: IO[bytes], packer: str) -> None:
        super().__init__()
        command = shutil.which(packer)
        if command is None:
            raise Damaged(f"it is packed with {packer}, and there is no {packer} to unpack it (apt-get install {packer})")
        try:
            descriptor = stream.fileno()
        except OSError as error:
            raise Damaged(f"it is packed with {packer} inside another archive; unpack it first") from error
        stream.seek(0)
        self._process = subprocess.Popen([command, "-dcq"], stdin=descriptor, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        assert self._process.stdout is not None
        data = self._process.stdout.read(len(view))
        if not data and self._process.wait() != 0:
            raise OSError("its packed data is damaged")
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._process.kill()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
        super().close()


def reading_fails() -> tuple[type[Exception], ...]:
    """What reading a damaged content may raise."""
    fails: tuple[type[Exception], ...] = (
        *(OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, tarfile.TarError, struct.error, Damaged),
    )
    try:
        import zstandard
    except ImportError:
        return fails
    return (*fails, zstandard.ZstdError)
