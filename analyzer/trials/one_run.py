"""One run, from --setup to --teardown: start it, wait, analyse it where it does not end, end everything of it."""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from analyzer.capture.process_handle import ProcessHandle
from analyzer.capture.procfs import read_text, status_fields
from analyzer.errors import CannotAnalyse, HangAnalyzeError, ProcessGone
from analyzer.lean_dataclass import dataclass, replace
from analyzer.model import Diagnosis, Outcome, TrialRun
from analyzer.trials.ending import Ended, Used, adopt_orphans, descendants, end_all
from analyzer.trials.plan import RUN_VARIABLE, SUBJECT_VARIABLE, Plan, Subject
from analyzer.trials.tail import Tail

__all__ = ["CouldNotRun", "Report", "adopt_orphans", "run_once"]

TAIL_SHOWN = 4000
"""Characters of the output that a report takes in."""
SHELL_PATIENCE_S = 300.0
"""For --setup and --teardown, each."""
LOOK_EVERY_S = 0.1
"""How often ``Plan.stands_still`` is asked."""
_REFUSED = b"cannot be preloaded"
"""What the dynamic loader says of a library that it leaves out; it goes on without."""


class CouldNotRun(CannotAnalyse):
    """A command could not be started at all, or --setup failed: the next run would fare no better."""


@dataclass(frozen=True)
class Report:
    """What came of one run."""

    run: TrialRun
    diagnosis: Diagnosis | None = None
    tail: str = ""
    """The end of its output, for the person at the terminal."""
    notes: tuple[str, ...] = ()
    teardown: str | None = None
    """What went wrong with --teardown."""
    memory_floor_kib: int = 0
    """What wait4 says of memory is never below this: the kernel counts what the process was before its exec, a copy of us."""


@dataclass(frozen=True)
class _Finish:
    outcome: Outcome
    seconds: float
    status: int | None = None
    """As wait() gives it."""
    diagnosis: Diagnosis | None = None
    problem: str | None = None
    memory_kib: int | None = None
    """Where it was read before the end; None = what wait4 says."""


def run_once(plan: Plan, subject: Subject, number: int) -> Report:
    """Make run ``number``. Raises CouldNotRun. Nothing that it started runs afterwards, whatever is raised.

    The calling process must have called ``adopt_orphans`` and do one run at a time.
    """
    try:
        environment = {**os.environ, RUN_VARIABLE: str(number), SUBJECT_VARIABLE: subject.name}
        if plan.setup is not None and (problem := _shell(plan.setup, environment)) is not None:
            raise CouldNotRun(
                f"--setup failed before run {number}: {problem}.", next_command=f"{RUN_VARIABLE}={number} sh -c '...'"
            )
        spare = descendants()  # what --setup left running on purpose belongs to the run until --teardown has been
        report = _Attempt(plan, subject, number, environment, spare).make()
        if plan.teardown is not None and (problem := _shell(plan.teardown, environment)) is not None:
            report = replace(report, teardown=problem)
        return report
    finally:
        end_all()


def _shell(command: str, environment: dict[str, str]) -> str | None:
    """Run it in a session of its own; what went wrong, or None."""
    # A file, not a pipe: what the command leaves running may go on writing.
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=environment,
            start_new_session=True,
        )
        try:
            code = process.wait(SHELL_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.returncode = -signal.SIGKILL  # ended and collected by whoever called us
            return f"not over after {SHELL_PATIENCE_S:g} s"
        if code == 0:
            return None
        size = said.seek(0, os.SEEK_END)
        text = os.pread(said.fileno(), 300, max(0, size - 300)).decode(errors="replace").strip()
    return f"exit code {code}" + (f", it said: {text}" if text else "")


class _Attempt:
    """The command itself."""

    def __init__(
        self, plan: Plan, subject: Subject, number: int, environment: dict[str, str], spare: list[tuple[int, int]]
    ) -> None:
        self.plan, self.subject, self.number, self.spare = plan, subject, number, spare
        self.environment = environment | self._widening()
        self.tail = Tail()
        self.used = Used()
        self.pid = 0
        self.began = 0.0

    def make(self) -> Report:
        """Start, wait, analyse, end. Raises CouldNotRun."""
        ended = Ended()
        try:
            exited = self._start()
            try:
                finish = self._wait(exited)
            finally:
                exited.close()
                # A hung command gets SIGTERM first as well: it may clean up what it made. Analysed it is by now.
                ended = end_all(self.spare, used=self.used)
            self.tail.read()
            return self._report(finish, ended)
        finally:
            self.tail.close()

    def _widening(self) -> dict[str, str]:
        if self.plan.library is None:
            return {}
        from analyzer.trials.enter_root import library_inside

        library = str(self.plan.library) if self.subject.root is None else library_inside(self.plan.library)
        others = os.environ.get("LD_PRELOAD")
        return {"LD_PRELOAD": f"{library}:{others}" if others else library, "HANGANALYZE_WIDEN": self.plan.widener}

    def _start(self) -> ProcessHandle:
        """Start it in a session of its own."""
        root, library = self.subject.root, self.plan.library

        def change_root() -> None:
            from analyzer.trials.enter_root import enter

            assert root is not None
            try:
                enter(root, library)
            except OSError as error:
                os.write(2, f"{error.strerror or error}".encode())  # into the pipe: subprocess passes on no text of its own
                raise

        command = self.subject.for_run(self.number) if self.plan.numbered else self.subject.command
        self.began = time.monotonic()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self.tail.writer,
                stderr=self.tail.writer,
                env=self.environment,
                start_new_session=True,
                preexec_fn=change_root if root is not None else None,  # noqa: PLW1509 - this process has one thread
            )
        except (OSError, subprocess.SubprocessError) as error:
            where = f" in {root}" if root is not None else ""
            self.tail.read()
            why = error.strerror if isinstance(error, OSError) and error.strerror else self.tail.text or str(error)
            raise CouldNotRun(f"{command[0]} could not be started{where}: {why}.") from error
        self.tail.started()
        self.pid = process.pid
        process.returncode = 0  # collected by wait4 below, which also says what it used: Popen must not look for it
        return ProcessHandle(process.pid)

    def _wait(self, exited: ProcessHandle) -> _Finish:
        """Until it is over, or known to be hung, or the time is up."""
        deadline = self.began + self.plan.timeout_s
        poller = select.poll()
        if exited.told:
            poller.register(exited.descriptor, select.POLLIN)
        poller.register(self.tail.reader, select.POLLIN)
        look = self.plan.stands_still
        while (left := deadline - time.monotonic()) > 0:
            pause = min(left, LOOK_EVERY_S) if look is not None or not exited.told else left
            ready = [descriptor for descriptor, _ in poller.poll(max(1, round(pause * 1000)))]
            if exited.descriptor in ready or (not exited.told and exited.ended()):
                return self._over()
            if self.tail.reader in ready:
                self.tail.read()
                if self.tail.ended:
                    poller.unregister(self.tail.reader)
            if look is not None and look(self.pid):
                break
        return self._not_over(exited)

    def _over(self, problem: str | None = None) -> _Finish:
        seconds = time.monotonic() - self.began
        _, status, usage = os.wait4(self.pid, 0)
        self.used.add(usage)
        outcome: Outcome = "clean" if status == 0 else "signalled" if os.WIFSIGNALED(status) else "failed"
        return _Finish(outcome, seconds, status, problem=problem)

    def _not_over(self, exited: ProcessHandle) -> _Finish:
        """Analyse it as it stands. Hung is what stands still, or what a signature names."""
        seconds = time.monotonic() - self.began
        diagnosis = problem = None
        memory = _peak_memory()
        try:
            with self.tail.drained():
                diagnosis = self._analyse()
        except HangAnalyzeError as error:
            problem = error.what if not isinstance(error, ProcessGone) else None
        except Exception as error:  # it hung all the same, and the other runs are still to be made
            problem = f"A mistake in hanganalyze itself: {error!r}."
        if exited.ended():
            return self._over(f"It was not over after {self.plan.timeout_s:g} s, and ended while it was analysed.")
        outcome: Outcome = "moving" if diagnosis is not None and _moves(diagnosis) else "hung"
        return _Finish(outcome, seconds, diagnosis=diagnosis, problem=problem, memory_kib=memory)

    def _analyse(self) -> Diagnosis:
        from analyzer.analyse import analyse_process

        return analyse_process(self.pid, self.plan.analysis, signatures=self.plan.signatures, with_reference=False)

    def _report(self, finish: _Finish, ended: Ended) -> Report:
        status = finish.status
        over = status is not None
        bad = finish.outcome != "clean"
        tail = self.tail.text[-TAIL_SHOWN:] if bad else ""
        problem = finish.problem
        if ended.left:
            problem = " ".join(filter(None, (problem, f"Could not be ended: {'; '.join(ended.left)}.")))
        refused = self.plan.library is not None and _REFUSED.decode() in self.tail.text
        run = TrialRun(
            number=self.number,
            subject=self.subject.name,
            outcome=finish.outcome,
            seconds=round(finish.seconds, 6),
            cpu_s=round(self.used.cpu_s, 6),
            memory_kib=finish.memory_kib or self.used.memory_kib or None,
            exit_code=os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None,
            signal=os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None,
            left=ended.found if over else 0,
            output_bytes=self.tail.total,
            output_tail=tail if bad and self.plan.analysis.include_values else None,
            problem=problem,
        )
        notes = ("The widener was not loaded: the dynamic loader said so in the command's output.",) if refused else ()
        floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        diagnosis = finish.diagnosis if finish.outcome in {"hung", "moving"} else None
        return Report(run, diagnosis, tail, notes, memory_floor_kib=floor)


def _peak_memory() -> int | None:
    """KiB: the largest resident size that any process below this one has reached."""
    peaks = []
    for pid, _ in descendants():
        fields = status_fields(read_text(f"/proc/{pid}/status") or "")
        peaks.append(int(fields.get("VmHWM", "0 kB").split()[0]))
    return max(peaks, default=0) or None


def _moves(diagnosis: Diagnosis) -> bool:
    """Not over, but at work: one of its threads ran between two samples, and no signature says that it hangs all the same."""
    if diagnosis.status == "root-cause":
        return False
    threads = [thread for process in diagnosis.snapshot.processes for thread in process.threads]
    return any(thread.moved or thread.state == "R" for thread in threads)


def program_of(subject: Subject) -> str:
    """What reports call it."""
    return subject.label or Path(subject.command[0]).name
