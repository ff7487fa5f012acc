"""What runs on the workers. Everything comes and goes as plain data; errors, too: not every exception survives pickling."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from distributed import WorkerPlugin

from analyzer.batch.item import Done, Item, Setup
from analyzer.batch.judging import judge_all
from analyzer.errors import OutputUnwritable
from analyzer.lean_dataclass import dataclass

if TYPE_CHECKING:
    from distributed import Worker

_SETUPS: dict[str, Setup] = {}
"""By the run's id; a worker may serve several runs."""


@dataclass(frozen=True)
class Answer:
    """What came of a batch."""

    done: list[Done] | None
    """None: it was not begun, or could not be ended."""
    refused: str | None = None
    """The worker could not write where it should."""


class Prepare(WorkerPlugin):  # type: ignore[misc]
    """Brings the setup to every worker, also to those that come later."""

    def __init__(self, run: str, setup: Setup) -> None:
        self.name = f"hanganalyze-{run}"
        self._run, self._setup = run, setup

    def setup(self, worker: Worker) -> None:
        """See WorkerPlugin."""
        del worker
        _SETUPS[self._run] = self._setup

    def teardown(self, worker: Worker) -> None:
        """See WorkerPlugin."""
        del worker
        _SETUPS.pop(self._run, None)


def setup_of(run: str) -> Setup:
    """The setup of a run on this worker."""
    return _SETUPS[run]


def work(run: str, pid: int, items: list[Item]) -> Answer:
    """A batch, on the worker process with this pid and on no other.

    A worker that died and came back at the same address is sent its tasks again; it is for the client to say what of them is
    suspicious.
    """
    if pid != os.getpid():
        return Answer(None)
    try:
        return Answer(judge_all(items, _SETUPS[run]))
    except OutputUnwritable as error:
        return Answer(None, error.what)


def whoami() -> int:
    """The worker's process."""
    return os.getpid()
