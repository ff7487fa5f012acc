"""``make bench``: each benchmark prints its own table. ``python -m tests.bench --short`` is the form for CI."""

from __future__ import annotations

import argparse

from tests.bench import against_gdb, page, scan

if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="few runs: shows that it works, not how fast")
    arguments = parser.parse_args()
    against_gdb.bench(rounds=2 if arguments.short else 9)
    scan.bench(rounds=2 if arguments.short else 9)
    page.bench(rounds=2 if arguments.short else 9)
