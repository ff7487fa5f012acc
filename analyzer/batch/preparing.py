"""What every run needs before its first item: the catalogue with its digest, what is private here, the folder's secret."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer import __version__
from analyzer.analyse import catalogue
from analyzer.batch.item import Setup
from analyzer.batch.store import Store
from analyzer.capture.private import private_here
from analyzer.data import folder

if TYPE_CHECKING:
    import argparse


def setup_for(store: Store, arguments: argparse.Namespace, *, writes: bool) -> Setup:
    """The setup of a run; ``writes``: the workers see the output folder. Raises BadSignatures."""
    return Setup(
        catalogue=catalogue(arguments.signatures),
        catalogue_digest=catalogue_digest(arguments.signatures),
        private=private_here(),
        secret=store.secret,
        redacted=not arguments.include_values,
        folder=str(store.folder.resolve()) if writes else None,
        debugger=arguments.gdb,
        sysroot=getattr(arguments, "sysroot", None),
    )


def catalogue_digest(extra: Sequence[Path] = ()) -> str:
    """Changes with any signature or symbol set, and with the version of the code that applies them."""
    digest = hashlib.blake2b(__version__.encode(), digest_size=8)
    for place in (folder("signatures"), *extra):
        for file in sorted(place.glob("*.toml")) + sorted(place.glob("symbols/*.toml")):
            digest.update(file.relative_to(place).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
