"""The smallest file `podman image load` accepts: one layer with one file, in docker-archive form."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile


def image_tar(architecture: str, name: str = "localhost/tiny:1") -> bytes:
    """A docker-archive of a few kilobytes; `architecture` in Go's words (s390x, amd64)."""
    layer = _tar({"hello": b"hello\n"})
    digest = "sha256:" + hashlib.sha256(layer).hexdigest()
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [digest]},
    }
    encoded = json.dumps(config).encode()
    config_name = hashlib.sha256(encoded).hexdigest() + ".json"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"]}]
    return _tar({config_name: encoded, "layer.tar": layer, "manifest.json": json.dumps(manifest).encode()})


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
