"""Where the pure data lies: in a wheel inside the package, in a checkout or an editable install beside it."""

from __future__ import annotations

from pathlib import Path


def folder(name: str) -> Path:
    """The data folder ``name`` (``signatures`` or ``reports``) of this installation.

    Raises FileNotFoundError when the installation is broken and has neither.
    """
    packaged = Path(__file__).parent / name  # importlib.resources would say the same, after importing zipfile
    beside = Path(__file__).resolve().parent.parent / name
    for candidate in (packaged, beside):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"{name}/ is missing from this installation of hanganalyze: install it again")
