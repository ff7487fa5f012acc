"""One content -> its items: itself, or what is in it. Streams: no more than one member is in memory at a time."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from analyzer.batch.behind import Behind
from analyzer.batch.item import Item, key_of
from analyzer.batch.kinds import HEAD, Damaged, content_of, packer_of, reading_fails, unpacked
from analyzer.lean_dataclass import dataclass, replace

TEXT_LIMIT = 64 << 20
"""Bytes of one trace or one saved result; more is no trace of one hang, and would fill a worker's memory."""
DEPTH = 3
"""Archives in archives that are opened."""
_PIECE = 1 << 20


@dataclass(frozen=True)
class Walked:
    """Everything in a container has been handed out."""

    key: str
    stamp: str


Found = Item | Walked


@dataclass(frozen=True)
class Content:
    """Something that can be read from its beginning to its end."""

    address: tuple[str, ...]
    """What its key is made of."""
    name: str
    stamp: str
    seen_at: str | None
    open: Callable[[], IO[bytes]]
    path: str | None = None
    """For a file, and for what fsspec reaches: where a worker finds it."""
    container: str | None = None
    depth: int = 0

    @property
    def key(self) -> str:
        """Of the item, or of the container."""
        return key_of(*self.address)


class Inside:
    """Looks into contents. ``known`` says what has its row already, ``spill`` is a folder for cores that lie in archives."""

    def __init__(self, known: Callable[[str, str], bool], walked: Callable[[str, str], bool], spill: Path) -> None:
        self.known, self._walked, self._spill = known, walked, spill
        self._fails = reading_fails()

    def items(self, content: Content) -> Iterator[Found]:
        """Everything in it that has no row yet. Raises nothing: what cannot be read is an item that says why."""
        if self._walked(content.key, content.stamp) or self.known(content.key, content.stamp):
            return
        try:
            with closing(content.open()) as stream:
                yield from self._look(content, stream, stream.read(HEAD), packed="")
        except PermissionError:
            yield _refused(content, "it may not be read by you (permission denied)")
        except self._fails as error:
            yield _refused(content, _said(error), again=isinstance(error, OSError) and error.errno is not None)

    def _look(self, content: Content, stream: IO[bytes], head: bytes, *, packed: str) -> Iterator[Found]:
        kind = content_of(head)
        if kind == "packed":
            yield from self._unpack(content, stream, head, packed=packed)
        elif kind == "core":
            yield self._core(content, stream, head, packed=packed)
        elif kind == "tar":
            yield from self._archive(content, stream, head)
        elif kind == "json":
            yield from self._saved(content, stream, head)
        elif kind in {"page", "text"}:
            data = _all_of(stream, head)
            yield _item(content, "saved" if kind == "page" and b"hanganalyze-data" in data else "trace", data)
        else:
            yield _refused(content, "it is empty" if kind == "empty" else kind)

    def _unpack(self, content: Content, stream: IO[bytes], head: bytes, *, packed: str) -> Iterator[Found]:
        if packed:
            raise Damaged("it is packed twice; unpack it first")
        packer = packer_of(head) or ""
        with closing(unpacked(stream, Behind(head, stream), packer)) as plain:
            yield from self._look(content, plain, _filled(plain), packed=packer)

    def _core(self, content: Content, stream: IO[bytes], head: bytes, *, packed: str) -> Item:
        if content.path is not None and packed != "bzip2":  # who reads cores unpacks the rest, too
            return replace(_item(content, "core", None), path=content.path)
        target = self._spill / content.key
        try:
            _copy(stream, head, target)
        except OSError as error:
            target.unlink(missing_ok=True)
            return _refused(content, f"there is no room to unpack it: {error.strerror}", again=True)
        except self._fails:
            target.unlink(missing_ok=True)
            raise
        return replace(_item(content, "core", None), path=str(target), temporary=True)

    def _archive(self, content: Content, stream: IO[bytes], head: bytes) -> Iterator[Found]:
        if content.depth >= DEPTH:
            yield _refused(content, f"it is an archive in more than {DEPTH} others")
            return
        members, problem = 0, None
        behind = Behind(head, stream)
        try:
            with tarfile.open(fileobj=behind, mode="r|", ignore_zeros=False) as archive:  # type: ignore[call-overload]
                for member in archive:
                    archive.members = []  # tarfile remembers every member; an archive may have millions
                    if not member.isdir():
                        members += 1
                        yield from self._member(content, archive, member, members)
            if behind.ended:
                problem = "the archive has no end mark: it may be cut off"
        except self._fails as error:
            problem = f"the archive is damaged: {_said(error)}"
        if not members and problem is None:
            problem = "the archive is empty"
        if problem is not None:
            # A key of its own: a row with the archive's key would say that everything in it has been read.
            own = replace(content, address=(*content.address, "", "archive"), container=content.container or content.key)
            yield _refused(own, f"{problem}; members read before that: {members}")
        yield from _over(content)

    def _member(self, content: Content, archive: tarfile.TarFile, member: tarfile.TarInfo, number: int) -> Iterator[Found]:
        inner = Content(
            # Names may come twice in an archive.
            address=(*content.address, member.name, str(number)),
            name=f"{content.name}!{member.name}",
            stamp=f"{member.size} {member.mtime}",
            seen_at=utc(member.mtime),
            open=lambda: _member_stream(archive, member),
            container=content.container or content.key,
            depth=content.depth + 1,
        )
        if not member.isreg():
            if not self.known(inner.key, inner.stamp):
                yield _refused(inner, "it is a link, or a device: there is no content in the archive")
            return
        yield from self.items(inner)

    def _saved(self, content: Content, stream: IO[bytes], head: bytes) -> Iterator[Found]:
        behind = Behind(head, stream)
        first = behind.readline(TEXT_LIMIT + 1)
        if not _is_document(first):
            yield _item(content, "saved", _all_of(behind, first))
            return
        line = first
        rest = behind.readline(TEXT_LIMIT + 1)
        if not rest.strip():
            yield _item(content, "saved", first)
            return
        number = 0
        while line:
            number += 1
            if line.strip():
                digest = hashlib.blake2b(line, digest_size=12).hexdigest()
                inner = replace(
                    content,
                    address=(*content.address, "line", str(number)),
                    name=f"{content.name}:{number}",
                    stamp=digest,
                    container=content.container or content.key,
                    path=None,
                )
                if not self.known(inner.key, inner.stamp):
                    yield _line(inner, line)
            line, rest = rest, behind.readline(TEXT_LIMIT + 1) if rest else b""
        yield from _over(content)


def _over(content: Content) -> Iterator[Walked]:
    """Only the outermost container is known as walked: all that is in it counts as its own."""
    if content.container is None:
        yield Walked(content.key, content.stamp)


def utc(seconds: float) -> str | None:
    """A time of the file system, UTC in ISO 8601."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC).isoformat(timespec="seconds") if seconds > 0 else None
    except (OverflowError, ValueError, OSError):
        return None


def refused(content: Content, because: str, *, again: bool = False) -> Item:
    """The item of something that cannot be read."""
    return replace(_item(content, "unknown", None), because=because, again=again)


_refused = refused


def _line(content: Content, line: bytes) -> Item:
    if len(line) > TEXT_LIMIT:
        return _refused(content, f"the line is longer than {TEXT_LIMIT >> 20} MiB")
    return _item(content, "saved", line)


def _item(content: Content, kind: str, payload: bytes | None) -> Item:
    return Item(
        key=content.key,
        name=content.name,
        kind=kind,  # type: ignore[arg-type]
        stamp=content.stamp,
        container=content.container,
        seen_at=content.seen_at,
        payload=payload,
    )


def _is_document(line: bytes) -> bool:
    """Whether one line is a whole document already: then the next line is another one."""
    if not line.rstrip().endswith(b"}") or len(line) > TEXT_LIMIT:
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _member_stream(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(member)
    if stream is None:
        raise Damaged("there is no content in the archive")
    return stream


def _filled(stream: IO[bytes]) -> bytes:
    """The head, of a stream that may give less than it is asked for."""
    head = b""
    while len(head) < HEAD and (more := stream.read(HEAD - len(head))):
        head += more
    return head


def _all_of(stream: IO[bytes] | Behind, head: bytes) -> bytes:
    pieces, size = [head], len(head)
    while more := stream.read(_PIECE):
        pieces.append(more)
        size += len(more)
        if size > TEXT_LIMIT:
            raise Damaged(f"it is larger than {TEXT_LIMIT >> 20} MiB: one trace a file, please")
    return b"".join(pieces)


def _copy(stream: IO[bytes], head: bytes, target: Path) -> None:
    """To a file with holes where the content has zeros: cores are mostly holes."""
    with target.open("xb") as file:
        target.chmod(0o600)
        piece = head
        while piece:
            if piece.count(0) == len(piece):
                file.seek(len(piece), 1)
            else:
                file.write(piece)
            piece = stream.read(_PIECE)
        file.truncate()


def _said(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or error.__class__.__name__
    return " ".join(str(text).split())[:300]
