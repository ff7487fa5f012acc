"""Write a small valid docker-archive, for demonstrations, trials and tests. The same arguments give the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING

from analyzer.lean_dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_TAG = "localhost/hanganalyze-demo:latest"


@dataclass(frozen=True)
class MadeImage:
    """What a load of the archive must bring about."""

    path: Path
    """The archive."""
    tag: str
    """Its only tag."""
    config_digest: str
    """``sha256:HEX`` of the config."""
    diff_ids: tuple[str, ...]
    """``sha256:HEX`` of each layer, uncompressed, lowest first."""


def make_image(path: Path, tag: str = DEFAULT_TAG) -> MadeImage:
    """Write a two-layer image to PATH, one layer plain and one gzip. Raises OSError."""
    plain = _tar({"etc/motd": b"one layer, stored as it is\n"})
    zipped = _tar({"bin/hello": b"#!/bin/sh\necho hello\n", "usr/share/text": b"compressible\n" * 4096})
    diff_ids = (_digest(plain), _digest(zipped))
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["/bin/hello"]},
        "rootfs": {"type": "layers", "diff_ids": list(diff_ids)},
    }
    config_bytes = json.dumps(config, sort_keys=True).encode()
    config_digest = _digest(config_bytes)
    config_name = config_digest.removeprefix("sha256:") + ".json"
    manifest = [{"Config": config_name, "RepoTags": [tag], "Layers": ["plain/layer.tar", "zipped/layer.tar"]}]
    path.write_bytes(
        _tar(
            {
                "plain/layer.tar": plain,
                "zipped/layer.tar": gzip.compress(zipped, mtime=0),
                config_name: config_bytes,
                "manifest.json": json.dumps(manifest).encode(),
            }
        )
    )
    return MadeImage(path, tag, config_digest, diff_ids)


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()
