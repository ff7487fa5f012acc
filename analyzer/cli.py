"""The command line. The only file that prints, and the only one that knows exit codes.

0 a root cause was found (likely or proven); 1 analysed, none found; 2 wrong usage; 3 could not analyse.
stdout carries the result, stderr everything else.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import HangAnalyzeError, UsageError

if TYPE_CHECKING:
    import argparse
    from types import FrameType

    from analyzer.model import Diagnosis
    from analyzer.render import Format
    from analyzer.render.words import Words

FOUND, NOT_FOUND, WRONG_USAGE, COULD_NOT = 0, 1, 2, 3


class Interrupted(BaseException):
    """A signal asked us to end: unwind, so that every target is let go."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _interrupt(number: int, _: FrameType | None) -> None:
    raise Interrupted(number)


def main(argv: Sequence[str]) -> int:
    """Run one command; returns the exit code. Raises nothing."""
    from analyzer.options import parse

    try:
        arguments = parse(argv)
    except SystemExit as ended:  # argparse: 0 after --help and --version, 2 after an error
        return int(ended.code or 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return _COMMANDS[arguments.command](arguments)
    except UsageError as error:
        return _complain(error, WRONG_USAGE)
    except HangAnalyzeError as error:
        return _complain(error, COULD_NOT)
    except Interrupted as interrupted:
        return _complain(f"Ended by {signal.Signals(interrupted.number).name}; the target runs as before.", COULD_NOT)
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


def entry() -> None:
    """The console script."""
    sys.exit(main(sys.argv[1:]))


def _complain(error: object, code: int) -> int:
    print(f"hanganalyze: {error}", file=sys.stderr)
    return code


def _out(text: str) -> None:
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def _progress(arguments: argparse.Namespace) -> Callable[[str], None]:
    """A line that is written over while it works on a terminal; lines of their own with -v; else silence."""
    if getattr(arguments, "verbose", False):
        return lambda text: print(f"hanganalyze: {text}", file=sys.stderr)
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
    format, target = _format_and_target(arguments)
    pids = list(dict.fromkeys(arguments.pids))
    if len(pids) > 1 and target not in {None, "-"} and not Path(str(target)).is_dir():
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
    from analyzer.capture.early import start_for_family
    from analyzer.capture.gdb import find

    # Before anything that is slow to import: gdb reads symbols meanwhile. It stops nothing yet.
    started = start_for_family(pid, find(arguments.gdb), alone=arguments.no_family) if Path(f"/proc/{pid}").exists() else {}
    try:
        from analyzer.analyse import analyse_process
        from analyzer.capture.admission import admit
        from analyzer.capture.live import Options
        from analyzer.output import check_writable

        say = _progress(arguments)
        admit(pid)  # why a process cannot be analysed matters more than where its report would go
        if target != "-":
            folder = Path(target) if target and Path(target).is_dir() else Path()
            check_writable(Path(target) if target and not Path(target).is_dir() else folder / "hanganalyze")
        diagnosis = analyse_process(
            pid,
            Options(
                alone=arguments.no_family,
                max_pause=arguments.max_pause,
                debugger=arguments.gdb,
                started=started,
                include_values=arguments.include_values,
            ),
            signatures=arguments.signatures,
            with_reference=not arguments.no_reference,
            warm_up=lambda: _warm_up(format),
            say=say,
        )
        say("")
        _deliver(diagnosis, format, target, arguments)
        return _exit_code(diagnosis)
    finally:
        for debugger in started.values():
            debugger.session.close()


def _warm_up(format: Format) -> None:
    """The slow imports of rendering, while the debugger works."""
    from analyzer.cache import cache_folder
    from analyzer.render import warm_up

    try:
        folder: Path | None = cache_folder()
    except HangAnalyzeError:
        folder = None
    warm_up(format, folder)


def _redacted(diagnosis: Diagnosis, arguments: argparse.Namespace) -> Diagnosis:
    """What may leave this machine. A saved result is what somebody decided to save already."""
    if arguments.command == "render" or getattr(arguments, "include_values", False):
        return diagnosis
    from analyzer.capture.private import private_here
    from analyzer.redact import redact

    # A trace has the pids of another machine, or of another time.
    live = diagnosis.snapshot.capture.method not in {"trace", "core"}
    diagnosis, found = redact(diagnosis, private_here(one.pid for one in diagnosis.snapshot.processes if live))
    if getattr(arguments, "show_redacted", False):
        from analyzer.redact import preview
        from analyzer.render.safe import visible

        for one in found:
            print(f"{one.redaction.name:18} {one.redaction.count:4} x  {visible(preview(one), 100)}", file=sys.stderr)
        if not found:
            print("hanganalyze: nothing had to be replaced", file=sys.stderr)
    return diagnosis


def _deliver(diagnosis: Diagnosis, format: Format, target: str | None, arguments: argparse.Namespace) -> None:
    """The report to its place; on the terminal the verdict and the path."""
    diagnosis = _redacted(diagnosis, arguments)
    from analyzer.output import default_name, write
    from analyzer.render import render
    from analyzer.render.words import words_for

    words = words_for(arguments.lang, os.environ)
    data = render(diagnosis, format, words)
    if target == "-" or (target is None and format == "text"):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    name = default_name(diagnosis.snapshot.processes[0], format)
    path = Path(target) / name if target and Path(target).is_dir() else Path(target or name)
    write(path, data)
    _out(_summary(diagnosis, words))
    _out(f"Report: {path}")


def _summary(diagnosis: Diagnosis, words: Words) -> str:
    from analyzer.render.text import to_text

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    width = os.get_terminal_size().columns if sys.stdout.isatty() else 100
    return to_text(diagnosis, words, width=width, colour=colour)


def _exit_code(diagnosis: Diagnosis) -> int:
    return FOUND if diagnosis.status == "root-cause" else NOT_FOUND


def _trace(arguments: argparse.Namespace) -> int:
    from analyzer.analyse import analyse_trace

    format, target = _format_and_target(arguments)
    try:
        data = sys.stdin.buffer.read() if arguments.file == "-" else Path(arguments.file).read_bytes()
    except OSError as error:
        raise UsageError(f"{arguments.file} cannot be read: {error.strerror}.") from error
    source = "standard input" if arguments.file == "-" else arguments.file
    diagnosis = analyse_trace(data.decode("utf-8", "backslashreplace"), source, arguments.signatures)
    _deliver(diagnosis, format, target, arguments)
    return _exit_code(diagnosis)


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

    return FOUND if commands.run(arguments, _out, _progress(arguments)) else NOT_FOUND


def _signatures(arguments: argparse.Namespace) -> int:
    from analyzer.signature_commands import run

    text, good = run(arguments)
    _out(text)
    return FOUND if good else NOT_FOUND


def _render(arguments: argparse.Namespace) -> int:
    from analyzer.render import load

    format, target = _format_and_target(arguments)
    try:
        data = arguments.saved.read_bytes()
    except OSError as error:
        raise UsageError(f"{arguments.saved} cannot be read: {error.strerror}.") from error
    diagnosis = load(data)
    _deliver(diagnosis, format, target, arguments)
    return _exit_code(diagnosis)


def _ticket(arguments: argparse.Namespace) -> int:
    from analyzer.render import load
    from analyzer.render.safe import visible
    from analyzer.ticket import Wishes, send

    try:
        diagnosis = load(arguments.report.read_bytes())
    except OSError as error:
        raise UsageError(f"{arguments.report} cannot be read: {error.strerror}.") from error
    names = ("yes", "dry_run", "private", "gist", "attached", "find_duplicates", "timeout")
    wishes = Wishes(arguments.to, **{name: getattr(arguments, name) for name in names})

    def agreed(question: str) -> bool:
        if not sys.stdin.isatty():
            raise UsageError("There is no terminal to ask on.", next_command="--yes, after --dry-run showed what would be sent")
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def say(text: str) -> None:
        _out("\n".join(visible(line, 10_000) for line in text.split("\n")))

    return FOUND if send(diagnosis, wishes, os.environ, say, agreed) else NOT_FOUND


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "analyse": _analyse,
    "trace": _trace,
    "demo": _demo,
    "doctor": _doctor,
    "reference": _reference,
    "signatures": _signatures,
    "render": _render,
    "ticket": _ticket,
}
