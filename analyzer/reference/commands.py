"""``hanganalyze reference build|run``, without the printing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import UsageError

if TYPE_CHECKING:
    import argparse

Out = Callable[[str], None]


def run(arguments: argparse.Namespace, out: Out, say: Out) -> bool:
    """One verb; True when it came out well. Raises CompilerMissing, BuildFailed, LoaderFailed, UsageError."""
    if arguments.verb == "build":
        from analyzer.reference.build import build_loader

        say("building the reference loader")
        path = build_loader()
        say("")
        out(str(path))
        return True
    check_input(arguments.input)
    return _run(arguments, out, say)


def check_input(archive: Path | None) -> None:
    """Raises UsageError for an archive that is not there."""
    if archive is not None and not archive.is_file():
        raise UsageError(f"There is no file {archive}.", next_command="give a docker-archive, as «docker save» writes it")


def _run(arguments: argparse.Namespace, out: Out, say: Out) -> bool:
    import signal

    from analyzer.reference.image_make import make_image
    from analyzer.reference.options import LoaderOptions
    from analyzer.reference.run import STEPS, start
    from analyzer.scratch import scratch_folder

    if arguments.stop_at and arguments.stop_at not in STEPS:
        raise UsageError(f"There is no step {arguments.stop_at}.", next_command=f"one of {', '.join(STEPS)}")
    with scratch_folder("reference") as folder:
        archive = arguments.input or make_image(folder / "image.tar").path
        options = LoaderOptions(archive, folder / "store", arguments.fix, arguments.widen, stop_at=arguments.stop_at)
        with start(options) as loader:
            say("running the reference loader")
            outcome = loader.wait_until("exited", 60.0)
            say("")
            result = loader.result(outcome)
            for step, pid in result.status.steps.items():
                out(f"step {step} (process {pid})")
            if outcome in {"hung", "held"}:
                out(f"{outcome}: process {loader.pid}, child {loader.child_pid}; Ctrl-C ends it")
                signal.pause()
            out(f"{outcome}" + (f" with exit code {result.exit_code}" if result.exit_code is not None else ""))
            for tag in result.tags:
                out(f"loaded {tag}")
            if result.stderr.strip():
                out(result.stderr.strip())
            return outcome == "exited" and result.exit_code == 0
