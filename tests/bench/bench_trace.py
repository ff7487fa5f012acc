"""How fast pasted traces are read: traces a second of processor time, megabytes a second, peak memory.

Run from a checkout::

    python -m tests.bench.bench_trace [--traces N] [--deep FRAMES] [--file MEGABYTES]

The traces are two-thread ``thread apply all bt`` prints with different functions, addresses, files and lines in each, so that
nothing can be read once and remembered; «the same functions» come again and again in the traces of one program.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import time
from collections.abc import Iterator

from analyzer.analyse import catalogue
from analyzer.capture.trace import iter_traces, parse
from analyzer.diagnose import diagnose

_INNER = (
    "#0  futex_wait (private=0, expected=2, futex_word={a} <main_arena>) at ../sysdeps/nptl/futex-internal.h:146",
    "#1  __GI___lll_lock_wait_private (futex=futex@entry={a} <main_arena>) at ./nptl/lowlevellock.c:34",
    "#2  {b} in __GI___libc_malloc (bytes=bytes@entry={n}) at ./malloc/malloc.c:3327",
)
_POLL = (
    "#0  {a} in __GI___poll (fds={b}, nfds={n}, timeout=-1) at ../sysdeps/unix/sysv/linux/poll.c:29",
    "#1  {b} in ?? () from /lib/x86_64-linux-gnu/libglib-2.0.so.0",
)


def _address(rng: random.Random) -> str:
    return f"0x{rng.randrange(0x7F0000000000, 0x7FFFFFFFFFFF):016x}"


def trace(rng: random.Random, depth: int, *, varied: bool) -> str:
    """One two-thread print, with ``depth`` frames of a program's own in each thread."""
    lines: list[str] = []
    pid = rng.randrange(1000, 4_000_000)
    for thread, inner in ((2, _POLL), (1, _INNER)):
        lines.append(f'Thread {thread} (Thread {_address(rng)} (LWP {pid + thread - 1}) "worker"):')
        lines.extend(line.format(a=_address(rng), b=_address(rng), n=rng.randrange(9999)) for line in inner)
        for level in range(len(inner), len(inner) + depth):
            number = rng.randrange(10**9) if varied else level
            lines.append(
                f"#{level:<2} {_address(rng)} in module_{number % 977}_function_{number} (self={_address(rng)}, count={level}) "
                f"at ../src/part{number % 53}/file_{number % 9973}.c:{number % 4000 + 1}"
            )
        last = len(inner) + depth
        lines.append(f"#{last:<2} {_address(rng)} in start_thread (arg=<optimized out>) at ./nptl/pthread_create.c:442")
        lines.append(f"#{last + 1:<2} {_address(rng)} in clone3 () at ../sysdeps/unix/sysv/linux/x86_64/clone3.S:81")
        lines.append("")
    return "\n".join(lines) + "\n"


def _peak() -> float:
    """Peak resident memory in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _lines(texts: list[str]) -> Iterator[str]:
    for text in texts:
        yield from text.splitlines()


def _report(name: str, count: int, size: int, seconds: float) -> None:
    print(f"{name:48} {count / seconds:10.0f} traces/s {size / seconds / 1e6:8.1f} MB/s {_peak():8.0f} MB peak")


def streamed(count: int, *, varied: bool) -> None:
    """Many traces through ``iter_traces``."""
    rng = random.Random(7)
    texts = [trace(rng, 5, varied=varied) for _ in range(count)]
    begin = time.process_time()
    found = sum(1 for _ in iter_traces(_lines(texts)))
    seconds = time.process_time() - begin
    assert found == count, (found, count)
    _report("stream, nothing repeats" if varied else "stream, the same functions", count, sum(map(len, texts)), seconds)


def one_by_one(count: int) -> None:
    """Many texts, each parsed by itself."""
    rng = random.Random(8)
    texts = [trace(rng, 5, varied=True) for _ in range(count)]
    begin = time.process_time()
    for text in texts:
        assert len(parse(text).snapshot.processes[0].threads) == 2
    _report("one text each, nothing repeats", count, sum(map(len, texts)), time.process_time() - begin)


def diagnosed(count: int, *, varied: bool) -> None:
    """Parsed, and judged by every signature."""
    rng = random.Random(11)
    texts = [trace(rng, 5, varied=varied) for _ in range(count)]
    signatures = catalogue()
    seconds = []
    for _ in range(3):
        begin = time.process_time()
        for text in texts:
            diagnosis = diagnose(parse(text).snapshot, signatures)
            assert diagnosis.status == "unclear", diagnosis.status
        seconds.append(time.process_time() - begin)
        if varied:  # read again, nothing may be known of it
            texts = [trace(rng, 5, varied=True) for _ in range(count)]
    how = "nothing repeats" if varied else "the same functions"
    _report(f"parsed and diagnosed, {how}, median of 3", count, sum(map(len, texts)), statistics.median(seconds))


def deep(frames: int) -> None:
    """One stack, ever deeper: the time a frame must stay the same."""
    for depth in (frames // 100, frames // 10, frames):
        text = trace(random.Random(9), depth, varied=True)
        begin = time.process_time()
        parse(text)
        seconds = time.process_time() - begin
        print(f"{f'two stacks of {depth} frames':48} {seconds * 1e6 / depth / 2:10.2f} us a frame")


def endless(megabytes: int) -> None:
    """A file without end: memory must stay flat."""
    rng = random.Random(10)
    block = [trace(rng, 5, varied=True) for _ in range(2000)]
    size = sum(map(len, block))
    rounds = max(1, megabytes * 1_000_000 // size)
    before = _peak()
    begin = time.process_time()
    found = sum(1 for _ in iter_traces(line for _ in range(rounds) for line in _lines(block)))
    seconds, grown = time.process_time() - begin, _peak() - before
    name = f"{rounds * size / 1e6:.0f} MB in one stream"
    print(f"{name:48} {found / seconds:10.0f} traces/s {rounds * size / seconds / 1e6:8.1f} MB/s; memory grew by {grown:.1f} MB")


def bench(traces: int, deepest: int, megabytes: int) -> None:
    """Print the figures: of so many traces, of a stack so deep, of a stream so long."""
    print()
    streamed(traces, varied=True)
    streamed(traces, varied=False)
    one_by_one(traces)
    diagnosed(traces // 5, varied=True)
    diagnosed(traces // 5, varied=False)
    deep(deepest)
    endless(megabytes)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--traces", type=int, default=5000)
    options.add_argument("--deep", type=int, default=100_000)
    options.add_argument("--file", type=int, default=50, help="megabytes for the endless stream")
    chosen = options.parse_args()
    bench(chosen.traces, chosen.deep, chosen.file)
