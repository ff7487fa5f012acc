"""The run: items in, rows out, through whatever engine does the work. What is saved is saved; what is not is done again."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from analyzer.batch.feeder import Feeder
from analyzer.batch.inside import Found, Walked
from analyzer.batch.item import Done, Item, Setup
from analyzer.batch.judging import judge_all
from analyzer.batch.store import Store
from analyzer.lean_dataclass import dataclass, field


@dataclass
class Progress:
    """How far it is; the same object all the time."""

    done: int = 0
    unreadable: int = 0
    handed_out: int = 0
    """Items found so far, done or being done."""
    total: int | None = None
    """Files that were counted, where counting was cheap; archives hold more."""
    workers: int = 1
    lost_workers: int = 0
    began: float = field(default_factory=time.monotonic)


Tell = Callable[[Progress], None]


class Engine(Protocol):
    """Where the work is done."""

    def run(self, feeder: Feeder, progress: Progress) -> Iterator[tuple[list[Item], list[Done]]]:
        """Every batch of the feeder with what came of it, in any order. An item comes back exactly once."""
        ...


class Here:
    """The engine without others: this process, one item after the other."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def run(self, feeder: Feeder, progress: Progress) -> Iterator[tuple[list[Item], list[Done]]]:
        """See Engine."""
        del progress
        while batch := feeder.next():
            yield batch, judge_all(batch, self._setup)


def run(store: Store, found: Iterable[Found], engine: Engine, setup: Setup, tell: Tell, progress: Progress) -> None:
    """Everything that needs doing: rows of another catalogue first, then what has no row. Raises what engine and store raise."""
    containers = _Containers(store)
    again = store.to_judge_again(setup.catalogue_digest)
    feeder = Feeder(itertools.chain(again, containers.watched(found)))
    tell(progress)
    for batch, done in engine.run(feeder, progress):
        store.save(done)
        feeder.learn(batch, done)
        containers.saved(batch, done)
        for item in batch:
            if item.temporary and item.path:
                Path(item.path).unlink(missing_ok=True)
        progress.done += len(done)
        progress.unreadable += sum(one.row.outcome == "unreadable" for one in done)
        progress.handed_out = feeder.handed_out
        tell(progress)


class _Containers:
    """Archives whose members are all saved need not be walked again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pending: Counter[str] = Counter()
        self._walked: dict[str, Walked] = {}
        self._not_whole: set[str] = set()

    def watched(self, found: Iterable[Found]) -> Iterator[Item]:
        """The items, each counted to its archive."""
        for one in found:
            if isinstance(one, Walked):
                self._walked[one.key] = one
                self._close(one.key)
            else:
                if one.container:
                    self._pending[one.container] += 1
                yield one

    def saved(self, batch: Iterable[Item], done: Iterable[Done]) -> None:
        """These have rows now."""
        for item, one in zip(batch, done, strict=True):
            if item.container and item.kind != "again":
                self._pending[item.container] -= 1
                if one.row.again:
                    self._not_whole.add(item.container)
                self._close(item.container)

    def _close(self, key: str) -> None:
        walked = self._walked.get(key)
        if walked is not None and not self._pending[key]:
            del self._walked[key], self._pending[key]
            if key not in self._not_whole:
                self._store.save_walked(walked.key, walked.stamp)
