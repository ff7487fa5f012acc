"""The options of ``hanganalyze batch`` and ``hanganalyze fleet``."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from analyzer.render import LANGUAGES

ABOUT = {
    "batch": """\
Many inputs, one overview: which different hangs are these, which are known, which are new, where do they happen?

PATH is a file, a folder, an archive (tar, also packed), a file of saved results (JSON, JSON Lines, HTML) or an address that
fsspec knows (s3://, https://, ...). What something is, its content tells. Every input ends as a row: analysed, unclear, or
unreadable because. DIR gets one SQLite file, the JSON of each input, overview.html and overview.json. Interrupted and started
again it goes on; a second run does nothing; with other signatures the saved snapshots are judged again, without reading the
inputs.

Exit status: 0 a root cause was found (likely or proven) in one of them; 1 none; 2 wrong usage; 3 the run could not be completed.
""",
    "fleet": """\
Live processes of many hosts: runs on every host that has a worker of a Dask scheduler, with the rights that the worker has there.
The same hang on many hosts is one cluster. `fleet scan` looks for hung processes on each host and analyses them; with process ids
it analyses those, wherever they are. DIR collects: each run adds what it finds. How to run the workers: docs/fleet.md.

Exit status: 0 a root cause was found (likely or proven); 1 none; 2 wrong usage; 3 the run could not be completed.
""",
}


def batch(parser: argparse.ArgumentParser) -> None:
    """``hanganalyze batch``."""
    parser.add_argument("paths", metavar="PATH", nargs="+")
    _common(parser)
    parser.add_argument("--jobs", metavar="N", type=_jobs, default=1,
                        help="processes of this machine that share the work (default 1); more need [fleet]")  # fmt: skip
    parser.add_argument("--memory-limit", metavar="SIZE", type=_size, default=None,
                        help="of each process of --jobs, such as 2GiB: one that grows beyond it is ended")  # fmt: skip
    parser.add_argument("--retry", action="store_true", help="read again what could not be read in an earlier run")
    parser.add_argument("--sysroot", metavar="D", type=Path, help="folder with the files of the machine that cores come from")
    _cluster(parser, required=False)


def fleet(parser: argparse.ArgumentParser) -> None:
    """``hanganalyze fleet``."""
    parser.add_argument("targets", metavar="scan|PID", nargs="+", type=_target)
    _common(parser)
    parser.add_argument("--suspects", action="store_true", help="also analyse those that scan only suspects")
    parser.add_argument("--capture", choices=("auto", "attach", "stop", "no-stop"), default="auto",
                        help="gdb attached, a stop of milliseconds, or no stop at all; default: what fits")  # fmt: skip
    parser.add_argument("--max-pause", type=float, default=5.0, metavar="S",
                        help="let a process go when it has stood still for this long (default 5)")  # fmt: skip
    _cluster(parser, required=True)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="folder for the results; what is in it stays")
    parser.add_argument("--json", action="store_true", help="print the overview as JSON; reports/hanganalyze-batch-1.schema.json")
    parser.add_argument("--signatures", metavar="DIR", type=Path, action="append", default=[],
                        help="signatures of your own, besides the shipped ones; may be given again")  # fmt: skip
    parser.add_argument("--gdb", metavar="PATH", help="the gdb to use (also: HANGANALYZE_GDB)")
    parser.add_argument("--lang", choices=LANGUAGES, help="language of the overview; default: the locale's")
    parser.add_argument("--include-values", action="store_true", help="replace nothing by placeholders")
    parser.add_argument("-v", "--verbose", action="store_true", help="say what is done, and show the whole error")


def _cluster(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--scheduler", metavar="ADDR", required=required, help="a running Dask scheduler, for example tls://node1:8786"
    )
    parser.add_argument("--tls-ca", metavar="FILE", type=Path, help="certificate of who signs for scheduler and workers")
    parser.add_argument("--tls-cert", metavar="FILE", type=Path, help="our certificate")
    parser.add_argument("--tls-key", metavar="FILE", type=Path, help="our key")
    parser.add_argument("--insecure", action="store_true",
                        help="without TLS over a network: whoever reaches the scheduler runs code on every worker")  # fmt: skip


def _jobs(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError("a number of processes from 1 to 1024")
    return int(text)


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", text.strip().lower())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size, such as 800MiB or 2GiB")
    return int(float(found[1]) * 1024 ** " kmgt".index(found[2] or " "))


def _target(text: str) -> str | int:
    if text == "scan":
        return text
    if not text.isdigit() or not 0 < int(text) < 1 << 22:
        raise argparse.ArgumentTypeError(f"{text!r} is neither «scan» nor a process id")
    return int(text)


ADD: dict[str, Callable[[argparse.ArgumentParser], None]] = {"batch": batch, "fleet": fleet}
