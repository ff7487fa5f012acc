"""Whatever becomes of us, the target runs on: the side of the guard process that speaks to it.

A process forked off before anything is attached, in a session of its own, knows which processes stand still for us and which
debuggers work for us. When we die, or are stopped, it ends the debuggers and restores the targets (``guardian``). It learns of
our end from the kernel, so nothing that ends us can keep it from hearing.

Forked and not started anew: that costs 1 ms where a new interpreter costs 15, and a whole analysis is to cost little more than
gdb. What is told to it is written to a pipe before it is done, so no answer has to be waited for.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator

from analyzer.capture import guardian
from analyzer.capture.procfs import start_ticks
from analyzer.capture.restore import Target

_ENDS_WITHIN_S = 2.0


class _Guard:
    """One guard process, from ``__init__`` to ``dismiss``."""

    def __init__(self) -> None:
        reading, self._pipe = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        ward = os.getpid()
        # Whatever handlers we have set are not for the guard: no signal may arrive before it has its own.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self.pid = os.fork()
            if self.pid == 0:
                guardian.main(reading, ward)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(reading)

    def tell(self, text: str) -> None:
        """A guard that has died, or is stopped and no longer listens, must not cost the analysis anything."""
        with contextlib.suppress(OSError):
            os.write(self._pipe, f"{text}\n".encode())

    def dismiss(self) -> None:
        """It ends when it hears no more and has nothing left to see to."""
        os.close(self._pipe)
        deadline = time.monotonic() + _ENDS_WITHIN_S
        with contextlib.suppress(ChildProcessError):  # collected by somebody who collects every child
            while os.waitpid(self.pid, os.WNOHANG)[0] == 0 and time.monotonic() < deadline:
                time.sleep(0.0005)


class _Duty:
    """Who needs the guard: it is there while anybody does."""

    def __init__(self) -> None:
        self.guard: _Guard | None = None
        self._users = 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        with self._lock:
            self._users += 1
            if self.guard is None:
                # Where no process can be started any more, the analysis goes on without.
                with contextlib.suppress(OSError):
                    self.guard = _Guard()

    def end(self) -> None:
        with self._lock:
            self._users -= 1
            ended = self.guard if self._users == 0 else None
            if ended is not None:
                self.guard = None
        if ended is not None:
            ended.dismiss()

    def tell(self, text: str) -> None:
        guard = self.guard
        if guard is not None:
            guard.tell(text)


_duty = _Duty()


@contextlib.contextmanager
def on_duty() -> Iterator[None]:
    """While the block runs there is a guard; a block inside another one uses the same."""
    _duty.begin()
    try:
        yield
    finally:
        _duty.end()


def watch(target: Target) -> None:
    """To be called before ``target`` is stopped for the first time: from now on it is restored whatever happens to us."""
    target.note_state()
    _duty.tell(f"target {target.pid} {target.start_ticks} {target.state_before} {target.watched_since}")


def release(target: Target) -> None:
    """To be called when ``target`` runs again as it did."""
    _duty.tell(f"released {target.pid}")


def debugger(pid: int) -> None:
    """To be called when a gdb that leads a session of its own has been started: it is not to outlive us."""
    _duty.tell(f"debugger {pid} {start_ticks(pid)}")


def debugger_ended(pid: int) -> None:
    """To be called when it has ended."""
    _duty.tell(f"ended {pid}")
