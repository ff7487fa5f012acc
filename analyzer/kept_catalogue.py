"""The catalogue, read once and then kept in the user's cache.

Reading a hundred TOML files and laying out their patterns takes as long as half of our imports; what comes of it changes only
with the files. The copy is a pickle, in a folder that only we can write, beside the compiled templates: see ``cache_folder``.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle  # nosec B403 - of a file of our own
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer import __version__
from analyzer.cache import cache_folder
from analyzer.errors import HangAnalyzeError

if TYPE_CHECKING:
    from analyzer.diagnose.catalogue import Catalogue


def catalogue_of(folders: Sequence[Path]) -> Catalogue:
    """The catalogue of these folders. Raises BadSignatures with every mistake in them; only one without mistakes is kept."""
    place = state = None
    with contextlib.suppress(HangAnalyzeError, OSError):
        named = hashlib.sha256("\0".join(str(folder.absolute()) for folder in folders).encode()).hexdigest()[:12]
        place, state = cache_folder() / f"catalogue-{named}.pickle", _state(folders)
        kept = _read(place, state)
        if kept is not None:
            return kept
    from analyzer.diagnose.read_catalogue import load_catalogue

    catalogue = load_catalogue(folders)
    if place is not None and state is not None:
        _keep(place, state, catalogue)
    return catalogue


def _state(folders: Sequence[Path]) -> str:
    """Changes with every file of the catalogue, and with the code that reads it."""
    code = Path(__file__).parent / "diagnose"
    seen = hashlib.sha256(f"{__version__} {sys.version}".encode())
    for folder in (*folders, *(folder / "symbols" for folder in folders), code):
        for entry in sorted(_files(folder), key=lambda entry: entry.name):
            status = entry.stat()
            seen.update(f"{entry.path} {status.st_size} {status.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return seen.hexdigest()


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        yield from (entry for entry in entries if entry.name.endswith((".toml", ".py")))


def _read(place: Path, state: str) -> Catalogue | None:
    try:
        with place.open("rb") as file:
            if file.readline().strip().decode() != state:
                return None
            kept: Catalogue = pickle.load(file)  # noqa: S301 # nosec B301 - ours alone, see above
    except Exception:  # a broken copy is made anew, whatever broke it
        return None
    return kept


def _keep(place: Path, state: str, catalogue: Catalogue) -> None:
    from analyzer.output import write

    catalogue.lay_out()
    with contextlib.suppress(HangAnalyzeError, OSError):
        write(place, state.encode() + b"\n" + pickle.dumps(catalogue, pickle.HIGHEST_PROTOCOL))
