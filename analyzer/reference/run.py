"""Run the reference loader, watch it, and leave nothing of it behind."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import time
from typing import IO, TYPE_CHECKING

from analyzer.errors import LoaderFailed
from analyzer.lean_dataclass import dataclass
from analyzer.reference.options import Fix, LoaderOptions, Widen
from analyzer.reference.standstill import LockWait, Standstill
from analyzer.reference.status import STEPS, Status
from analyzer.reference.workplace import Workplace

if TYPE_CHECKING:
    from types import TracebackType

__all__ = [
    "STEPS",
    "Fix",
    "LoadResult",
    "LoaderOptions",
    "RunningLoader",
    "Widen",
    "run_once",
    "run_until_hung",
    "start",
]

SAMPLE_EVERY = 0.02
END_WITHIN = 10.0
"""Seconds that the kernel gets to end all processes once their lifeline is cut; it needs milliseconds."""

MAY_HANG = ("child", "pause-maker")
"""Processes made without exec since the raw clone. The loader's own idle threads wait in futexes on purpose."""


@dataclass(frozen=True)
class LoadResult:
    """How a run came out."""

    outcome: str
    """exited, hung, held or timeout."""
    exit_code: int | None
    """None unless it exited by itself."""
    tags: tuple[str, ...]
    """What was loaded, as printed."""
    stderr: str
    status: Status
    lock_wait: LockWait | None
    """The wait of the hung process."""


class RunningLoader:
    """A loader that was started; a context manager, at whose end nothing of it is left."""

    def __init__(self, options: LoaderOptions) -> None:
        self.options = options
        self.status = Status()
        self.lock_wait: LockWait | None = None
        self._watched: dict[int, Standstill] = {}
        self._unread = b""
        self._all_ended = False
        self._workplace = Workplace(options)  # first: it may raise, and everything after it must be given back
        # Files, not pipes: nobody need read them while the loader runs, and it never waits for a reader.
        self._stdout: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._printed = self._complained = ""
        self._status_fd, status_writer = os.pipe()
        lifeline_reader, lifeline = os.pipe()
        self._lifeline: int | None = lifeline
        try:
            self._process = subprocess.Popen(
                self._workplace.command(status_writer, lifeline_reader),
                stdin=subprocess.DEVNULL,
                stdout=self._stdout,
                stderr=self._stderr,
                pass_fds=(status_writer, lifeline_reader),
                **self._workplace.credentials(),
            )
        except OSError as error:
            self._forget_everything()
            raise LoaderFailed(f"it could not be started: {error}") from error
        finally:
            os.close(status_writer)
            os.close(lifeline_reader)

    @property
    def pid(self) -> int:
        """The loader: what the user sees hanging."""
        return self.status.processes.get("loader", self._process.pid)

    @property
    def child_pid(self) -> int | None:
        """The raw-clone child, once it has spoken."""
        return self.status.processes.get("child")

    @property
    def exit_code(self) -> int | None:
        """Negative: ended by that signal. None: still running."""
        return self._process.poll()

    def wait_until(self, what: str, within: float) -> str:
        """Wait at most WITHIN seconds for a step's name, ``held``, ``hung`` or ``exited``.

        Returns what came first: WHAT, or one of the four ends ``held``, ``hung``, ``exited``, ``timeout``.
        """
        deadline = time.monotonic() + within
        while True:
            exited = self.exit_code is not None  # asked first: all lines of an ended loader can be read afterwards
            self._read_status(0 if exited else SAMPLE_EVERY)
            if what in self.status.steps:
                return what
            if exited:
                return "exited"
            if self.status.held is not None:
                return "held"
            if self._look_for_standstill():
                return "hung"
            if time.monotonic() >= deadline:
                return "timeout"

    def result(self, outcome: str) -> LoadResult:
        """What this run came to, so far."""
        self._read_output()
        prefix = "Loaded image: "
        return LoadResult(
            outcome=outcome,
            exit_code=self.exit_code,
            tags=tuple(line.removeprefix(prefix) for line in self._printed.splitlines() if line.startswith(prefix)),
            stderr=self._complained,
            status=self.status,
            lock_wait=self.lock_wait,
        )

    def end(self) -> None:
        """End every process of this run and wait until all are gone. Raises LoaderFailed when one is not."""
        if self._lifeline is None:
            return
        os.close(self._lifeline)  # the kernel kills the loader, and so its child, its pause process ...
        self._lifeline = None
        self._process.kill()
        self._process.wait()
        deadline = time.monotonic() + END_WITHIN
        while not self._all_ended and time.monotonic() < deadline:
            self._read_status(SAMPLE_EVERY)
        left = "" if self._all_ended else ", ".join(f"{name} {pid}" for name, pid in self.status.processes.items())
        self._forget_everything()
        if left:
            raise LoaderFailed(f"not all of its processes ended: one or more of {left}")

    def __enter__(self) -> RunningLoader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.end()

    def _read_status(self, timeout: float) -> None:
        """Take what was announced. End of file: every process of the loader is gone, as each holds the other end."""
        while not self._all_ended and select.select([self._status_fd], [], [], timeout)[0]:
            timeout = 0
            read = os.read(self._status_fd, 65536)
            self._all_ended = not read
            *lines, self._unread = (self._unread + read).split(b"\n")
            for line in lines:
                self.status.take(line.decode(errors="replace"))

    def _look_for_standstill(self) -> bool:
        for name in MAY_HANG:
            pid = self.status.processes.get(name)
            if pid is not None and self.lock_wait is None:
                self.lock_wait = self._watched.setdefault(pid, Standstill(pid)).look()
        return self.lock_wait is not None

    def _read_output(self) -> None:
        if not self._stdout.closed:
            self._printed, self._complained = _content(self._stdout), _content(self._stderr)

    def _forget_everything(self) -> None:
        self._read_output()
        self._stdout.close()
        self._stderr.close()
        os.close(self._status_fd)
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        self._workplace.remove()


def start(options: LoaderOptions) -> RunningLoader:
    """Start the loader, built first where need be. Use it in a ``with``.

    Raises CompilerMissing, BuildFailed, LoaderFailed.
    """
    return RunningLoader(options)


def run_once(options: LoaderOptions, within: float = 60.0) -> LoadResult:
    """One whole run of at most WITHIN seconds, ended whatever came of it. Raises as ``start``."""
    with start(options) as loader:
        return loader.result(loader.wait_until("exited", within))


def run_until_hung(options: LoaderOptions, tries: int, within: float) -> RunningLoader:
    """Run again and again until a run hangs; that one is returned, still hung. Use it in a ``with``.

    At most TRIES runs and WITHIN seconds in all. Raises LoaderFailed when none hung, and as ``start``.
    """
    deadline = time.monotonic() + within
    made = 0
    outcome = "not run"
    while made < tries and (left := deadline - time.monotonic()) > 0:
        made += 1
        loader = start(options)
        try:
            outcome = loader.wait_until("exited", left)
        except BaseException:
            loader.end()
            raise
        if outcome == "hung":
            return loader
        loader.end()
    raise LoaderFailed(f"none of {made} runs hung (the last one: {outcome})")


def _content(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), 1 << 20, 0).decode(errors="replace")
