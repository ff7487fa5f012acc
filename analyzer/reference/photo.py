"""The photograph for the second column: the loader built with the fix, held at the step where the other one hangs, and captured
the same way."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle  # nosec B403 - of a file of our own, see below
from collections.abc import Callable
from pathlib import Path

from analyzer import __version__
from analyzer.cache import cache_folder
from analyzer.errors import BadSavedResult, CompilerMissing, HangAnalyzeError, LoaderFailed
from analyzer.lean_dataclass import replace
from analyzer.model import Diagnosis, Finding, Process, ReferencePhoto, Snapshot
from analyzer.output import write
from analyzer.reference.options import LoaderOptions, Widen

_HELD_WITHIN_S = 60.0
_WIDENER_OF_LOCK: dict[str, Widen] = {
    "list_all_lock": "stdio", "main_arena": "malloc", "list_lock": "malloc", "a malloc arena": "malloc",
    "atfork_lock": "atfork", "global_database_state->lock": "nss",
}  # fmt: skip
_RAW_CLONE = "created-by-raw-clone"


def photo_for(diagnosis: Diagnosis, say: Callable[[str], None] = lambda _: None) -> ReferencePhoto | None:
    """The photograph to show beside a diagnosis; None where no finding is about a raw clone.

    Taken once for this host and kept in the cache. Without a compiler the recorded one that ships with the package is used,
    labelled as recorded. Never raises: a diagnosis without its second column is still a diagnosis.
    """
    finding = next((found for found in diagnosis.findings if any(r.fact == _RAW_CLONE for r in found.reasons)), None)
    if finding is None:
        return None
    widen, step = _scene(finding)
    try:
        return built_here(widen, step, say)
    except (HangAnalyzeError, OSError) as error:
        if not isinstance(error, CompilerMissing):
            say(f"the reference loader could not be photographed here: {error}")
        return recorded(widen, step)


def _scene(finding: Finding) -> tuple[Widen, str]:
    """With which lock held, and at which step, the loader shows the same situation."""
    widen = _WIDENER_OF_LOCK.get((finding.lock.symbol if finding.lock else None) or "", "stdio")
    return widen, "pause-process" if "fork" in finding.signature else "setenv"


def built_here(widen: Widen, step: str, say: Callable[[str], None] = lambda _: None) -> ReferencePhoto:
    """From the cache, or built, run, held and captured now. Raises CompilerMissing, BuildFailed, LoaderFailed, CannotAnalyse."""
    from analyzer.reference.build import build_loader
    from analyzer.reference.figures import kept as kept_figures

    binary = build_loader()
    photo = _kept_or_taken(widen, step, binary, say)
    return replace(photo, trials=kept_figures(binary, widen))


def _kept_or_taken(widen: Widen, step: str, binary: Path, say: Callable[[str], None]) -> ReferencePhoto:
    key = hashlib.sha256(f"{binary.parent.name} {widen} {step} {__version__} {os.uname().release}".encode()).hexdigest()[:16]
    kept = cache_folder() / f"photo-{key}.pickle"
    with contextlib.suppress(OSError):
        photo = _unpickled(kept.read_bytes())
        if photo is not None:
            return photo
    say("photographing the reference loader (once on this machine)")
    photo = take(widen, step, binary)
    with contextlib.suppress(HangAnalyzeError, OSError):
        write(kept, pickle.dumps(photo))
    return photo


def _unpickled(data: bytes) -> ReferencePhoto | None:
    """What this version of ours kept in a folder that only we can write; anything else is taken anew.

    A pickle is code, and so are the compiled templates in the same folder; reading the JSON of a saved result instead checks
    every type, and that costs a quarter of gdb's whole run each time.
    """
    try:
        kept = pickle.loads(data)  # noqa: S301 # nosec B301 - see above
    except Exception:
        return None
    return kept if isinstance(kept, ReferencePhoto) else None


def take(widen: Widen, step: str, binary: Path | None = None) -> ReferencePhoto:
    """Run the loader with the complete fix, hold it at ``step``, capture it, end it."""
    from analyzer.capture.live import Options, capture
    from analyzer.reference.image_make import make_image
    from analyzer.reference.run import start
    from analyzer.scratch import scratch_folder

    with scratch_folder("reference") as folder:
        image = make_image(folder / "image.tar")
        options = LoaderOptions(image.path, folder / "store", "complete", widen, stop_at=step, binary=binary)
        with start(options) as loader:
            outcome = loader.wait_until("held", _HELD_WITHIN_S)
            if outcome != "held" or loader.status.held is None:
                raise LoaderFailed(f"it did not reach the step {step} ({outcome}): {loader.result(outcome).stderr.strip()}")
            # It is ours and stands still anyway; on a slow machine gdb takes its time.
            snapshot = capture(loader.status.held[1], Options(max_pause=_HELD_WITHIN_S))
            steps = tuple(loader.status.steps)
    return ReferencePhoto("built here", _where(snapshot), "complete", widen, step, steps, snapshot.processes)


def _where(snapshot: Snapshot) -> str:
    host, libc = snapshot.host, snapshot.processes[0].libc
    parts = [host.distribution, host.machine, f"Linux {host.kernel}"] if host else []
    if libc and libc.version:
        parts.append(f"{libc.kind} {libc.version}")
    return ", ".join(part for part in parts if part)


def save(photo: ReferencePhoto, path: Path) -> None:
    """Keep a photograph as a saved result, so that the one reader of saved results reads it too."""
    from analyzer.render.json import to_json

    first = photo.processes[0].capture
    assert first is not None
    diagnosis = Diagnosis("not-hung", (), (), (), Snapshot(first, ()), reference=photo)
    write(path, to_json(diagnosis).encode())


def _read(path: Path) -> ReferencePhoto:
    from analyzer.render.json import from_json

    photo = from_json(path.read_text()).reference
    if photo is None:
        raise BadSavedResult(f"{path} holds no photograph.")
    return photo


def recorded(widen: Widen, step: str) -> ReferencePhoto | None:
    """The photograph that ships with the package: of this architecture where there is one, with this lock held, at this step;
    whatever comes nearest to that. None if none can be read."""
    from analyzer.data import folder

    with contextlib.suppress(FileNotFoundError):
        files = sorted((folder("reports") / "recorded").glob("*.json"))
        wanted = (f"{os.uname().machine}-", f"-{widen}-", f"-{step}.json")
        files.sort(key=lambda file: [part not in file.name for part in wanted])
        for file in files:
            with contextlib.suppress(OSError, BadSavedResult):
                return replace(_read(file), origin="recorded")
    return None


def anonymous(photo: ReferencePhoto) -> ReferencePhoto:
    """Without what belongs to the machine it was taken on: for the recorded one."""
    return replace(photo, processes=tuple(_anonymous(process) for process in photo.processes))


def _anonymous(process: Process) -> Process:
    """The loader lies in somebody's home; here it lies where a program would."""
    own, public = process.executable, f"/usr/bin/{process.name}"

    def moved(path: str | None) -> str | None:
        return public if path == own else path

    threads = tuple(
        replace(thread, frames=tuple(replace(frame, module=moved(frame.module)) for frame in thread.frames))
        for thread in process.threads
    )
    modules = tuple(replace(module, path=moved(module.path) or module.path) for module in process.modules)
    return replace(process, executable=public, command_line=None, started_at=None, threads=threads, modules=modules)
