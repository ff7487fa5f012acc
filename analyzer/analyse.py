"""The one way through the house: capture -> diagnose, and the reference beside it. Rendering is the caller's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.capture.live import Options, capture
from analyzer.lean_dataclass import replace
from analyzer.model import Diagnosis, ThreadRef

if TYPE_CHECKING:
    from analyzer.capture.core import CoreOptions
    from analyzer.diagnose.catalogue import Catalogue

Say = Callable[[str], None]
"""Takes a line of progress for a person."""


def catalogue(extra: Sequence[Path] = ()) -> Catalogue:
    """The shipped signatures and those of ``extra`` folders. Raises BadSignatures."""
    from analyzer.data import folder
    from analyzer.kept_catalogue import catalogue_of

    return catalogue_of([folder("signatures"), *extra])


def analyse_process(
    pid: int,
    options: Options,
    *,
    signatures: Sequence[Path] = (),
    with_reference: bool = True,
    warm_up: Callable[[], None] = lambda: None,
    say: Say = lambda _: None,
) -> Diagnosis:
    """The diagnosis of a running process.

    The catalogue is read while the debugger reads symbols; ``warm_up`` is for the caller's own slow imports.
    """
    loaded: list[Catalogue] = []

    def meanwhile() -> None:
        import_module("analyzer.diagnose")  # needed as soon as the capture is done
        loaded.append(catalogue(signatures))
        warm_up()

    say(f"looking at process {pid}")
    snapshot = capture(pid, options, meanwhile)
    from analyzer.diagnose import diagnose

    diagnosis = diagnose(snapshot, loaded[0], ThreadRef(pid))
    return add_reference(diagnosis, say) if with_reference else diagnosis


def analyse_trace(text: str, source: str | None, signatures: Sequence[Path] = ()) -> Diagnosis:
    """The diagnosis of a pasted trace. Raises UsageError where the text holds none that can be read."""
    from analyzer.capture.trace import parse_trace
    from analyzer.diagnose import diagnose

    return diagnose(parse_trace(text, source), catalogue(signatures))


def analyse_core(
    path: Path,
    options: CoreOptions,
    *,
    signatures: Sequence[Path] = (),
    with_reference: bool = True,
    warm_up: Callable[[], None] = lambda: None,
    say: Say = lambda _: None,
) -> Diagnosis:
    """The diagnosis of the process that left a core; see ``analyse_process``."""
    from analyzer.capture.core import capture_core

    loaded: list[Catalogue] = []

    def meanwhile() -> None:
        loaded.append(catalogue(signatures))
        warm_up()

    say(f"reading {path}")
    snapshot = capture_core(path, options, meanwhile)
    from analyzer.diagnose import diagnose

    diagnosis = diagnose(snapshot, loaded[0], ThreadRef(snapshot.processes[0].pid))
    return add_reference(diagnosis, say) if with_reference else diagnosis


def add_reference(diagnosis: Diagnosis, say: Say = lambda _: None) -> Diagnosis:
    """The same diagnosis with the reference loader's photograph beside it, where a finding calls for one."""
    from analyzer.reference.photo import photo_for

    photo = photo_for(diagnosis, say)
    return replace(diagnosis, reference=photo) if photo else diagnosis
