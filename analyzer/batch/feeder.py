"""Items -> batches of about equal work, by what items of their kind have cost so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.batch.item import Done, Item, Kind

TARGET = 0.4
"""Seconds of work in a batch: enough that sending it costs nothing to speak of, so little that a lost one does not hurt."""
LARGEST, BYTES = 400, 4 << 20
"""Items and bytes of a batch: bounds of what is in memory."""
_FIRST_GUESS: dict[Kind, float] = {"core": 0.6, "process": 0.6}
_SMALL = 4000
"""Bytes: smaller texts cost as much as one of this size."""


class Costs:
    """Seconds that a unit of each kind costs: a core is a unit, a text as many as it has thousands of bytes."""

    def __init__(self) -> None:
        self._seconds: dict[Kind, float] = {}
        self._seen: dict[Kind, int] = {}

    def learn(self, item: Item, seconds: float) -> None:
        """What an item has cost; the last fifty count."""
        kind, each = item.kind, seconds / _units(item)
        seen = self._seen[kind] = self._seen.get(kind, 0) + 1
        before = self._seconds.get(kind, each)
        self._seconds[kind] = before + (each - before) / min(seen, 50)

    def of(self, item: Item) -> float:
        """Seconds that it will probably take."""
        return self._seconds.get(item.kind, _FIRST_GUESS.get(item.kind, 0.02)) * _units(item)


class Feeder:
    """Hands out batches, one at a time, so that no more is read than is asked for."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = iter(items)
        self._left: Item | None = None
        self._costs = Costs()
        self.handed_out = 0
        """Items."""

    def learn(self, batch: Iterable[Item], done: Iterable[Done]) -> None:
        """What a batch has cost."""
        for item, one in zip(batch, done, strict=True):
            if item.because is None:
                self._costs.learn(item, one.seconds)

    def next(self) -> list[Item]:
        """The next batch; empty when there is nothing left."""
        batch: list[Item] = []
        cost, size = 0.0, 0
        for item in self._pending():
            own, more = self._costs.of(item) if item.because is None else 0.0, len(item.payload or b"")
            if batch and (cost + own > TARGET or size + more > BYTES or len(batch) >= LARGEST):
                self._left = item
                break
            batch.append(item)
            cost, size = cost + own, size + more
        self.handed_out += len(batch)
        return batch

    def _pending(self) -> Iterator[Item]:
        if self._left is not None:
            item, self._left = self._left, None
            yield item
        yield from self._items


def _units(item: Item) -> float:
    return 1.0 if item.payload is None else max(len(item.payload), _SMALL) / _SMALL
