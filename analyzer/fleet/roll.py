"""The roll of workers: who is there now, and how much each has to do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from distributed.comm.core import CommClosedError

from analyzer.errors import ClusterFailed
from analyzer.fleet.task import whoami

if TYPE_CHECKING:
    from distributed import Client

EVERY = 1.0
"""Seconds between two looks at who is there."""
PATIENCE = 120.0
"""Seconds without any worker after which a run ends; what is done is kept."""
AHEAD = 2
"""Batches that a thread of a worker has: the one it works on and the next, so that it never waits for us."""


def lost_scheduler(detail: object) -> ClusterFailed:
    """The error for a connection that is gone."""
    return ClusterFailed(
        f"The connection to the scheduler was lost ({detail}).", next_command="the same command again, which goes on"
    )


class Roll:
    """Workers come and go; an address may come back as another process."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._threads: dict[str, int] = {}
        self._pids: dict[str, int] = {}
        self._busy: dict[str, int] = {}
        self._looked = 0.0
        self._last_seen = time.monotonic()

    @property
    def threads(self) -> int:
        """Of all workers."""
        return sum(self._threads[one] for one in self._pids)

    def look(self) -> None:
        """Now and then ask who is there. Raises ClusterFailed when nobody has been for long."""
        now = time.monotonic()
        if now - self._looked < EVERY:
            return
        self._looked = now
        if self._client.status != "running":  # it would come back without anything that was sent
            raise lost_scheduler(self._client.status)
        try:
            self._ask()
        except (OSError, CommClosedError) as error:
            raise lost_scheduler(error) from error
        if self._pids:
            self._last_seen = now
        elif now - self._last_seen > PATIENCE:
            raise ClusterFailed(
                f"There has been no worker for {PATIENCE:g} s.", next_command="start workers, then the same command: it goes on"
            )

    def _ask(self) -> None:
        self._threads = dict(self._client.nthreads())
        for gone in self._pids.keys() - self._threads.keys():
            self.strike_off(gone)
        new = [one for one in self._threads if one not in self._pids]
        if new:
            answers = self._client.run(whoami, workers=new, on_error="ignore")
            self._pids.update((address, pid) for address, pid in answers.items() if isinstance(pid, int))

    def strike_off(self, address: str) -> None:
        """It is gone, or another process has its address."""
        self._pids.pop(address, None)
        self._busy.pop(address, None)

    def there(self, address: str, pid: int) -> bool:
        """Whether this very process is on the roll."""
        return self._pids.get(address) == pid

    def free(self) -> tuple[str, int] | None:
        """Address and pid of the worker with most room; None when all have enough to do."""
        best, room = None, 0
        for address, pid in self._pids.items():
            here = self._threads.get(address, 0) * AHEAD - self._busy.get(address, 0)
            if here > room:
                best, room = (address, pid), here
        return best

    def sent(self, address: str) -> None:
        """It has a batch more."""
        self._busy[address] = self._busy.get(address, 0) + 1

    def ended(self, address: str) -> None:
        """It has a batch less."""
        if address in self._busy:
            self._busy[address] -= 1
