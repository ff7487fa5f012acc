"""The engine that lets Dask's workers do the work, and keeps account: every item comes back exactly once.

A lost worker is nobody's fault at first: the items of its batch are tried again one by one, elsewhere. An item that was there
when a second worker was lost is tried when nothing else runs, so that a third loss is surely its own: then it is set aside and
recorded.
"""

from __future__ import annotations

import queue
import time
import uuid
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from distributed import KilledWorker

from analyzer.batch.feeder import Feeder
from analyzer.batch.item import Done, Item, Setup
from analyzer.batch.judging import unread
from analyzer.batch.run import Progress
from analyzer.batch.store import Store
from analyzer.errors import ClusterFailed, OutputUnwritable
from analyzer.fleet.task import Answer, Prepare, allowed_failures, work

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Client, Future

STRIKES = 3
"""Workers that an item may cost."""
PATIENCE = 120.0
"""Seconds without any worker after which the run ends; what is done is kept."""
_AHEAD = 2
"""Batches a worker has: the one it works on and the next, so that it never waits for us."""


class Workers:
    """An engine (see batch.run.Engine) and a context manager."""

    def __init__(self, client: Client, setup: Setup, store: Store, note: Callable[[str], None]) -> None:
        self._client, self._setup, self._store, self._note = client, setup, store, note
        self._run = uuid.uuid4().hex
        self._plugin = Prepare(self._run, setup)
        self._finished: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._flying: dict[str, tuple[Future, list[Item]]] = {}
        self._losses = store.losses()
        self._singles: deque[Item] = deque()
        self._alone: deque[Item] = deque()
        self._number = 0
        self._asks = False
        self._threads = 1
        self._counted = 0.0
        self._seen_workers = time.monotonic()

    def __enter__(self) -> Workers:
        self._client.register_plugin(self._plugin)
        self._asks = self._client.run_on_scheduler(allowed_failures) > 0
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._client.cancel([future for future, _ in self._flying.values()])
        if kind is None:
            self._client.unregister_worker_plugin(self._plugin.name)

    def run(self, feeder: Feeder, progress: Progress) -> Iterator[tuple[list[Item], list[Done]]]:
        """See Engine. Raises ClusterFailed, OutputUnwritable."""
        while True:
            self._fill(feeder, progress)
            if not self._flying:
                return
            try:
                future = self._finished.get(timeout=5.0)
            except queue.Empty:
                self._check_workers()
                continue
            found = self._flying.pop(future.key, None)
            if found is not None:
                yield from self._ended(future, found[1], progress)

    def _fill(self, feeder: Feeder, progress: Progress) -> None:
        """Send what the workers can take."""
        self._count(progress)
        while len(self._flying) < self._threads * _AHEAD:
            if self._singles:
                self._send([self._singles.popleft()])
                continue
            batch = feeder.next()
            if not batch:
                break
            for item in batch:
                if lost := self._losses.get(item.key, 0):  # known from a run that was ended
                    (self._singles if lost == 1 else self._alone).append(item)
            batch = [item for item in batch if item.key not in self._losses]
            if batch:
                self._send(batch)
        if self._alone and not self._flying:
            self._send([self._alone.popleft()])

    def _send(self, batch: list[Item]) -> None:
        self._number += 1
        key = f"hanganalyze-{self._run}-{self._number}"
        future = self._client.submit(work, self._run, key, batch, self._asks, key=key, pure=False)
        self._flying[key] = (future, batch)
        future.add_done_callback(self._finished.put)

    def _ended(self, future: Future, batch: list[Item], progress: Progress) -> Iterator[tuple[list[Item], list[Done]]]:
        answer = self._answer(future)
        future.release()
        if answer.refused is not None:
            raise OutputUnwritable(str(self._store.folder), answer.refused)
        if answer.done is not None:
            for item in batch:
                self._losses.pop(item.key, None)
            yield batch, answer.done
            return
        progress.lost_workers += 1
        yield from self._lost(batch)

    def _lost(self, batch: list[Item]) -> Iterator[tuple[list[Item], list[Done]]]:
        """A worker was lost with this batch."""
        for item in batch:
            count = self._losses[item.key] = self._losses.get(item.key, 0) + 1
            if count >= STRIKES:
                because = f"{count} workers were lost while they analysed it (too little memory?); --retry tries it again"
                del self._losses[item.key]
                self._note(f"{item.name} is set aside: {because}")
                yield [item], [Done(unread(item, because, self._setup), None, 0.0)]
                continue
            (self._singles if count == 1 else self._alone).append(item)
            self._store.save_losses([item.key], count)

    def _answer(self, future: Future) -> Answer:
        """What the workers said; a killed worker is an answer without anything done."""
        if future.status == "finished":
            answer: Answer = future.result()
            return answer
        if future.status == "error":
            error: Any = future.exception()
            if isinstance(error, KilledWorker):
                return Answer(None)
            raise ClusterFailed(
                f"A worker could not do what it was asked to: {error!r}.", next_command="hanganalyze batch ... -v"
            )
        raise ClusterFailed(
            f"The connection to the scheduler was lost ({future.status}).", next_command="the same command again, which goes on"
        )

    def _count(self, progress: Progress) -> None:
        """How many threads the workers have now; they come and go."""
        now = time.monotonic()
        if now - self._counted > 2.0:
            self._counted = now
            threads = sum(self._client.nthreads().values())
            self._threads = max(1, threads)
            progress.workers = threads
            if threads:
                self._seen_workers = now

    def _check_workers(self) -> None:
        if time.monotonic() - self._seen_workers > PATIENCE:
            raise ClusterFailed(
                f"There has been no worker for {PATIENCE:g} s.",
                next_command="start workers, then the same command, which goes on",
            )
