"""The command line: what may be typed, and what it means. Prints nothing itself (argparse prints its own help and errors)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from analyzer import __version__
from analyzer.render import FORMATS, LANGUAGES

OVERVIEW = """\
Why does this process not move? Attaches gdb, proves the cause, writes one HTML file for the bug ticket.

  hanganalyze PID...              analyse; writes hanganalyze-NAME-PID.html here, prints the verdict and the path
  hanganalyze trace [FILE|-]      the same from pasted text (gdb, pstack, eu-stack, coredumpctl, ...)
  hanganalyze demo                hang the bundled loader and analyse it
  hanganalyze doctor              what works here, what does not, the command that mends it
  hanganalyze reference build|run|trials    the reference loader
  hanganalyze signatures list|show|lint|test|explain|new    the catalogue of known hangs
  hanganalyze render SAVED.json   another format from a saved result
  hanganalyze ticket REPORT --to URL    into the ticket: Bugzilla, GitLab, Jira, GitHub

Exit status: 0 a root cause was found (likely or proven); 1 analysed, none found (healthy, or hung and unknown);
2 wrong usage; 3 could not analyse (gone, not permitted, the debugger failed).
"""


def _parser(command: str | None, description: str) -> argparse.ArgumentParser:
    prog = f"hanganalyze {command}" if command else "hanganalyze"
    return argparse.ArgumentParser(prog, description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


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
    parser.add_argument("--capture", choices=("auto", "attach"), default="auto", help="how the stacks are taken")
    parser.add_argument("--no-family", action="store_true", help="only this process, not its parents and children")
    parser.add_argument("--max-pause", type=_seconds, default=5.0, metavar="S",
                        help="let the process go when it has stood still for this long (default 5)")  # fmt: skip
    parser.add_argument("--gdb", metavar="PATH", help="the gdb to use (also: HANGANALYZE_GDB)")


def _add_privacy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--include-values", action="store_true",
                        help="put command lines into the report, and replace nothing in it by placeholders")  # fmt: skip
    parser.add_argument("--show-redacted", action="store_true", help="list on the terminal what the placeholders stand for")


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError("a number of seconds above 0, at most 3600")
    return value


def _pid(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 1 << 22:
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


def demo() -> argparse.ArgumentParser:
    """``hanganalyze demo``."""
    parser = _parser("demo", "Hang the bundled loader for real, analyse it, end it.")
    parser.add_argument("--widen", choices=("stdio", "malloc", "atfork", "nss"), default="stdio",
                        help="the lock that another thread holds when the loader makes its raw clone")  # fmt: skip
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
    explain = verbs.add_parser("explain", help="clause by clause, why it fits a saved result or not")
    explain.add_argument("id")
    explain.add_argument("saved", metavar="SAVED", type=Path, help="saved JSON or HTML of an analysis, or a pasted trace")
    new = verbs.add_parser("new", help="a skeleton from a saved result")
    new.add_argument("id", help="id of the new signature")
    new.add_argument("saved", metavar="SAVED", type=Path, help="saved result or pasted trace to start from")
    for verb in verbs.choices.values():
        verb.add_argument("--signatures", metavar="DIR", type=Path, action="append", default=[])
    return parser


def render() -> argparse.ArgumentParser:
    """``hanganalyze render SAVED.json``."""
    parser = _parser("render", "Another format from a saved result (JSON, or a report in HTML, which holds it).")
    parser.add_argument("saved", metavar="SAVED", type=Path)
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


COMMANDS = {
    "trace": trace,
    "demo": demo,
    "doctor": doctor,
    "reference": reference,
    "signatures": signatures,
    "render": render,
    "ticket": ticket,
}
"""Name of a command -> its parser."""


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The parsed command line; ``.command`` is one of COMMANDS or ``analyse``. Raises SystemExit as argparse does."""
    name = next((word for word in argv if not word.startswith("-")), None)
    if name in COMMANDS and argv[0] == name:
        arguments = COMMANDS[name]().parse_args(argv[1:])
        arguments.command = name
        return arguments
    arguments = analysis().parse_args(argv)
    arguments.command = "analyse"
    return arguments
