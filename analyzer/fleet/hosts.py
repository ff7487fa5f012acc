"""Every host once: which workers see the same processes, who of them may look, and the work that only they can do."""

from __future__ import annotations

import queue
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from distributed import KilledWorker

from analyzer.batch.item import Done, Item, Setup
from analyzer.batch.judging import unread
from analyzer.errors import ClusterFailed
from analyzer.fleet.live import HostSeen, Seen, Wish, analyse, find, look, named
from analyzer.fleet.task import Prepare
from analyzer.lean_dataclass import dataclass

if TYPE_CHECKING:
    from distributed import Client, Future

SCAN_S = 120.0
"""Seconds a host has for its scan."""
LOST = "the worker on its host was lost"


@dataclass(frozen=True)
class Host:
    """A host and those of its workers that see most."""

    seen: HostSeen
    workers: tuple[str, ...]


class Fleet:
    """All hosts of a cluster; a context manager."""

    def __init__(self, client: Client, setup: Setup, note: Callable[[str], None]) -> None:
        self._client, self._setup, self._note = client, setup, note
        self._run = uuid.uuid4().hex
        self._plugin = Prepare(self._run, setup)
        self.hosts: tuple[Host, ...] = ()

    def __enter__(self) -> Fleet:
        self._client.register_plugin(self._plugin)
        answers = self._client.run(look, on_error="return")
        by_host: dict[str, list[tuple[str, HostSeen]]] = {}
        for address, answer in sorted(answers.items()):
            if isinstance(answer, HostSeen):
                by_host.setdefault(answer.identity, []).append((address, answer))
            else:
                self._note(f"the worker at {address} could not look at its host: {answer}")
        self.hosts = tuple(_host(workers) for workers in by_host.values())
        for one in self.hosts:
            if not one.seen.root:
                self._note(f"{one.seen.name}: the worker there sees its own user's processes only (it lacks CAP_SYS_PTRACE)")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if kind is None:
            self._client.unregister_worker_plugin(self._plugin.name)

    def look(self, wish: Wish, pids: tuple[int, ...] | None) -> list[tuple[Host, Seen]]:
        """What there is to analyse on each host that answers: what a scan finds, or these processes."""
        asked = [(one, self._submit(one, find, wish) if pids is None else self._submit(one, named, pids)) for one in self.hosts]
        end = time.monotonic() + SCAN_S
        found = []
        for host, future in asked:
            try:
                seen: Seen = future.result(timeout=max(0.1, end - time.monotonic()))
            except (TimeoutError, KilledWorker) as error:
                seen = Seen((), 0, 0, f"it did not answer: {error!r}")
            if seen.problem:
                self._note(f"{host.seen.name}: {seen.problem}")
            found.append((host, seen))
        return found

    def analysed(self, work: Iterable[tuple[Host, Item]], wish: Wish) -> Iterator[tuple[Item, Done]]:
        """Every item analysed on its own host, in the order in which they end."""
        finished: queue.SimpleQueue[Future] = queue.SimpleQueue()
        flying: dict[str, tuple[Future, Host, Item]] = {}
        for host, item in work:
            future = self._submit(host, analyse, item, wish)
            flying[future.key] = (future, host, item)
            future.add_done_callback(finished.put)
        while flying:
            try:
                ended = finished.get(timeout=5.0)
            except queue.Empty:
                there = set(self._client.nthreads())
                for key in [key for key, (_, host, _) in flying.items() if not there.intersection(host.workers)]:
                    future, _, item = flying.pop(key)
                    self._client.cancel([future])
                    yield item, Done(unread(item, LOST, self._setup, again=True), None, 0.0)
                continue
            if ended.key in flying:
                _, _, item = flying.pop(ended.key)
                yield item, self._answer(ended, item)

    def _answer(self, future: Future, item: Item) -> Done:
        if future.status == "finished":
            done: Done = future.result()
            future.release()
            return done
        error: Any = future.exception() if future.status == "error" else None
        if isinstance(error, KilledWorker):
            return Done(unread(item, LOST, self._setup, again=True), None, 0.0)
        raise ClusterFailed(f"A worker failed: {error or future.status!r}.", next_command="the same command again, which goes on")

    def _submit(self, host: Host, function: Callable[..., object], *arguments: object) -> Future:
        """Only there: another host has other processes."""
        return self._client.submit(
            function, self._run, *arguments, workers=list(host.workers), allow_other_workers=False, pure=False
        )


def _host(workers: list[tuple[str, HostSeen]]) -> Host:
    """The workers of one host that see most of it."""
    root = any(seen.root for _, seen in workers)
    best = [(address, seen) for address, seen in workers if seen.root == root]
    return Host(best[0][1], tuple(address for address, _ in best))
