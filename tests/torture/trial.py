"""One analysis: start it, strike, wait until nothing of it is left, look at the target."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from tests.targets import procs
from tests.torture.plan import Plan
from tests.torture.subject import PATIENCE_S, Subject, wait_for

_MARK = "HANGANALYZE_TORTURE"
_ENDS_WITHIN_S = 60.0


@dataclass
class Outcome:
    """What came of one analysis."""

    plan: Plan
    problems: list[str] = field(default_factory=list)
    struck: bool = False
    """The victim was there; some analyses are over before."""
    traced: bool = False
    """The target was traced at that moment."""
    free_after_s: float | None = None
    """From the blow until no thread of the target stood still, where one did."""
    seconds: float = 0.0
    """How long an analysis took that nothing was done to."""


def make(plan: Plan, subject: Subject, typical_s: float) -> Outcome:
    """Make one analysis of ``subject``. The harness must adopt orphans while it lasts."""
    outcome = Outcome(plan)
    stopped = plan.condition == "stopped"
    subject.prepare(stopped=stopped)
    mark = uuid.uuid4().hex
    with tempfile.TemporaryDirectory(prefix="torture-out-") as folder:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "analyzer", str(subject.pid), "--capture", plan.mode, "--no-reference", "--format", "text",
             "-o", f"{folder}/report.txt"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, _MARK: mark}, start_new_session=True,
        )  # fmt: skip
        try:
            _Strike(plan, subject, process, outcome, typical_s).run(began)
            try:
                said = process.communicate(timeout=_ENDS_WITHIN_S)[1]
            except subprocess.TimeoutExpired:
                outcome.problems.append(f"it did not end within {_ENDS_WITHIN_S:g} s: {_what_is_left(mark, process.pid)}")
                process.kill()
                said = b""
            outcome.seconds = time.monotonic() - began
            # Python's own word where SIGINT comes before our handlers are there: nothing has been touched by then.
            early = said.rstrip().endswith(b"KeyboardInterrupt")
            if b"mistake in hanganalyze" in said or (b"Traceback" in said and not early):
                outcome.problems.append(f"it said: {said.decode(errors='replace')[-600:]}")
            if plan.blow == "none" and plan.condition != "exits" and process.returncode not in {0, 1}:
                outcome.problems.append(f"it failed: {said.decode(errors='replace')[-300:]}")
            _until_nothing_is_left(mark, process.pid, outcome)
        finally:
            process.kill()
            process.communicate()
            for pid in _left(mark, process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if odd := [name for name in os.listdir(folder) if name != "report.txt" and "KILL" not in plan.blow]:
            outcome.problems.append(f"files left where the report goes: {odd}")
    if plan.condition == "exits":
        wait_for(lambda: subject.exit_status() is not None, "it exits")
        if subject.exit_status() != 0:
            outcome.problems.append(f"it did not exit by itself: {subject.exit_status()}")
        return outcome
    if plan.condition == "execs":
        with contextlib.suppress(Exception):
            subject.read_ready_again()
    outcome.problems += subject.changes(stopped=stopped)
    return outcome


class _Strike:
    def __init__(
        self, plan: Plan, subject: Subject, process: subprocess.Popen[bytes], outcome: Outcome, typical_s: float
    ) -> None:
        self._plan, self._subject, self._process, self._outcome = plan, subject, process, outcome
        self._typical_s = typical_s
        self._signals = plan.signals

    def run(self, began: float) -> None:
        """The whole of it; returns when nothing more is to be done to the analysis."""
        plan, subject = self._plan, self._subject
        acts = {"exits": "q", "execs": "x", "forks": "f"}.get(plan.condition)
        if acts == "f":
            subject.tell("f")
        self._wait_for_moment(began)
        self._send_signal()
        if acts in {"q", "x"} and plan.lead_s >= 0:
            subject.tell(str(acts))
            time.sleep(plan.lead_s)
        self._outcome.traced = subject.traced()
        stood = subject.stands_still() and plan.condition != "stopped"
        struck = time.monotonic()
        victims = self._victims()
        first = plan.blow.partition(",")[0]
        if plan.blow != "none":
            self._outcome.struck = bool(victims)
            self._send(victims, first)
        if acts in {"q", "x"} and plan.lead_s < 0:
            time.sleep(-plan.lead_s)
            subject.tell(str(acts))
        if stood and (plan.blow == "KILL" or first == "STOP"):
            self._watch_freedom(struck)
        self._send_signal()
        if first == "STOP":
            time.sleep(max(0.0, struck + plan.stop_s - time.monotonic()))
            self._send(victims, plan.blow.rpartition(" ")[2])
        for _ in range(self._signals):
            self._send_signal()

    def _wait_for_moment(self, began: float) -> None:
        plan = self._plan
        deadline = began + (_ENDS_WITHIN_S if plan.when_traced else plan.share * self._typical_s)
        while self._process.poll() is None and time.monotonic() < deadline:
            if plan.when_traced and self._subject.traced():
                time.sleep(plan.delay_s)
                return
            time.sleep(0.001)

    def _victims(self) -> list[int]:
        """The pids to be struck; a gdb is waited for a little, as it may not have been started yet."""
        if self._plan.victim == "hanganalyze":
            return [self._process.pid] if self._process.poll() is None else []
        gdbs: list[int] = []
        with contextlib.suppress(TimeoutError):
            wait_for(lambda: _gdbs(self._process.pid) or self._process.poll() is not None, "gdb", 5.0)
            gdbs = _gdbs(self._process.pid)
        return [*([self._process.pid] if self._plan.victim == "both" else []), *gdbs]

    def _send(self, pids: list[int], name: str) -> None:
        number = signal.Signals[f"SIG{name}"]
        for pid in pids:
            # gdb is a child of the analysis, or ours by adoption: its number is not given away before we collect it.
            with contextlib.suppress(ProcessLookupError):
                if pid == self._process.pid:
                    self._process.send_signal(number)
                elif procs.stat_of(pid):
                    os.kill(pid, number)

    def _send_signal(self) -> None:
        if self._signals and self._subject.exit_status() is None:
            self._signals -= 1
            if self._plan.condition != "exits":
                self._subject.queue_signal()

    def _watch_freedom(self, struck: float) -> None:
        with contextlib.suppress(TimeoutError):
            wait_for(lambda: not self._subject.stands_still(), "free", PATIENCE_S)
            self._outcome.free_after_s = time.monotonic() - struck
            return
        self._outcome.problems.append(f"it stood still for {PATIENCE_S:g} s")


def _gdbs(pid: int) -> list[int]:
    try:
        found = [int(word) for tid in procs.threads_of(pid) for word in _children(pid, tid)]
        return [child for child in found if Path(f"/proc/{child}/comm").read_text() == "gdb\n"]
    except OSError:
        return []


def _children(pid: int, tid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{tid}/children").read_text().split()
    except OSError:
        return []


def _left(mark: str, session: int) -> list[int]:
    """What still belongs to an analysis: by its mark, by its session, or by having become our child. Zombies are collected."""
    found = []
    for entry in procs.PROC.iterdir():
        if not entry.name.isdecimal():
            continue
        stat = procs.stat_of(int(entry.name))
        if not stat or stat[0] in "ZX":
            if stat and int(stat[1]) == os.getpid() and int(entry.name) != session and _is_ours(entry):
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(int(entry.name), os.WNOHANG)
            continue
        try:
            marked = f"{_MARK}={mark}".encode() in (entry / "environ").read_bytes()
            adopted = int(stat[1]) == os.getpid() and _is_ours(entry)
        except OSError:
            continue
        if marked or adopted or int(stat[3]) == session:
            found.append(int(entry.name))
    return found


def _what_is_left(mark: str, session: int) -> str:
    """What still runs, and what each thread of it waits in."""
    told = []
    for pid in _left(mark, session):
        name = (procs.PROC / str(pid) / "comm").read_text().strip()
        calls = [(procs.PROC / str(pid) / f"task/{tid}/syscall").read_text().split()[0] for tid in procs.threads_of(pid)]
        told.append(f"{pid} {name} {procs.stat_of(pid)[:2]} in system calls {' '.join(calls)}")
    return "; ".join(told)


def _is_ours(entry: Path) -> bool:
    try:
        return (entry / "comm").read_text() in {"gdb\n", "target-guard\n"}
    except OSError:
        return False


def _until_nothing_is_left(mark: str, session: int, outcome: Outcome) -> None:
    try:
        wait_for(lambda: not _left(mark, session), "left")
    except TimeoutError:
        for pid in _left(mark, session):
            stat = procs.stat_of(pid)
            name = (procs.PROC / str(pid) / "comm").read_text().strip()
            outcome.problems.append(f"left running: {pid} {name} {stat[:1]}")
