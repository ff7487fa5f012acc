"""Load a docker-archive into a store, for real. Run by the re-executed loader as ``python -I -S image_load.py``.

Standard library only, and no import of this package: inside the user namespace there is nothing but the interpreter.
The store: ``blobs/sha256/HEX`` (configs, and layers uncompressed, so that a blob's name is the digest of its bytes) and
``index.json`` (tag -> config and layers). Exit code 0, 1 when the image is refused, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import fcntl
import gzip
import hashlib
import json
import os
import posixpath
import re
import sys
import tarfile
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 20
LARGEST_JSON = 4 << 20
LARGEST_LAYER = 16 << 30
"""A gzip layer can grow a thousandfold; this is where we stop believing it."""

DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
HEX_AT_END = re.compile(r"(?:^|/)([0-9a-f]{64})(?:\.json)?\Z")
TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,254}\Z")


class ImageRefused(Exception):
    """The archive is not what it says it is, or tries something it should not."""


class Archive:
    """A docker-archive: members are looked up by name, never unpacked to a path."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def open(self, name: object) -> IO[bytes]:
        """The regular file NAME, through one symbolic link at most (older docker saves equal layers so)."""
        member = self._member(name)
        if member.issym():
            member = self._member(posixpath.join(posixpath.dirname(member.name), member.linkname))
        if not member.isreg():
            raise ImageRefused(f"{member.name!r} in the archive is not a regular file")
        opened = self._tar.extractfile(member)
        assert opened is not None, "a regular member has content"
        return opened

    def json(self, name: object) -> tuple[Any, bytes]:
        """The JSON file NAME, as a value and as bytes."""
        with self.open(name) as file:
            content = file.read(LARGEST_JSON + 1)
        if len(content) > LARGEST_JSON:
            raise ImageRefused(f"{name!r} is larger than {LARGEST_JSON} bytes")
        try:
            return json.loads(content), content
        except (ValueError, RecursionError) as error:
            raise ImageRefused(f"{name!r} is not JSON: {error}") from error

    def _member(self, name: object) -> tarfile.TarInfo:
        if not isinstance(name, str) or not name:
            raise ImageRefused(f"manifest.json names no file: {name!r}")
        inside = posixpath.normpath(name)
        if name.startswith("/") or inside == ".." or inside.startswith("../") or "\0" in name:
            raise ImageRefused(f"{name!r} leads out of the archive")
        try:
            return self._tar.getmember(inside)
        except KeyError:
            raise ImageRefused(f"{name!r} is missing from the archive") from None


class Store:
    """Blobs by digest and an index of tags; what is visible under its final name is complete and verified."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._blobs = root / "blobs" / "sha256"
        self._blobs.mkdir(parents=True, exist_ok=True)

    def add(self, content: Iterator[bytes], expected: str, what: str) -> int:
        """Write CONTENT as the blob EXPECTED (``sha256:HEX``), unless its digest is another; its size in bytes."""
        digest = hashlib.sha256()
        size = 0
        with self._unfinished(self._blobs) as (path, file):
            for chunk in content:
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
            found = f"sha256:{digest.hexdigest()}"
            if found != expected:
                raise ImageRefused(f"{what} has the digest {found}, but {expected} is promised")
            _finish(path, file, self._blobs / digest.hexdigest())
        return size

    def list_tags(self, tags: list[str], entry: dict[str, object]) -> None:
        """Let every one of TAGS mean ENTRY. Two loaders may do so at once."""
        index_path = self._root / "index.json"
        with (self._root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                index = json.loads(index_path.read_bytes())
            except FileNotFoundError:
                index = {"images": {}}
            for tag in tags:
                index["images"][tag] = entry
            with self._unfinished(self._root) as (path, file):
                file.write(json.dumps(index, indent=1, sort_keys=True).encode() + b"\n")
                _finish(path, file, index_path)

    @contextmanager
    def _unfinished(self, folder: Path) -> Iterator[tuple[Path, IO[bytes]]]:
        handle, name = tempfile.mkstemp(prefix=".unfinished-", dir=folder)
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                yield path, file
        finally:
            path.unlink(missing_ok=True)


def _finish(path: Path, file: IO[bytes], final: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    path.replace(final)


def load(archive_path: Path, store: Store) -> list[str]:
    """Load every image of the archive; returns the tags listed, or the config digest of an image without one."""
    try:
        with tarfile.open(archive_path, "r:*") as tar:
            archive = Archive(tar)
            manifest, _ = archive.json("manifest.json")
            if not isinstance(manifest, list) or not manifest:
                raise ImageRefused("manifest.json lists no image")
            return [name for image in manifest for name in _load_image(archive, image, store)]
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ImageRefused(f"{archive_path} is not a whole docker-archive: {error}") from error


def _load_image(archive: Archive, image: object, store: Store) -> list[str]:
    if not isinstance(image, dict):
        raise ImageRefused("manifest.json describes an image by something else than an object")
    tags = _tags(image.get("RepoTags"))
    config, config_bytes = archive.json(image.get("Config"))
    config_digest = _config_digest(image["Config"], config_bytes)
    promised = _diff_ids(config)
    layers = image.get("Layers")
    if not isinstance(layers, list) or len(layers) != len(promised):
        raise ImageRefused("manifest.json and the config disagree about the number of layers")
    for name, diff_id in zip(layers, promised):  # noqa: B905 - strict= is 3.10; another user's Python may be older
        with archive.open(name) as file:
            store.add(_uncompressed(file, name), diff_id, f"layer {name!r}")
    store.add(iter([config_bytes]), config_digest, "the config")
    store.list_tags(tags, {"config": config_digest, "layers": promised})
    return tags or [config_digest]


def _tags(value: object) -> list[str]:
    tags = [] if value is None else value
    if not isinstance(tags, list) or not all(isinstance(tag, str) and TAG.match(tag) for tag in tags):
        raise ImageRefused(f"manifest.json has a tag that is none: {value!r}")
    return tags


def _config_digest(name: str, content: bytes) -> str:
    found = hashlib.sha256(content).hexdigest()
    promised = HEX_AT_END.search(name)  # docker and podman name the config by its digest; the format does not demand it
    if promised and promised[1] != found:
        raise ImageRefused(f"config {name!r} has the digest sha256:{found}")
    return f"sha256:{found}"


def _diff_ids(config: object) -> list[str]:
    rootfs = config.get("rootfs") if isinstance(config, dict) else None
    diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(diff_ids, list) or not all(isinstance(item, str) and DIGEST.match(item) for item in diff_ids):
        raise ImageRefused("the config has no list of sha256 digests in rootfs.diff_ids")
    return diff_ids


def _uncompressed(file: IO[bytes], name: str) -> Iterator[bytes]:
    magic = file.read(4)
    file.seek(0)
    if magic == b"\x28\xb5\x2f\xfd":
        raise ImageRefused(f"layer {name!r} is compressed with zstd; only gzip and none are understood")
    stream: IO[bytes] = gzip.GzipFile(fileobj=file) if magic[:2] == b"\x1f\x8b" else file  # type: ignore[assignment]
    size = 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > LARGEST_LAYER:
            raise ImageRefused(f"layer {name!r} unpacks to more than {LARGEST_LAYER >> 30} GiB")
        yield chunk


def main(argv: list[str] | None = None) -> int:
    """Command line; prints ``Loaded image: TAG`` as podman does."""
    parser = argparse.ArgumentParser(prog="image_load")
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    arguments = parser.parse_args(argv)
    try:
        for name in load(arguments.input, Store(arguments.store)):
            print(f"Loaded image: {name}")
    except ImageRefused as refused:
        print(f"loader: refused: {refused}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"loader: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
