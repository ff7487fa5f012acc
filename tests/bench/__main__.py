"""``make bench``: each benchmark prints its own table. ``python -m tests.bench --short`` is the form for CI."""

from __future__ import annotations

import argparse

from tests.bench import against_gdb, bench_trace, page, podman, python_pause, scan

if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="few runs: shows that it works, not how fast")
    if parser.parse_args().short:
        against_gdb.bench({10: 1})
        scan.bench(rounds=1, count=200)
        page.bench(rounds=1)
        bench_trace.bench(traces=500, deepest=10_000, megabytes=5)
    else:
        against_gdb.bench({10: 9, 200: 9, 1000: 3})
        python_pause.bench({10: 5, 200: 5})
        podman.bench(rounds=5)
        scan.bench(rounds=9)
        page.bench(rounds=9)
        bench_trace.bench(traces=5000, deepest=100_000, megabytes=50)
