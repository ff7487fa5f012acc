"""The engine that lets Dask's workers do the work, and keeps account: every item comes back exactly once.

A batch is sent to one worker and to no other, so that it is known what a lost worker had. At first that is nobody's fault: the
items of its batches are tried again one by one. An item that was there when a second worker was lost is tried when nothing else
runs, so that a third loss is surely its own: then it is set aside and recorded.
"""

from __future__ import annotations

import queue
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from distributed import KilledWorker
from distributed.comm.core import CommClosedError

from analyzer.batch.feeder import Feeder
from analyzer.batch.item import Done, Item, Setup
from analyzer.batch.judging import unread
from analyzer.batch.run import Progress
from analyzer.batch.store import Store
from analyzer.errors import ClusterFailed, OutputUnwritable
from analyzer.fleet.roll import EVERY, Roll, lost_scheduler
from analyzer.fleet.task import Answer, Prepare, work
from analyzer.lean_dataclass import dataclass

if TYPE_CHECKING:
    from distributed import Client, Future

STRIKES = 3
"""Workers that an item may cost."""
Ended = tuple[list[Item], list[Done]]


@dataclass(frozen=True)
class Flight:
    """A batch at a worker."""

    future: Future
    items: list[Item]
    address: str
    pid: int


class Workers:
    """An engine (see batch.run.Engine) and a context manager."""

    def __init__(self, client: Client, setup: Setup, store: Store, note: Callable[[str], None]) -> None:
        self._client, self._setup, self._store, self._note = client, setup, store, note
        self._run = uuid.uuid4().hex
        self._plugin = Prepare(self._run, setup)
        self._roll = Roll(client)
        self._finished: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._flying: dict[str, Flight] = {}
        self._losses = store.losses()
        self._singles: deque[Item] = deque()
        self._alone: deque[Item] = deque()
        self._number = 0

    def __enter__(self) -> Workers:
        self._client.register_plugin(self._plugin)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._client.status != "running":
            return
        self._client.cancel([one.future for one in self._flying.values()])
        if kind is None:
            self._client.unregister_worker_plugin(self._plugin.name)

    def run(self, feeder: Feeder, progress: Progress) -> Iterator[Ended]:
        """See Engine. Raises ClusterFailed, OutputUnwritable."""
        more = True
        while True:
            self._roll.look()
            progress.workers = self._roll.threads
            yield from self._missed(progress)
            more = self._fill(feeder) if more else self._fill_rest()
            if not (more or self._flying or self._singles or self._alone):
                return
            try:
                future = self._finished.get(timeout=EVERY)
            except queue.Empty:
                continue
            flight = self._flying.pop(future.key, None)
            if flight is not None:
                self._roll.ended(flight.address)
                yield from self._landed(flight, progress)

    def _fill(self, feeder: Feeder) -> bool:
        """Send what the workers can take; whether there is more to come."""
        while (worker := self._roll.free()) is not None:
            if self._singles:
                self._send([self._singles.popleft()], *worker)
                continue
            batch = feeder.next()
            if not batch:
                return self._fill_rest()
            fresh: list[Item] = []
            for item in batch:  # some are known from a run that was ended
                lost = self._losses.get(item.key, 0)
                (fresh if not lost else self._singles if lost == 1 else self._alone).append(item)
            if fresh:
                self._send(fresh, *worker)
        return True

    def _fill_rest(self) -> bool:
        """What had bad luck before; nothing else is left."""
        while self._singles and (worker := self._roll.free()) is not None:
            self._send([self._singles.popleft()], *worker)
        if self._alone and not self._flying and not self._singles and (worker := self._roll.free()) is not None:
            self._send([self._alone.popleft()], *worker)
        return False

    def _send(self, batch: list[Item], address: str, pid: int) -> None:
        self._number += 1
        key = f"hanganalyze-{self._run}-{self._number}"
        future = self._client.submit(
            work, self._run, pid, batch, key=key, workers=[address], allow_other_workers=False, pure=False
        )
        self._flying[key] = Flight(future, batch, address, pid)
        self._roll.sent(address)
        future.add_done_callback(self._finished.put)

    def _missed(self, progress: Progress) -> Iterator[Ended]:
        """Batches whose worker is gone. The scheduler would wait for that address for ever."""
        for key in [key for key, one in self._flying.items() if not self._roll.there(one.address, one.pid)]:
            flight = self._flying.pop(key)
            yield from self._landed(flight, progress)

    def _landed(self, flight: Flight, progress: Progress) -> Iterator[Ended]:
        answer = self._answer(flight)
        flight.future.release()
        if answer.refused is not None:
            raise OutputUnwritable(str(self._store.folder), answer.refused)
        if answer.done is not None:
            for item in flight.items:
                self._losses.pop(item.key, None)
            yield flight.items, answer.done
            return
        self._roll.strike_off(flight.address)  # if it is there again, it is another process
        progress.lost_workers += 1
        yield from self._lost(flight.items)

    def _lost(self, batch: list[Item]) -> Iterator[Ended]:
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

    def _answer(self, flight: Flight) -> Answer:
        """What the worker said; nothing where it is gone, be it with a result that it had not handed over yet."""
        future = flight.future
        while future.status in {"finished", "pending"}:
            if future.status == "pending" and not self._roll.there(flight.address, flight.pid):
                return Answer(None)
            try:
                answer: Answer = future.result(timeout=EVERY * 2)
            except TimeoutError:
                self._roll.look()
                continue
            except KilledWorker:
                return Answer(None)
            except (OSError, CommClosedError) as lost:
                raise lost_scheduler(lost) from lost
            return answer
        if future.status == "error":
            error = future.exception()
            if isinstance(error, KilledWorker):
                return Answer(None)
            raise ClusterFailed(
                f"A worker could not do what it was asked to: {error!r}.", next_command="the same command with -v"
            )
        if future.status == "lost" and self._client.status == "running":  # the worker went while its result was fetched
            return Answer(None)
        raise lost_scheduler(future.status)
