"""Capture by attaching gdb. The target stands still from ``-target-attach`` to ``-target-detach``; only what needs that is
asked in between, in batches of one round trip each, and the answers are parsed afterwards."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Sequence

from analyzer.capture import gdb
from analyzer.capture.admission import why_not_traced
from analyzer.capture.architecture import Architecture
from analyzer.capture.early import StartedGdb, start_gdb
from analyzer.capture.questions import ask_names, ask_threads, take_names, take_threads
from analyzer.capture.restore import Target
from analyzer.capture.stacks import Stacks
from analyzer.errors import DebuggerDied, DebuggerFailed, PauseTooLong, ProcessGone

PHOTOGRAPHS = 2
"""At most so often the photograph of one process is read: again when a register has been worked out."""
_PREPARE_S = 60.0
_DETACH_S = 5.0


class Attach:
    """One gdb for one process: ``prepare`` (nothing stops), ``photograph`` (the pause), ``close`` (always)."""

    def __init__(self, target: Target, name: str, started: StartedGdb, *, max_pause: float, after: Attach | None = None) -> None:
        self.after = after
        """Another process's turn with the same gdb, which comes first."""
        self._target, self._name, self._started, self.max_pause = target, name, started, max_pause
        self.session = started.session
        """For questions about a core, which no process waits for."""
        self._attached = False
        self._refused = False
        self.released = False
        """It has looked at a process, or at a photograph of it, and let go of it: gdb is as it was prepared."""
        self.version: str | None = None
        """gdb's own, once it is prepared."""

    @property
    def may_take_turns(self) -> bool:
        """Whether gdb is free and as it was prepared: nobody was before us, or the one before us let go."""
        return self.after is None or self.after.released

    @property
    def may_read_photographs(self) -> bool:
        """Whether it can be given as many files as one process may need: a gdb of another user has got its files beforehand."""
        return self._started.user is None or len(self.session.scratch) >= PHOTOGRAPHS

    @property
    def turn(self) -> int:
        """Its place in the row of those that share a gdb, from 0."""
        return 0 if self.after is None else self.after.turn + 1

    def then(self, target: Target, name: str) -> Attach:
        """The next turn with the same gdb, for a process that is ``alike``."""
        return Attach(target, name, self._started, max_pause=self.max_pause, after=self)

    def on_its_own(self) -> Attach:
        """The same with a gdb of its own, prepared; itself where it has one. Raises as ``start_gdb`` and ``prepare``."""
        if self.after is None:
            return self
        started = start_gdb(self._target.pid, self._started.path)
        own = Attach(self._target, self._name, started, max_pause=self.max_pause)
        own.prepare()
        return own

    @property
    def note(self) -> str | None:
        """What is to be said about the rights that gdb had."""
        return self._started.note

    @property
    def refused(self) -> bool:
        """gdb may not attach, and has less rights than we."""
        return self._refused and self._started.user is not None

    def with_our_rights(self) -> Attach:
        """The same with a gdb of its own that may do what we may, prepared. Raises as ``on_its_own``."""
        started = start_gdb(self._target.pid, self._started.path, with_our_rights=True)
        own = Attach(self._target, self._name, started, max_pause=self.max_pause)
        own.prepare()
        return own

    def prepare(self) -> None:
        """Wait until gdb has loaded what it can load while the target still runs: its executable's symbols."""
        if self.after is not None:
            self.version = self.after.version
            return
        deadline = time.monotonic() + _PREPARE_S
        answers = [self.session.wait(token, deadline, "loading symbols") for token in self._started.tokens]
        match = re.search(rb"GNU gdb.*?(\d+\.\d+(?:\.\d+)?)(?:-\S*)?\\n", answers[0].console)
        self.version = match.group(1).decode() if match else None
        if self.version is not None:
            gdb.check_version(self._started.path, self.version)

    def photograph(self, architecture: Architecture | None, first: Sequence[int], addresses: Sequence[int]) -> Stacks:
        """Stop the process, list every thread's frames, let it go. Parsed after it runs again.

        ``first`` are the thread ids that matter most: asked first, in case the pause runs out. ``addresses`` are to be
        named. Raises PauseTooLong, DebuggerDied, DebuggerFailed, ProcessGone.
        """
        stacks = Stacks(debugger_version=self.version)
        began = time.monotonic()
        limit = began + self.max_pause
        try:
            self._attach(limit)
            raw = ask_threads(self.session, architecture, first, limit, stacks)
            named = ask_names(self.session, addresses, limit)
        except DebuggerFailed as error:
            if time.monotonic() >= limit:
                raise PauseTooLong(self._target.pid, self.max_pause, self._name) from error
            raise
        finally:
            self._detach()
        self.released = True
        stacks.stopped_ms = round((time.monotonic() - began) * 1000, 1)
        take_names(named, addresses, stacks)
        take_threads(raw, architecture, stacks)
        return stacks

    def _attach(self, limit: float) -> None:
        self._attached = True
        self._check_pid("it ended before gdb could attach")
        answer = self.session.ask(f"-target-attach {self._target.pid}", limit, "attaching")
        if answer.failed:
            self._attached = False
            message = answer.message()
            if "No such process" in message or "no such process" in message:
                raise ProcessGone(self._target.pid, "it ended before gdb could attach")
            self._refused = "not permitted" in message.lower() or "permission denied" in message.lower()
            if self._refused and self._started.user is None:
                raise why_not_traced(self._target.pid)
            raise DebuggerFailed(f"gdb could not attach to process {self._target.pid}: {message}")
        self.session.wait_stopped(limit)
        # gdb knows it by its number only: what it holds now is the process that we mean if that has not ended by now.
        self._check_pid("it ended while gdb attached")

    def let_go_of_photograph(self) -> None:
        """After a core was read: gdb becomes as it was prepared, for whoever has the next turn. Raises nothing."""
        with contextlib.suppress(DebuggerDied, DebuggerFailed):
            # Refused where no core was opened, which is as good.
            self.session.ask("-target-detach", time.monotonic() + _DETACH_S, "letting go of the photograph")
            self.released = True

    def _check_pid(self, otherwise: str) -> None:
        if not self._target.still_there():
            raise ProcessGone(self._target.pid, otherwise)

    def _detach(self) -> None:
        """Whatever happened: the target must go on. A gdb that does not let go is killed; the kernel then releases."""
        if not self._attached:
            return
        try:
            self.session.ask("-target-detach", time.monotonic() + _DETACH_S, "detaching")
        except (DebuggerDied, DebuggerFailed):
            self.session.kill()
        self._attached = False

    def interrupt(self) -> None:
        """Have gdb let go and end, from another thread: whoever waits for its answers gets DebuggerDied."""
        self.session.dismiss()

    def abort(self) -> None:
        """End gdb at once, from another thread: whoever waits for its answers gets DebuggerDied."""
        self.session.abort()

    def dismiss(self) -> None:
        """Tell gdb to end and do not wait for it: ``close`` does that, later."""
        self.session.dismiss()

    def close(self) -> None:
        """End gdb; never raises."""
        with contextlib.suppress(Exception):
            self._started.close()
