"""``hanganalyze PID`` and ``hanganalyze core``, without the printing: from the parsed command line to a Diagnosis."""

from __future__ import annotations

import gc
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import HangAnalyzeError

if TYPE_CHECKING:
    import argparse

    from analyzer.model import Diagnosis
    from analyzer.render import Format

Say = Callable[[str], None]


def diagnose_process(
    pid: int, arguments: argparse.Namespace, format: Format, target: str | None, say: Say, note: Say
) -> Diagnosis:
    """The diagnosis of one running process. Raises the subclasses of CannotAnalyse, SelfAnalysis, BadSignatures."""
    from analyzer.capture import guard

    with guard.on_duty():
        return _diagnose_process(pid, arguments, format, target, say, note)


def _diagnose_process(
    pid: int, arguments: argparse.Namespace, format: Format, target: str | None, say: Say, note: Say
) -> Diagnosis:
    from analyzer.capture.early import start_gdb
    from analyzer.capture.gdb import find

    # Before anything that is slow to import: gdb reads symbols meanwhile. It stops nothing yet.
    started = {}
    if Path(f"/proc/{pid}").exists():
        started[pid] = arguments.head_start.take(pid, arguments.gdb) or start_gdb(pid, find(arguments.gdb))
    # Nearly all that one analysis makes lives until its end: looking for garbage in it over and over would find none.
    gc.disable()
    try:
        from analyzer.capture.procfs import sample

        first = sample(pid)
        from analyzer.analyse import analyse_process
        from analyzer.capture.admission import admit
        from analyzer.capture.live import Options
        from analyzer.output import check_writable, series_place

        admit(pid, first)  # why a process cannot be analysed matters more than where its report would go
        if target != "-":
            check_writable(series_place(target, "hanganalyze"))
        return analyse_process(
            pid,
            Options(
                method=arguments.capture,
                alone=arguments.no_family,
                max_pause=arguments.max_pause,
                debugger=arguments.gdb,
                first=first,
                started=started,
                keep_core=_keeper(arguments.save_core, note),
                include_values=arguments.include_values,
            ),
            signatures=arguments.signatures,
            with_reference=not arguments.no_reference,
            warm_up=lambda: _warm_up(format),
            say=say,
        )
    finally:
        gc.enable()
        for debugger in started.values():
            debugger.close()


def diagnose_core(arguments: argparse.Namespace, format: Format, say: Say) -> Diagnosis:
    """The diagnosis of a core. Raises CoreUnreadable, BadSignatures and the errors of the debugger."""
    from analyzer.analyse import analyse_core
    from analyzer.capture.core import CoreOptions

    return analyse_core(
        arguments.core,
        CoreOptions(arguments.exe, arguments.sysroot, arguments.gdb),
        signatures=arguments.signatures,
        with_reference=not arguments.no_reference,
        warm_up=lambda: _warm_up(format),
        say=say,
    )


def _keeper(path: Path | None, note: Say) -> Callable[[bytes], None] | None:
    """Where --save-core's bytes go."""
    if path is None:
        return None

    def keep(data: bytes) -> None:
        from analyzer.output import write

        write(path, data)
        note(
            f"{path} ({len(data) >> 10} KiB) holds parts of the process's memory: keys, passwords and users' data may be in it. "
            "Only you can read it; think before you pass it on."
        )

    return keep


def _warm_up(format: Format) -> None:
    """The slow imports of what comes after the capture, while the debugger works."""
    from analyzer.cache import cache_folder
    from analyzer.capture.gdbmi import import_parser
    from analyzer.render import warm_up

    import_parser()
    for name in ("privacy", "capture.private", "redact", "reference.photo", "reference.build", "reference.figures"):
        import_module(f"analyzer.{name}")
    try:
        folder: Path | None = cache_folder()
    except HangAnalyzeError:
        folder = None
    warm_up(format, folder)
