"""The target of an analysis, and everything about it that must be as it was."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests import targets
from tests.targets import procs

PATIENCE_S = 15.0
_STILL_S = 0.06
_KEPT = ("SigBlk", "SigIgn", "SigCgt", "Seccomp", "NoNewPrivs", "Uid", "Gid")


@contextlib.contextmanager
def subject(threads: int) -> Iterator[Subject]:
    """A target with so many threads, in a folder of its own; ended with the block."""
    with tempfile.TemporaryDirectory(prefix="torture-") as folder, targets.running("tortured", threads, cwd=folder) as target:
        yield Subject(target, threads)


@dataclass
class Subject:
    """One target, used for several analyses as long as it lives."""

    target: targets.Target
    threads: int
    sent: int = 0
    forking: bool = False
    settings: dict[str, str] = field(default_factory=dict)
    root: frozenset[str] = frozenset()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.target.pid

    def prepare(self, *, stopped: bool) -> None:
        """Note what it is like now; stop it where it is to be stopped before."""
        self.settings = self._settings()
        self.root = frozenset(os.listdir(f"/proc/{self.pid}/root"))
        if stopped:
            os.kill(self.pid, signal.SIGSTOP)
            wait_for(lambda: self.states() <= {"T"}, "it stops when told")

    def tell(self, letter: str) -> None:
        """See the head of tortured.c."""
        stream = self.target._process.stdin
        assert stream is not None
        stream.write(letter.encode())
        stream.flush()
        self.forking = letter == "f" or (self.forking and letter != "s")

    def queue_signal(self) -> None:
        """One that it counts."""
        os.kill(self.pid, signal.SIGRTMIN)
        self.sent += 1

    def states(self) -> set[str]:
        """Of all threads: t for a traced one."""
        found = set()
        for tid in procs.threads_of(self.pid):
            status = _status(self.pid, tid)
            if status:
                found.add("t" if status["TracerPid"] != "0" else status["State"][0])
        return found

    def traced(self) -> bool:
        """Somebody traces its main thread."""
        return _status(self.pid, self.pid).get("TracerPid", "0") != "0"

    def stands_still(self) -> bool:
        """A thread of it is stopped or traced."""
        return bool(self.states() & {"t", "T"})

    def exit_status(self) -> int | None:
        """Once it has ended."""
        return self.target._process.poll()

    def changes(self, *, stopped: bool) -> list[str]:
        """What is not as it was; continues it where it was stopped before. Takes its time, for what is yet to happen."""
        wanted = {"T"} if stopped else set("SRDZ")
        with contextlib.suppress(TimeoutError):
            wait_for(lambda: self.states() <= wanted, "its state")
            time.sleep(_STILL_S)  # nothing can be waited for that must not happen
        found = []
        if self.target._process.poll() is not None:
            return [f"it is dead ({self.target._process.returncode})"]
        if not (states := self.states()) <= wanted:
            found.append(f"its threads are {''.join(sorted(states))} and not {''.join(sorted(wanted))}")
        if stopped:
            os.kill(self.pid, signal.SIGCONT)
        if self.forking:
            before = self._ask(found)
            if before:
                deadline = time.monotonic() + PATIENCE_S
                while (after := self._ask(found)) and after["forked"] == before["forked"]:
                    if time.monotonic() > deadline:
                        found.append("a child of it does not end")
                        break
            self.tell("s")
        answer = self._ask(found)
        deadline = time.monotonic() + PATIENCE_S
        while answer and answer["received"] != self.sent and time.monotonic() < deadline:
            answer = self._ask(found)
        if answer and answer["received"] != self.sent:
            found.append(f"of {self.sent} signals it received {answer['received']}")
        if answer and answer["constant"] != 1:
            found.append("its memory was written")
        if (settings := self._settings()) != self.settings:
            found.append(f"its settings were {self.settings} and are {settings}")
        found += [f"its code was written: {path}" for path in self._changed_code()]
        if left := os.listdir(f"/proc/{self.pid}/cwd"):
            found.append(f"files in its folder: {left}")
        if left := [name for name in frozenset(os.listdir(f"/proc/{self.pid}/root")) - self.root if "torture" not in name]:
            found.append(f"files in its root: {left}")
        return found

    def _ask(self, found: list[str]) -> dict[str, int]:
        try:
            return self.target.ask(PATIENCE_S)
        except targets.NotReadyError as error:
            found.append(f"it does not answer ({error}); {self.states()}")
            return {}

    def read_ready_again(self) -> None:
        """After an exec it says that it is ready once more."""
        from tests.targets.harness import _read_line

        _read_line(self.target._process, time.monotonic() + PATIENCE_S)

    def _settings(self) -> dict[str, str]:
        status = _status(self.pid, self.pid)
        return {name: status.get(name, "") for name in _KEPT}

    def _changed_code(self) -> Iterator[str]:
        """Mapped code that differs from its file: a breakpoint would."""
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
            for line in Path(f"/proc/{self.pid}/maps").read_text().splitlines():
                fields = line.split(None, 5)
                if len(fields) < 6 or "x" not in fields[1] or not fields[5].startswith("/"):
                    continue
                start, end = (int(part, 16) for part in fields[0].split("-"))
                with open(fields[5], "rb") as file:
                    file.seek(int(fields[2], 16))
                    wanted = file.read(end - start)
                memory.seek(start)
                if memory.read(len(wanted)) != wanted:
                    yield fields[5]


def _status(pid: int, tid: int) -> dict[str, str]:
    try:
        text = Path(f"/proc/{pid}/task/{tid}/status").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def wait_for(condition: object, what: str, seconds: float = PATIENCE_S) -> None:
    """Until ``condition()``; a TimeoutError otherwise."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.002)
