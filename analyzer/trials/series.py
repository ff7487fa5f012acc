"""All the runs of a plan, shared out among the lanes: A B A B ..., so that whatever drifts drifts for both."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait

from analyzer.capture import assemble
from analyzer.errors import CannotAnalyse
from analyzer.lean_dataclass import dataclass, field, replace
from analyzer.model import Diagnosis, Outcome, Tool, TrialHang, TrialResult, TrialRun, TrialSubject
from analyzer.trials.ending import adopt_orphans, end_all
from analyzer.trials.lane import Failure, Lane
from analyzer.trials.notes import notes_on
from analyzer.trials.numbers import with_numbers
from analyzer.trials.one_run import Report, program_of
from analyzer.trials.plan import Plan, Subject

_LOOK_EVERY_S = 0.2
_STOPPED_WITHIN_S = 30.0
"""For a lane that was told to stop: the analysis lets go, the run gets SIGTERM and SIGKILL."""


@dataclass
class Tally:
    """Where the series stands."""

    asked: int
    done: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    last: Report | None = None
    """The run that was finished last."""


def run_series(
    plan: Plan,
    tell: Callable[[Tally], None] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
) -> TrialResult:
    """Make all the runs; ``tell`` gets the tally after each, ``stopped`` is asked several times a second.

    Raises UsageError for a plan that cannot be meant and CouldNotRun when the first run could not be made; a later failure, like
    ``stopped``, leaves a result of what was done by then. Whatever happens, nothing of it runs afterwards. Call it while the
    process has one thread and no children: all children that it has afterwards are ended.
    """
    plan.check()
    adopt_orphans()  # the children of a lane that is killed come to us
    return _Series(plan, tell, stopped).make()


class _Series:
    def __init__(self, plan: Plan, tell: Callable[[Tally], None], stopped: Callable[[], bool]) -> None:
        self.plan, self.tell, self.stopped = plan, tell, stopped
        self.tally = Tally(plan.repeat * len(plan.subjects))
        self.runs: list[TrialRun] = []
        self.hangs: dict[object, tuple[int, TrialHang]] = {}
        self.notes: dict[str, None] = {}
        self.failure: CannotAnalyse | None = None
        self.memory_floor = 0
        self.bad_teardowns: list[str] = []
        self.began = time.monotonic()

    def make(self) -> TrialResult:
        taken_at = assemble.now()
        lanes: list[Lane] = []
        try:
            for _ in range(min(self.plan.jobs, self.tally.asked)):
                lanes.append(Lane(self.plan, lanes))
            self._share_out(lanes)
        finally:
            self._dissolve(lanes)
        if self.failure is not None and not self.runs:
            raise self.failure
        if self.failure is not None:
            self.notes[f"Ended early: {self.failure.what.partition(', it said')[0].rstrip('.')}."] = None
        if self.bad_teardowns:
            self.notes[f"--teardown failed {len(self.bad_teardowns)} times, first after {self.bad_teardowns[0]}."] = None
        runs = tuple(sorted(self.runs, key=lambda run: run.number))
        result = TrialResult(
            subjects=tuple(self._subject(subject) for subject in self.plan.subjects),
            runs=runs,
            hangs=tuple(hang for _, hang in self.hangs.values()),
            asked=self.plan.repeat,
            timeout_s=self.plan.timeout_s,
            jobs=self.plan.jobs,
            memory_floor_kib=self.memory_floor or None,
            widener=self.plan.widener,
            rate_before=self.plan.rate_before,
            seconds=round(time.monotonic() - self.began, 3),
            taken_at=taken_at,
            host=assemble.host(),
            tools=self._tools(),
            interrupted=len([run for run in runs if run.outcome != "stopped"]) < self.tally.asked,
        )
        return with_numbers(replace(result, notes=(*notes_on(self.plan, result), *self.notes)))

    def _jobs(self) -> Iterator[tuple[Subject, int]]:
        number = 0
        for _ in range(self.plan.repeat):
            for subject in self.plan.subjects:
                number += 1
                yield subject, number

    def _share_out(self, lanes: list[Lane]) -> None:
        jobs = self._jobs()
        busy: dict[Connection, Lane] = {}
        for lane in lanes:
            self._next(lane, jobs, busy)
        while busy and not self.stopped() and self.failure is None:
            ready = wait(list(busy), _LOOK_EVERY_S)
            for lane in [lane for connection, lane in busy.items() if connection in ready]:
                del busy[lane.connection]
                if self._take(lane):
                    self._next(lane, jobs, busy)

    def _next(self, lane: Lane, jobs: Iterator[tuple[Subject, int]], busy: dict[Connection, Lane]) -> None:
        job = next(jobs, None)
        if job is None:
            lane.dismiss()
            return
        lane.begin(*job)
        busy[lane.connection] = lane

    def _take(self, lane: Lane) -> bool:
        """Count what the lane has to say; whether it can make another run."""
        number, subject = lane.number, lane.subject
        answer = lane.take()
        if isinstance(answer, Report):
            self._count(answer)
            return True
        if isinstance(answer, Failure):
            self.failure = self.failure or answer.error
        elif number is not None and subject is not None:
            self._count(Report(TrialRun(number, subject.name, "stopped", 0.0, problem="The process that watched it was killed.")))
            self.notes["A process of hanganalyze was killed; its run does not count, and fewer ran at a time after it."] = None
            lane.number = lane.subject = None
        return False

    def _count(self, report: Report) -> None:
        run = report.run
        if run.outcome in {"hung", "moving"}:
            run = replace(run, hang=self._hang(run, report.diagnosis))
        self.runs.append(run)
        self.notes.update(dict.fromkeys(report.notes))
        if report.teardown is not None:
            # What it said stays out of the report, as all output does.
            self.bad_teardowns.append(f"run {run.number}: {report.teardown.partition(', it said')[0]}")
        self.memory_floor = max(self.memory_floor, report.memory_floor_kib)
        self.tally.done += run.outcome != "stopped"
        self.tally.outcomes[run.outcome] += 1
        self.tally.last = report
        self.tell(self.tally)

    def _hang(self, run: TrialRun, diagnosis: Diagnosis | None) -> int:
        """The number of this kind of hang, a new one where need be."""
        first = next(iter(diagnosis.findings), None) if diagnosis else None
        signature = first.signature if first else None
        fingerprint = diagnosis.fingerprint if diagnosis else None
        key = (run.outcome, signature, fingerprint, diagnosis is None)
        if key not in self.hangs:
            hang = TrialHang(
                signature=signature,
                fingerprint=fingerprint,
                certainty=first.certainty if first else None,
                status=diagnosis.status if diagnosis else None,
                title=first.title if first else "",
                example_run=run.number,
                diagnosis=diagnosis,
                problem=None if diagnosis else run.problem,
            )
            self.hangs[key] = (len(self.hangs), hang)
        return self.hangs[key][0]

    def _dissolve(self, lanes: list[Lane]) -> None:
        """End what still runs; runs that were cut short are noted as such."""
        for lane in lanes:
            if lane.number is not None and lane.subject is not None:
                lane.stop()
            lane.dismiss()
        deadline = time.monotonic() + _STOPPED_WITHIN_S
        for lane in lanes:
            lane.join(max(0.1, deadline - time.monotonic()))
            if lane.number is not None and lane.subject is not None and self.failure is None:
                self.runs.append(TrialRun(lane.number, lane.subject.name, "stopped", 0.0))
        ended = end_all()
        if ended.left:
            self.notes[f"Could not be ended: {'; '.join(ended.left)}."] = None

    def _subject(self, subject: Subject) -> TrialSubject:
        shown = self.plan.analysis.include_values
        root = None if subject.root is None else str(subject.root) if shown else subject.root.name
        return TrialSubject(subject.name, program_of(subject), subject.command if shown else None, root)

    def _tools(self) -> tuple[Tool, ...]:
        diagnoses = (hang.diagnosis for _, hang in self.hangs.values() if hang.diagnosis is not None)
        first = next(diagnoses, None)
        return first.snapshot.tools if first is not None else assemble.tools(None, None)
