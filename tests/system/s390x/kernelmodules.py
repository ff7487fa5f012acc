"""Which kernel modules a guest needs, and in which order they load.

An unpacked kernel package has no modules.dep (depmod never ran); each module says in its .modinfo what it depends on.
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Sequence
from pathlib import Path

from .errors import CannotRunHere

_DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")


def in_load_order(modules_directory: Path, wanted: Sequence[str]) -> list[tuple[str, bytes]]:
    """(name, content) of `wanted` and all they depend on, each after what it needs.

    A module that is no file is taken to be built into the kernel if modules.builtin says so; else `CannotRunHere`.
    """
    files = {_canonical(path.name.partition(".")[0]): path for path in modules_directory.rglob("*.ko*")}
    builtin_list = next(iter(modules_directory.rglob("modules.builtin")), None)
    builtin_lines = builtin_list.read_text("utf-8").split() if builtin_list else []
    builtin = {_canonical(Path(line).name.partition(".")[0]) for line in builtin_lines}
    loaded: dict[str, bytes] = {}

    def load(name: str) -> None:
        if name in loaded or name in builtin:
            return
        if name not in files:
            raise CannotRunHere(f"the kernel in {modules_directory} has no module {name}")
        content = _content(files[name])
        found = _DEPENDS.search(content)
        for needed in (found.group(1).decode() if found else "").split(","):
            if needed:
                load(_canonical(needed))
        loaded[name] = content

    for name in wanted:
        load(_canonical(name))
    return list(loaded.items())


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def _canonical(name: str) -> str:
    return name.replace("-", "_")
