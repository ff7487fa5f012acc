"""A lane: a process that makes one run at a time, so that whatever is orphaned below it belongs to that run.

Forked from the main process while that has one thread. Told to stop by SIGTERM, which also comes when the main process dies,
however it dies: what runs is then ended and reported as stopped.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection, Pipe
from types import FrameType

from analyzer.errors import CannotAnalyse
from analyzer.lean_dataclass import dataclass
from analyzer.trials.ending import adopt_orphans, end_all, hear_of_parents_death
from analyzer.trials.one_run import CouldNotRun, Report, run_once
from analyzer.trials.plan import Plan, Subject


@dataclass(frozen=True)
class Failure:
    """Why no run was made."""

    error: CannotAnalyse


class _Stopped(BaseException):
    """SIGTERM: unwind, so that everything is ended."""


def _stop(_: int, __: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, _nothing)  # once: the unwinding must not be unwound
    raise _Stopped


def _nothing(_: int, __: FrameType | None) -> None:
    """A handler, not SIG_IGN, which the commands would inherit."""


class Lane:
    """The main process's view of one."""

    def __init__(self, plan: Plan, others: list[Lane]) -> None:
        self.connection, theirs = Pipe()
        ours = [lane.connection for lane in others] + [self.connection]
        # Fork, since what is sent to it need not be prepared for that, and nothing is imported twice.
        context = multiprocessing.get_context("fork")
        self.process = context.Process(target=_work, args=(plan, theirs, ours, os.getpid()), daemon=False)
        self.process.start()
        theirs.close()
        self.number: int | None = None
        """Of the run it makes now."""
        self.subject: Subject | None = None

    def begin(self, subject: Subject, number: int) -> None:
        """Have it make a run; the answer comes through ``take``."""
        self.subject, self.number = subject, number
        with contextlib.suppress(OSError):  # it has died: ``take`` says so, as its connection is ready then
            self.connection.send((subject.name, number))

    def take(self) -> Report | Failure | None:
        """The answer, once the connection is ready. None: it has died."""
        try:
            answer = self.connection.recv()
        except (EOFError, OSError):
            return None
        assert isinstance(answer, Report | Failure)
        self.number = self.subject = None
        return answer

    def dismiss(self) -> None:
        """No more runs: it ends by itself."""
        with contextlib.suppress(OSError):
            self.connection.close()

    def stop(self) -> None:
        """End what it runs, now."""
        if self.process.is_alive():
            self.process.terminate()

    def join(self, within: float) -> None:
        """Wait for its end; then it is killed, and its run becomes an orphan of ours."""
        self.process.join(within)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


def _work(plan: Plan, connection: Connection, others: list[Connection], parent: int) -> None:
    try:
        for other in others:
            other.close()  # or the end of the main process would not be seen as the end of its connection
        signal.signal(signal.SIGINT, _nothing)  # Ctrl-C is the main process's business
        signal.signal(signal.SIGHUP, _nothing)
        signal.signal(signal.SIGTERM, _stop)
        adopt_orphans()
        hear_of_parents_death(parent, signal.SIGTERM)
        subjects = {subject.name: subject for subject in plan.subjects}
        while True:
            try:
                name, number = connection.recv()
            except EOFError:
                return
            try:
                connection.send(run_once(plan, subjects[name], number))
            except CouldNotRun as error:
                connection.send(Failure(error))
            except Exception as error:
                connection.send(Failure(CannotAnalyse(f"A mistake in hanganalyze itself stopped run {number}: {error!r}.")))
    except (_Stopped, BrokenPipeError, ConnectionResetError):
        signal.signal(signal.SIGTERM, _nothing)
    finally:
        end_all()
