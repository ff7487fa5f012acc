"""See tests/fuzz/__init__.py."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

READERS = ("mi", "proc", "trace", "toml", "saved", "notes")
"""Of ``subjects``, which must not be imported before atheris has made itself ready to watch what is imported."""
SLOWEST_S, MOST_MB = 60, 2048
"""One input may take this long, and the whole process this much memory."""


def main() -> int:
    """Fuzz the readers one after the other, each in a process of its own. 0: nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="READER", help=f"of {', '.join(READERS)}; without one, all")
    parser.add_argument("--runs", type=int, help="inputs of each reader")
    parser.add_argument("--seconds", type=int, help="time for each reader")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        fuzz(arguments.one, arguments.runs, arguments.seconds)
    wrong = [name for name in arguments.subjects if name not in READERS]
    if wrong:
        parser.error(f"no such reader: {', '.join(wrong)}")
    limits = ["--runs", str(arguments.runs)] if arguments.runs else []
    limits += ["--seconds", str(arguments.seconds)] if arguments.seconds else [] if limits else ["--seconds", "5"]
    failed = []
    for name in arguments.subjects or READERS:
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz", "--one", name, *limits],
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
        took = time.monotonic() - began
        count = next((int(line.split()[1]) for line in reversed(done.stderr.splitlines()) if line.startswith("Done ")), None)
        if done.returncode != 0 or count is None:
            failed.append(name)
            print(f"{name}: failed after {took:.0f} s\n{done.stderr[-6000:]}", flush=True)
        else:
            print(f"{name}: {count} inputs in {took:.0f} s ({count / took:.0f} a second), no crash, no hang", flush=True)
    return 1 if failed else 0


def fuzz(name: str, runs: int | None, seconds: int | None) -> None:
    """Fuzz one reader; ends this process."""
    import atheris

    from tests.fuzz.found import found

    with atheris.instrument_imports(include=["analyzer", "pygdbmi", "elftools"]):
        from tests.fuzz.subjects import SUBJECTS
    subject = SUBJECTS[name]
    with tempfile.TemporaryDirectory(prefix="hanganalyze-fuzz-") as corpus:
        for number, seed in enumerate([*subject.seeds(), *found(name)]):
            (Path(corpus) / str(number)).write_bytes(seed)
        options = [
            f"-timeout={SLOWEST_S}",
            f"-rss_limit_mb={MOST_MB}",
            f"-max_len={subject.longest}",
            "-print_final_stats=0",
            "-verbosity=1",
        ]
        options += [f"-runs={runs}"] if runs else []
        options += [f"-max_total_time={seconds}"] if seconds else []
        atheris.Setup([sys.argv[0], *options, corpus], subject.read)
        # Fuzz() ends the process and leaves the folder; its child would not.
        child = os.fork()
        if child == 0:
            atheris.Fuzz()
        _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    sys.exit(main())
