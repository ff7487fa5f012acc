"""``make bench-many``: seconds, peak memory and cost per item of ``hanganalyze batch``, and what Dask adds to a plain pool.

Cost is processor time of the run and of all its processes, which a busy machine changes less; the load stands beside it.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil

from analyzer.batch import sources
from analyzer.batch.feeder import Feeder
from analyzer.batch.inside import Inside
from analyzer.batch.item import Done, Item, Setup
from analyzer.batch.judging import judge_all
from analyzer.batch.preparing import setup_for
from analyzer.batch.run import Engine, Progress, run
from analyzer.batch.store import Store
from analyzer.options import parse
from tests import targets
from tests.tools.pile import traces

BUGS = (("raw_clone_lock", "fork"), ("raw_clone_lock", "malloc"), ("raw_clone_lock", "stdio"), ("two_lock_cycle",))
Make = Callable[[Setup, Store], AbstractContextManager[Engine]]
_POOL_SETUP: list[Setup] = []


def whole_runs(work: Path, counts: tuple[int, ...], cores: tuple[int, ...]) -> None:
    """The command itself, one process."""
    print(f"{'one process':24} {'wall s':>8} {'cpu s':>8} {'ms/item':>8} {'peak MB':>8} {'load':>6}")
    start = _command(traces(work / "one", 1), work / "out-one")[1]
    for count in counts:
        _tell(f"{count} traces", count, start, *_command(traces(work / f"t{count}", count), work / f"out-t{count}"))
    for count in cores:
        _tell(f"{count} cores", count, start, *_command(some_cores(work / f"c{count}", count), work / f"out-c{count}"))


def _tell(name: str, count: int, start: float, wall: float, cpu: float, peak: float) -> None:
    each = (cpu - start) / count * 1000
    print(f"{name:24} {wall:8.1f} {cpu:8.1f} {each:8.2f} {peak:8.0f} {os.getloadavg()[0]:6.1f}", flush=True)


def _command(pile: Path, out: Path) -> tuple[float, float, float]:
    """Wall and processor seconds, and peak memory in MB of the largest process."""
    began = time.monotonic()
    command = [sys.executable, "-m", "analyzer", "batch", str(pile), "-o", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in {0, 1}
    # It is not deleted here: a file system that avoids inodes that were just deleted (ext4) would make the next run look dear.
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def some_cores(folder: Path, count: int) -> Path:
    """Small cores of a few hung programs, each many times."""
    folder.mkdir()
    made = []
    for number, case in enumerate(BUGS):
        with targets.running(*case) as target:
            core = folder / f"made-{number}"
            command = [sys.executable, "-m", "analyzer", str(target.pid), "--save-core", str(core), "--capture", "no-stop"]
            subprocess.run([*command, "--no-reference", "--json"], check=False, capture_output=True)
            made.append(core.read_bytes())
            core.unlink()
    for number in range(count):
        (folder / f"core.{number:04}").write_bytes(made[number % len(made)])
    return folder


# Engines


def _prepare_pool(setup: Setup) -> None:
    _POOL_SETUP[:] = [setup]


def _pool_work(items: list[Item]) -> list[Done]:
    return judge_all(items, _POOL_SETUP[0])


class Pool:
    """The plain process pool of the standard library, as an engine."""

    def __init__(self, executor: concurrent.futures.Executor, jobs: int) -> None:
        self._executor, self._jobs = executor, jobs

    def run(self, feeder: Feeder, progress: Progress) -> Iterator[tuple[list[Item], list[Done]]]:
        """See Engine."""
        del progress
        flying: dict[concurrent.futures.Future[list[Done]], list[Item]] = {}
        while True:
            while len(flying) < 2 * self._jobs and (batch := feeder.next()):
                flying[self._executor.submit(_pool_work, batch)] = batch
            if not flying:
                return
            done, _ = concurrent.futures.wait(flying, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                yield flying.pop(future), future.result()


def pool(jobs: int) -> Make:
    """The plain pool."""

    @contextmanager
    def made(setup: Setup, store: Store) -> Iterator[Engine]:
        del store
        with concurrent.futures.ProcessPoolExecutor(jobs, initializer=_prepare_pool, initargs=(setup,)) as executor:
            list(executor.map(abs, range(jobs * 4)))
            yield Pool(executor, jobs)

    return made


def dask(jobs: int) -> Make:
    """Dask's workers on this machine."""

    @contextmanager
    def made(setup: Setup, store: Store) -> Iterator[Engine]:
        from analyzer.fleet.connect import cluster_for
        from analyzer.fleet.engine import Workers

        arguments = parse(["batch", "-", "-o", "-", "--jobs", str(jobs)])
        with cluster_for(arguments, lambda _: None) as client, Workers(client, setup, store, print) as engine:
            client.wait_for_workers(jobs)
            yield engine

    return made


def _cpu() -> float:
    """Processor seconds of this process and all below it so far."""
    total = 0.0
    me = psutil.Process()
    for one in (me, *me.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + (times.children_user + times.children_system if one.pid != me.pid else 0.0)
    return total


def engines(work: Path, pile: Path, count: int, rounds: int) -> None:
    """The same work through other engines, without their start: medians of several rounds, taken in turns."""
    kinds: dict[str, Make] = {"pool, 2 processes": pool(2), "Dask, 1 worker": dask(1), "Dask, 2 workers": dask(2)}
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    for number in range(rounds):
        for name, make in kinds.items():
            out = work / f"out-{number}-{name.replace(' ', '')}"
            with Store(out) as store:
                setup = setup_for(store, parse(["batch", str(pile), "-o", str(out)]), writes=True)
                inside = Inside(store.known, store.walked, work)
                with make(setup, store) as engine:
                    wall, cpu = time.monotonic(), _cpu()
                    found = sources.walk([str(pile)], inside, out)
                    run(store, found, engine, setup, lambda _: None, Progress())
                    seen[name].append((time.monotonic() - wall, _cpu() - cpu))
            shutil.rmtree(out)
    print(f"\n{f'{count} inputs':24} {'wall s':>8} {'cpu s':>8} {'load':>6}   (best of {rounds}, taken in turns)")
    for name, figures in seen.items():
        best = min(one[0] for one in figures)
        print(f"{name:24} {best:8.2f} {min(one[1] for one in figures):8.2f} {os.getloadavg()[0]:6.1f}")
    one, two, plain = (min(seen[name]) for name in ("Dask, 1 worker", "Dask, 2 workers", "pool, 2 processes"))
    lean = min(cpu for _, cpu in seen["Dask, 2 workers"]) / min(cpu for _, cpu in seen["pool, 2 processes"]) - 1
    print(f"two workers against one: {one[0] / two[0]:.2f} x")
    print(f"Dask against the pool: {two[0] / plain[0] - 1:+.1%} wall, {lean:+.1%} cpu")


def bench(*, short: bool) -> None:
    """All of it; ``short`` shows that it works, not how fast."""
    with tempfile.TemporaryDirectory(prefix="hanganalyze-bench-") as folder:
        work = Path(folder)
        whole_runs(work, (20, 100) if short else (100, 1_000, 10_000), (4,) if short else (20, 200))
        count = 100 if short else 10_000
        engines(work, work / f"t{count}", count, 1 if short else 3)


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m tests.bench.many", description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--engines", type=int, metavar="ROUNDS", help="only the comparison of engines, on 10,000 traces")
    chosen = parser.parse_args()
    if chosen.engines:
        with tempfile.TemporaryDirectory(prefix="hanganalyze-bench-") as folder:
            engines(Path(folder), traces(Path(folder) / "t", 10_000), 10_000, chosen.engines)
    else:
        bench(short=chosen.short)
