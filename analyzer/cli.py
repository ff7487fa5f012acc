"""The command line. The only file that prints, and the only one that knows exit codes.

0 a root cause was found (likely or proven); 1 analysed, none found; 2 wrong usage; 3 could not analyse.
stdout carries the result, stderr everything else.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import HangAnalyzeError, UsageError
from analyzer.head_start import HeadStart
from analyzer.interrupts import Interrupted, interrupt, listen

if TYPE_CHECKING:
    import argparse

    from analyzer.model import Diagnosis, TrialResult
    from analyzer.render import Format
    from analyzer.series_watch import Make

FOUND, NOT_FOUND, WRONG_USAGE, COULD_NOT = 0, 1, 2, 3


def main(argv: Sequence[str]) -> int:
    """Run one command; returns the exit code. Raises nothing."""
    try:
        with contextlib.closing(HeadStart(argv, tuple(_COMMANDS))) as head_start:
            from analyzer.options import parse  # not before: it takes its time

            try:
                arguments = parse(argv)
            except SystemExit as ended:  # argparse: 0 after --help and --version, 2 after an error
                return int(ended.code or 0)
            arguments.head_start = head_start
            listen()
            return _run_command(arguments)
    except Interrupted as interrupted:
        return _complain(f"Ended by {signal.Signals(interrupted.number).name}; the target runs as before.", COULD_NOT)


def _run_command(arguments: argparse.Namespace) -> int:
    try:
        return _COMMANDS[arguments.command](arguments)
    except UsageError as error:
        return _complain(error, WRONG_USAGE)
    except HangAnalyzeError as error:
        return _complain(error, COULD_NOT)
    except BrokenPipeError:
        # Whoever read our output has gone; nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT
    except Exception as error:  # a mistake of ours must not look like «none found»
        if getattr(arguments, "verbose", False):
            raise
        return _complain(
            f"a mistake in hanganalyze itself: {error!r}. Please report it with the output of the same command and -v.", COULD_NOT
        )


def _complain(error: object, code: int) -> int:
    print(f"hanganalyze: {error}", file=sys.stderr)
    return code


def _out(text: str) -> None:
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def _progress(arguments: argparse.Namespace) -> Callable[[str], None]:
    """A line that is written over while it works on a terminal; lines of their own with -v; else silence."""
    if getattr(arguments, "verbose", False):
        return _note
    if sys.stderr.isatty():
        return lambda text: print(f"\r\x1b[K{text} ..." if text else "\r\x1b[K", end="", file=sys.stderr, flush=True)
    return lambda _: None


def _format_and_target(arguments: argparse.Namespace) -> tuple[Format, str | None]:
    """Which format, and where to: «-», a path, or None for the default."""
    if arguments.json:
        if arguments.format not in {None, "json"}:
            raise UsageError(f"--json and --format {arguments.format} contradict each other.")
        return "json", arguments.output or "-"
    return arguments.format or "html", arguments.output


def _analyse(arguments: argparse.Namespace) -> int:
    from analyzer.output import is_folder

    format, target = _format_and_target(arguments)
    pids = list(dict.fromkeys(arguments.pids))
    if len(pids) > 1 and target not in {None, "-"} and not is_folder(Path(str(target))):
        raise UsageError(
            f"With {len(pids)} processes, -o must be a folder.", next_command="mkdir reports; hanganalyze -o reports ..."
        )
    codes = []
    for pid in pids:
        try:
            codes.append(_analyse_one(pid, arguments, format, target))
        except HangAnalyzeError as error:
            if len(pids) == 1:
                raise
            codes.append(_complain(error, WRONG_USAGE if isinstance(error, UsageError) else COULD_NOT))
    # Found beats not found; a process that could not be analysed must not hide behind one that could.
    return max((code for code in codes if code >= WRONG_USAGE), default=min(codes))


def _analyse_one(pid: int, arguments: argparse.Namespace, format: Format, target: str | None) -> int:
    from analyzer.process_command import diagnose_process

    say = _progress(arguments)
    diagnosis = diagnose_process(pid, arguments, format, target, say, _note)
    say("")
    _deliver(diagnosis, format, target, arguments)
    return _exit_code(diagnosis)


def _note(text: str) -> None:
    """Something to know besides the result."""
    print(f"hanganalyze: {text}", file=sys.stderr)


def _core(arguments: argparse.Namespace) -> int:
    from analyzer.process_command import diagnose_core

    format, target = _format_and_target(arguments)
    say = _progress(arguments)
    diagnosis = diagnose_core(arguments, format, say)
    say("")
    _deliver(diagnosis, format, target, arguments)
    return _exit_code(diagnosis)


def _deliver(diagnosis: Diagnosis, format: Format, target: str | None, arguments: argparse.Namespace) -> None:
    """The report to its place; on the terminal the verdict and the path."""
    from analyzer.output import default_name, series_place, write
    from analyzer.privacy import for_report
    from analyzer.render.fallback import render_or_another, summary
    from analyzer.render.words import words_for
    from analyzer.terminal_layout import layout

    diagnosis = for_report(diagnosis, arguments, _note)
    words = words_for(arguments.lang, os.environ)
    data, format = render_or_another(diagnosis, format, words, _note)
    if target == "-" or (target is None and format == "text"):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    name = default_name(diagnosis.snapshot, format)
    path = series_place(target, name)
    write(path, data)
    _out(summary(diagnosis, words, **layout()))
    _out(f"Report: {path}")


def _exit_code(diagnosis: Diagnosis) -> int:
    return FOUND if diagnosis.status == "root-cause" else NOT_FOUND


def _trace(arguments: argparse.Namespace) -> int:
    from analyzer.analyse import analyse_trace
    from analyzer.given_file import read_trace

    format, target = _format_and_target(arguments)
    diagnosis = analyse_trace(*read_trace(arguments.file), arguments.signatures)
    _deliver(diagnosis, format, target, arguments)
    return _exit_code(diagnosis)


def _run(arguments: argparse.Namespace) -> int:
    from analyzer.trials.command import run

    return _series(arguments, lambda tell, stopped: run(arguments, _progress(arguments), tell, stopped))


def _series(arguments: argparse.Namespace, make: Make) -> int:
    from analyzer.output import check_writable, series_place
    from analyzer.privacy import series_for_report
    from analyzer.series_watch import watch

    format, target = _format_and_target(arguments)
    if target != "-":
        check_writable(series_place(target, "hanganalyze-run"))
    result = watch(make, _note, interrupt, verbose=arguments.verbose)
    result = series_for_report(result, arguments, _note)
    _deliver_series(result, format, target, arguments)
    return _exit_code_of_series(result)


def _deliver_series(result: TrialResult, format: Format, target: str | None, arguments: argparse.Namespace) -> None:
    from analyzer.output import series_name, series_place, write
    from analyzer.render import render_series
    from analyzer.render.words import words_for

    words = words_for(arguments.lang, os.environ)
    data = render_series(result, format, words)
    if target == "-" or (target is None and format == "text"):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    path = series_place(target, series_name(result, format))
    write(path, data)
    from analyzer.render.series_text import series_to_text
    from analyzer.terminal_layout import layout

    _out(series_to_text(result, words, **layout()))
    _out(f"Report: {path}")


def _exit_code_of_series(result: TrialResult) -> int:
    if any(hang.status == "root-cause" for hang in result.hangs):
        return FOUND
    hung = [run for run in result.runs if run.outcome == "hung"]
    unseen = hung and all(hang.diagnosis is None for hang in result.hangs)
    return COULD_NOT if unseen or not any(one.counted or one.moving for one in result.numbers) else NOT_FOUND


def _demo(arguments: argparse.Namespace) -> int:
    from analyzer.demo import demonstrate

    format, target = _format_and_target(arguments)
    diagnosis = demonstrate(arguments.widen, _progress(arguments))
    _progress(arguments)("")
    _deliver(diagnosis, format, target, arguments)
    return _exit_code(diagnosis)


def _doctor(arguments: argparse.Namespace) -> int:
    from analyzer.doctor import examine

    checks = examine(arguments.pid)
    for check in checks:
        mark = "yes" if check.works else ("NO " if check.needed else "no ")
        _out(f"{mark}  {check.name}: {check.value}" + (f"\n     mend: {check.mend}" if not check.works and check.mend else ""))
    return FOUND if all(check.works or not check.needed for check in checks) else COULD_NOT


def _reference(arguments: argparse.Namespace) -> int:
    from analyzer.reference import commands

    if arguments.verb == "trials":
        from analyzer.trials.loader import loader_trials

        commands.check_input(arguments.input)
        options = (arguments.fix, arguments.widen, arguments.runs, arguments.input)
        return _series(arguments, lambda tell, stopped: loader_trials(*options, jobs=arguments.jobs, tell=tell, stopped=stopped))
    return FOUND if commands.run(arguments, _out, _progress(arguments)) else NOT_FOUND


def _signatures(arguments: argparse.Namespace) -> int:
    from analyzer.signature_commands import run

    text, good = run(arguments)
    _out(text)
    return FOUND if good else NOT_FOUND


def _render(arguments: argparse.Namespace) -> int:
    from analyzer.model import Diagnosis, TrialResult
    from analyzer.render_command import deliver_overview, saved_result

    format, target = _format_and_target(arguments)
    saved = saved_result(arguments.saved, arguments.hang)
    if isinstance(saved, TrialResult):
        _deliver_series(saved, format, target, arguments)
        return _exit_code_of_series(saved)
    if isinstance(saved, Diagnosis):
        _deliver(saved, format, target, arguments)
        return _exit_code(saved)
    return FOUND if deliver_overview(saved, format, target, arguments.lang, sys.stdout.buffer, _out) else NOT_FOUND


def _scan(arguments: argparse.Namespace) -> int:
    from analyzer.scan_command import ScanCommand
    from analyzer.terminal_layout import layout

    command = ScanCommand(arguments, _out, _note, layout()["width"])
    try:
        command.run()
    except Interrupted:
        if not arguments.watch:
            raise
    return FOUND if command.found else NOT_FOUND


def _told_by(module: str) -> Callable[[argparse.Namespace], int]:
    """A command that says itself what it has to say: ``run(arguments, out, note) -> found``."""
    return lambda arguments: FOUND if import_module(f"analyzer.{module}").run(arguments, _out, _note) else NOT_FOUND


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "analyse": _analyse,
    "scan": _scan,
    "trace": _trace,
    "core": _core,
    "demo": _demo,
    "doctor": _doctor,
    "run": _run,
    "reference": _reference,
    "signatures": _signatures,
    "render": _render,
    "ticket": _told_by("ticket_command"),
    "batch": _told_by("batch_command"),
    "fleet": _told_by("fleet_command"),
}
