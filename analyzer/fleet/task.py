"""What runs on the workers. Everything comes and goes as plain data; errors, too: not every exception survives pickling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distributed import WorkerPlugin, get_worker
from distributed.protocol.pickle import dumps
from distributed.utils import sync

from analyzer.batch.item import Done, Item, Setup
from analyzer.batch.judging import judge_all
from analyzer.errors import OutputUnwritable

if TYPE_CHECKING:
    from distributed import Scheduler, Worker

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

    idempotent = True

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


def work(run: str, key: str, items: list[Item], asks: bool) -> Answer:
    """A batch on a worker. ``asks``: the scheduler sends a task again whose worker was lost; then it is left to the client,
    which knows which of the items to suspect."""
    if asks and was_lost_before(key):
        return Answer(None)
    try:
        return Answer(judge_all(items, _SETUPS[run]))
    except OutputUnwritable as error:
        return Answer(None, error.what)


def was_lost_before(key: str) -> bool:
    """Whether a worker was lost with this task."""
    worker = get_worker()
    answer = sync(worker.loop, worker.scheduler.run_function, function=dumps(_suspicious), args=dumps((key,)), kwargs=dumps({}))
    return bool(answer["result"] > 0) if answer["status"] == "OK" else False


def _suspicious(key: str, dask_scheduler: Scheduler | None = None) -> int:
    """Workers lost with a task, as the scheduler counts."""
    task: Any = dask_scheduler.tasks.get(key) if dask_scheduler is not None else None
    return task.suspicious if task is not None else 0


def allowed_failures(dask_scheduler: Scheduler | None = None) -> int:
    """How many workers a task may lose before the scheduler gives up on it."""
    return int(dask_scheduler.allowed_failures) if dask_scheduler is not None else 0
