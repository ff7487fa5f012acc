"""An initramfs archive (cpio, "newc"), written without root rights and without device nodes on disk."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field


@dataclass
class Archive:
    """Collects files and yields the archive's bytes. Parents of a path are made when they are missing."""

    _chunks: list[bytes] = field(default_factory=list)
    _made: set[str] = field(default_factory=set)

    def directory(self, path: str) -> None:
        if path in self._made or not path:
            return
        self.directory(path.rpartition("/")[0])
        self._made.add(path)
        self._entry(path, stat.S_IFDIR | 0o755, b"")

    def file(self, path: str, content: bytes, mode: int = 0o644) -> None:
        self.directory(path.rpartition("/")[0])
        self._entry(path, stat.S_IFREG | mode, content)

    def symlink(self, path: str, target: str) -> None:
        self.directory(path.rpartition("/")[0])
        self._entry(path, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, path: str, major: int, minor: int) -> None:
        self.directory(path.rpartition("/")[0])
        self._entry(path, stat.S_IFCHR | 0o600, b"", major, minor)

    def to_bytes(self) -> bytes:
        return b"".join([*self._chunks, _entry_bytes("TRAILER!!!", 0, b"", 0, 0, 0)])

    def _entry(self, path: str, mode: int, content: bytes, major: int = 0, minor: int = 0) -> None:
        # Distinct inode numbers: the kernel takes equal ones for hard links.
        self._chunks.append(_entry_bytes(path, mode, content, major, minor, len(self._chunks) + 1))


def _entry_bytes(path: str, mode: int, content: bytes, major: int, minor: int, inode: int) -> bytes:
    name = path.encode() + b"\0"
    fields = (inode, mode, 0, 0, 1, 0, len(content), 0, 0, major, minor, len(name), 0)
    header = b"070701" + b"".join(b"%08x" % value for value in fields) + name
    return _padded(header) + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
