"""The command line: what may be typed, and what it means. Prints nothing itself (argparse prints its own help and errors)."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from analyzer import __version__
from analyzer.render import FORMATS, LANGUAGES

OVERVIEW = """\
Why does this process not move? Attaches gdb, proves the cause, writes one HTML file for the bug ticket.

  hanganalyze PID...              analyse; writes hanganalyze-NAME-PID.html here, prints the verdict and the path
  hanganalyze trace [FILE|-]      the same from pasted text (gdb, pstack, eu-stack, coredumpctl, ...)
  hanganalyze core CORE           the same from a core, of any architecture that gdb knows
  hanganalyze scan                every process of this host, cheaply: who looks hung?
  hanganalyze demo                hang the bundled loader and analyse it
  hanganalyze doctor              what works here, what does not, the command that mends it
  hanganalyze run [--timeout S] [--repeat N] -- CMD...   run it; what hangs is analysed, then ended; how often?
  hanganalyze reference build|run|trials    the reference loader
  hanganalyze signatures list|show|lint|test|explain|new    the catalogue of known hangs
  hanganalyze render SAVED.json   another format from a saved result
  hanganalyze ticket REPORT --to URL    into the ticket: Bugzilla, GitLab, Jira, GitHub
  hanganalyze batch PATH... -o DIR      many cores, traces and saved results: which hangs are these, which are new?
  hanganalyze fleet scan|PID... --scheduler ADDR -o DIR    the same over live processes of many hosts

Exit status: 0 a root cause was found (likely or proven); 1 analysed, none found (healthy, or hung and unknown);
2 wrong usage; 3 could not analyse (gone, not permitted, the debugger failed).
"""

SCAN = """\
Looks at every process of this host through /proc alone: nothing is stopped, no memory is read, no debugger is started.

  HUNG     waits for a lock, and nobody can be seen who could release it
  suspect  waits for a lock, and no thread of it moves; or others wait for it while it is stopped or uninterruptible
  waits    stands in a futex wait without a timeout, as idle thread pools do too

Exit status: 0 a process looks hung (with --analyse: a root cause was found); 1 none; 2 wrong usage; 3 could not look.
"""


RUN = """\
Runs a command again and again. A run that is not over after the timeout is analysed first, with its whole family, and then
ended with everything it started. One report over all runs: how many hung, for which reason, with exact intervals; durations,
processor time and memory of clean and of hung runs.

The command gets no input, a session of its own, and HANGANALYZE_RUN and HANGANALYZE_SUBJECT in its environment. Of its output the
end is kept. Ctrl-C ends the series and reports what was done by then.
"""
WIDENERS = ("stdio", "malloc", "atfork", "nss")


def _parser(command: str | None, description: str, usage: str | None = None) -> argparse.ArgumentParser:
    prog = f"hanganalyze {command}" if command else "hanganalyze"
    return argparse.ArgumentParser(prog, usage=usage, description=description, formatter_class=_Help)


class _Help(argparse.RawDescriptionHelpFormatter):
    """argparse makes one for every option; left to itself each imports shutil, and asks the terminal for its width."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width())


@cache
def _width() -> int:
    """Columns for help, as argparse chooses them."""
    with contextlib.suppress(KeyError, ValueError):
        return int(os.environ["COLUMNS"]) - 2
    try:
        return (os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 80) - 2
    except (OSError, ValueError):
        return 78


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="PATH", help="where the result goes; - is standard output")
    parser.add_argument("--format", choices=FORMATS, default=None, help="default: html")
    parser.add_argument("--json", action="store_true", help="the same as --format json -o -")
    parser.add_argument("--lang", choices=LANGUAGES, help="language of the report; default: the locale's")
    parser.add_argument("-v", "--verbose", action="store_true", help="say what is done, and show the whole error")


def _add_judging(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--signatures", metavar="DIR", type=Path, action="append", default=[],
                        help="signatures of your own, besides the shipped ones; may be given again")  # fmt: skip
    parser.add_argument("--no-reference", action="store_true", help="without the reference loader beside it")


def _add_capture(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--capture", choices=("auto", "attach", "stop", "no-stop"), default="auto",
                        help="gdb attached, a stop of milliseconds, or no stop at all; default: what fits")  # fmt: skip
    parser.add_argument("--no-family", action="store_true", help="only this process, not its parents and children")
    parser.add_argument("--max-pause", type=_seconds, default=5.0, metavar="S",
                        help="let the process go when it has stood still for this long (default 5)")  # fmt: skip
    parser.add_argument("--gdb", metavar="PATH", help="the gdb to use (also: HANGANALYZE_GDB)")
    parser.add_argument("--save-core", metavar="PATH", type=Path,
                        help="keep a small core of the process, for hanganalyze core; it holds parts of its memory")  # fmt: skip


def _add_privacy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--include-values", action="store_true",
                        help="put command lines into the report, and replace nothing in it by placeholders")  # fmt: skip
    parser.add_argument("--show-redacted", action="store_true", help="list on the terminal what the placeholders stand for")


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError("a number of seconds above 0, at most 3600")
    return value


def _number(text: str) -> float:
    try:
        return float(text)  # which numbers can be meant is for the plan to say
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from error


def _pid(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 1 << 22:
        if text in COMMANDS:
            raise argparse.ArgumentTypeError(f"{text!r} is a command: it comes first, and options follow it")
        raise argparse.ArgumentTypeError(f"{text!r} is neither a process id nor a command; hanganalyze --help lists both")
    return int(text)


def analysis() -> argparse.ArgumentParser:
    """``hanganalyze PID...``."""
    parser = _parser(None, OVERVIEW)
    parser.add_argument("pids", metavar="PID", nargs="+", type=_pid, help="process id, as ps shows it")
    parser.add_argument("--version", action="version", version=f"hanganalyze {__version__}")
    _add_output(parser)
    _add_privacy(parser)
    _add_capture(parser)
    _add_judging(parser)
    return parser


def run() -> argparse.ArgumentParser:
    """``hanganalyze run -- CMD...``."""
    parser = _parser("run", RUN, "hanganalyze run [options] -- CMD...")
    parser.add_argument("cmd", metavar="CMD", nargs=argparse.REMAINDER, help="the command and its arguments, after --")
    parser.add_argument("--timeout", metavar="S", type=_number, default=30.0,
                        help="a run that is not over after S seconds is analysed, then ended (default 30)")  # fmt: skip
    parser.add_argument("--repeat", metavar="N", type=int, default=1, help="runs of each subject (default 1)")
    parser.add_argument("--jobs", metavar="J", type=int, default=1, help="runs at a time (default 1)")
    parser.add_argument("--widen", choices=("off", *WIDENERS), default="off",
                        help="preload a race widener, which takes this lock over and over; every figure says so")  # fmt: skip
    parser.add_argument("--setup", metavar="CMD", help="shell command before every run; $HANGANALYZE_RUN is the run's number")
    parser.add_argument("--teardown", metavar="CMD", help="shell command after every run")
    parser.add_argument("--against", metavar="CMD2", help="a second subject, in one word; runs take turns, A B A B ...")
    parser.add_argument("--against-root", metavar="DIR", type=Path, help="the second subject is CMD inside this root directory")
    parser.add_argument("--rate-before", metavar="RATE",
                        help="how often it hung before: 0.005, 0.5%%, 1/200 or a saved result")  # fmt: skip
    _add_output(parser)
    _add_privacy(parser)
    _add_capture(parser)
    _add_judging(parser)
    return parser


def core() -> argparse.ArgumentParser:
    """``hanganalyze core CORE``."""
    parser = _parser("core", "The same from a core: the kernel's, gcore's, or of --save-core; plain or packed.")
    parser.add_argument("core", metavar="CORE", type=Path)
    parser.add_argument("--exe", metavar="E", type=Path, help="the program it is of; default: where the core says it was")
    parser.add_argument("--sysroot", metavar="D", type=Path,
                        help="folder with the files of the machine that it comes from; default: /")  # fmt: skip
    parser.add_argument("--gdb", metavar="PATH", help="the gdb to use (also: HANGANALYZE_GDB)")
    _add_output(parser)
    _add_privacy(parser)
    _add_judging(parser)
    return parser


def demo() -> argparse.ArgumentParser:
    """``hanganalyze demo``."""
    parser = _parser("demo", "Hang the bundled loader for real, analyse it, end it.")
    parser.add_argument("--widen", choices=("stdio", "malloc", "atfork", "nss"), default="stdio",
                        help="the lock that another thread holds at the loader's raw clone (default stdio)")  # fmt: skip
    _add_output(parser)
    _add_privacy(parser)
    return parser


def doctor() -> argparse.ArgumentParser:
    """``hanganalyze doctor``."""
    parser = _parser("doctor", "What works here, what does not, and the command that mends it.")
    parser.add_argument("pid", metavar="PID", nargs="?", type=_pid, help="also say whether this process can be analysed")
    return parser


def reference() -> argparse.ArgumentParser:
    """``hanganalyze reference build|run|trials``."""
    parser = _parser("reference", "The reference loader: the steps of a rootless container tool, with and without the bug.")
    verbs = parser.add_subparsers(dest="verb", metavar="build|run|trials", required=True)
    verbs.add_parser("build", help="build it and print where it is")
    for name, text in (("run", "run it once and say how it ended"), ("trials", "run it many times and count")):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("--fix", choices=("none", "upstream", "complete"), default="complete")
        verb.add_argument("--widen", choices=("off", "stdio", "malloc", "atfork", "nss"), default="off")
        verb.add_argument("--input", type=Path, metavar="FILE.tar", help="a docker-archive; default: a small one of our own")
        if name == "run":
            verb.add_argument("--stop-at", metavar="STEP", help="hold it at this step until Ctrl-C")
        else:
            verb.add_argument("--runs", type=int, default=20, metavar="N")
            verb.add_argument("--jobs", type=int, default=1, metavar="J", help="runs at a time (default 1)")
            _add_output(verb)
    return parser


def signatures() -> argparse.ArgumentParser:
    """``hanganalyze signatures ...``."""
    parser = _parser("signatures", "The catalogue of known hangs. Its format: signatures/README.md.")
    verbs = parser.add_subparsers(dest="verb", metavar="list|show|lint|test|explain|new", required=True)
    verbs.add_parser("list", help="one line each")
    show = verbs.add_parser("show", help="one whole")
    show.add_argument("id")
    verbs.add_parser("lint", help="every mistake at once, with file and line")
    verbs.add_parser("test", help="every case against every signature")
    explain = verbs.add_parser("explain", help="clause by clause, why it fits an input or not")
    explain.add_argument("id")
    explain.add_argument("saved", metavar="INPUT", type=Path, help="saved JSON or HTML of an analysis, a pasted trace, or a core")
    new = verbs.add_parser("new", help="a skeleton from an input")
    new.add_argument("id", help="id of the new signature")
    new.add_argument("saved", metavar="INPUT", type=Path, help="saved result, pasted trace or core to start from")
    for verb in verbs.choices.values():
        verb.add_argument("--signatures", metavar="DIR", type=Path, action="append", default=[])
    return parser


def render() -> argparse.ArgumentParser:
    """``hanganalyze render SAVED.json``."""
    parser = _parser("render", "Another format from a saved result (JSON, or a report in HTML, which holds it).")
    parser.add_argument("saved", metavar="SAVED", type=Path)
    parser.add_argument("--hang", metavar="K", type=int, help="of a series of runs: the whole report on hang number K, from 1")
    _add_output(parser)
    return parser


def ticket() -> argparse.ArgumentParser:
    """``hanganalyze ticket REPORT --to URL``."""
    parser = _parser(
        "ticket",
        "A report into its ticket: Bugzilla, GitLab, Jira or GitHub. Shows exactly what would leave this machine, and asks.\n"
        "The token comes from the environment (HANGANALYZE_TOKEN; GITHUB_TOKEN, GH_TOKEN and GITLAB_TOKEN for github.com and\n"
        "gitlab.com), from the keyring (keyring set hanganalyze HOST) or from netrc; Jira Cloud needs a login too\n"
        "(HANGANALYZE_LOGIN, or netrc). Needs pip install 'hanganalyze[tickets]'.",
    )
    parser.add_argument("report", metavar="REPORT", type=Path, help="HTML or JSON of an analysis")
    parser.add_argument("--to", metavar="URL", required=True, help="the ticket's address as the browser shows it")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="show what would be sent, and send nothing")
    parser.add_argument("--private", action="store_true", help="not for the public (Bugzilla: private; GitLab: internal note)")
    parser.add_argument("--gist", action="store_true", help="GitHub: put the file into a secret gist")
    parser.add_argument("--attached", metavar="LINK", help="the file is there already: post the comment alone")
    parser.add_argument("--find-duplicates", action="store_true", help="first search the tracker for the same finding")
    parser.add_argument("--timeout", type=_seconds, default=60.0, metavar="S", help="for each request (default 60)")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the whole error")
    return parser


def trace() -> argparse.ArgumentParser:
    """``hanganalyze trace [FILE|-]``."""
    parser = _parser(
        "trace",
        "The same from pasted text: gdb, pstack, eu-stack, coredumpctl, /proc/PID/stack, strace, Go dumps, with the noise of a\n"
        "ticket around it. A text has no facts of the kernel and of memory, so nothing is more than possible.",
    )
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="default: standard input")
    _add_output(parser)
    _add_privacy(parser)
    parser.add_argument("--signatures", metavar="DIR", type=Path, action="append", default=[])
    return parser


def scan() -> argparse.ArgumentParser:
    """``hanganalyze scan``."""
    parser = _parser("scan", SCAN)
    parser.add_argument("--json", action="store_true", help="as JSON; with --watch one document a line")
    parser.add_argument("--all", action="store_true", help="also list those that only wait as idle thread pools do")
    parser.add_argument("--watch", action="store_true", help="again and again, telling what is new, until Ctrl-C")
    parser.add_argument(
        "--every", type=_seconds, default=10.0, metavar="S", help="seconds between two looks of --watch (default 10)"
    )
    parser.add_argument("--analyse", action="store_true", help="the full analysis of the likeliest, each with a report")
    parser.add_argument("--top", type=int, default=3, metavar="N", help="how many --analyse takes (default 3)")
    parser.add_argument("-o", "--output", metavar="FOLDER", help="where the reports of --analyse go (default: here)")
    parser.add_argument("--format", choices=FORMATS, default=None, help="of the reports of --analyse (default: html)")
    parser.add_argument("--lang", choices=LANGUAGES, help="language of what is said and of the reports; default: the locale's")
    parser.add_argument("--max-pause", type=_seconds, default=5.0, metavar="S",
                        help="let a process go when it has stood still for --analyse this long (default 5)")  # fmt: skip
    parser.add_argument("--gdb", metavar="PATH", help="the gdb to use for --analyse (also: HANGANALYZE_GDB)")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the whole error")
    _add_judging(parser)
    return parser


def _many(name: str) -> Callable[[], argparse.ArgumentParser]:
    """``hanganalyze batch`` and ``hanganalyze fleet``."""

    def made() -> argparse.ArgumentParser:
        from analyzer import options_many

        parser = _parser(name, options_many.ABOUT[name])
        options_many.ADD[name](parser)
        return parser

    return made


COMMANDS = {
    "core": core, "trace": trace, "run": run, "scan": scan, "demo": demo, "doctor": doctor, "reference": reference,
    "signatures": signatures, "render": render, "ticket": ticket, "batch": _many("batch"), "fleet": _many("fleet"),
}  # fmt: skip
"""Name of a command -> its parser."""


def _split(argv: Sequence[str]) -> tuple[Sequence[str], bool, Sequence[str]]:
    """What stands before the first --, whether there is one, and what stands behind it: the command's own words."""
    if "--" not in argv:
        return argv, False, []
    here = list(argv).index("--")
    return argv[:here], True, argv[here + 1 :]


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The parsed command line; ``.command`` is one of COMMANDS or ``analyse``. Raises SystemExit as argparse does."""
    name = next((word for word in argv if not word.startswith("-")), None)
    if name in COMMANDS and argv[0] == name:
        own, dashes, command = _split(argv[1:]) if name == "run" else (argv[1:], False, [])
        arguments = COMMANDS[name]().parse_args(own)
        if dashes:
            arguments.cmd = [*arguments.cmd, *command]
        arguments.command = name
        return arguments
    arguments = analysis().parse_args(argv)
    arguments.command = "analyse"
    return arguments
