"""The target goes on as it was: checked after every capture, mended where a debugger left it otherwise."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from analyzer.capture.process_handle import ProcessHandle
from analyzer.capture.procfs import children, process_state, read_text, start_ticks, status_fields, thread_ids
from analyzer.errors import NoSuchProcess

_WAIT_FOR_TRACER_S = 10.0
_POLL_S = 0.002
_QUIET_FOR_S, _RUNNABLE_FOR_S = 0.3, 1.5
"""No stop for this long, or for this long while threads are runnable (they may just be busy), means that none is to come."""
_MOST_STOPS = 20_000
"""Somebody else keeps stopping it."""
_SETTLES_WITHIN_S = 0.2


def _now_ticks() -> int:
    """Now as processes' start times are counted."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK")) - 1


class Target:
    """The process that is analysed, held so that its pid cannot come to mean another process.

    ``began``: its start time in clock ticks, where it was seen before; another process that has its pid now is NoSuchProcess.
    """

    def __init__(self, pid: int, began: int | None = None, state_before: str | None = None) -> None:
        self.pid = pid
        try:
            self._handle = ProcessHandle(pid)
        except ProcessLookupError as error:
            raise NoSuchProcess(pid) from error
        # Asked after it was held: both speak of the same process.
        found = start_ticks(pid)
        if found is None or (began is not None and found != began):
            self.close()
            raise NoSuchProcess(pid)
        self.start_ticks = found
        self.state_before = state_before or process_state(pid)
        self.watched_since = _now_ticks()

    def note_state(self) -> None:
        """Its state now is the one that it is to have afterwards."""
        self.state_before = process_state(self.pid)
        self.watched_since = _now_ticks()

    def still_there(self) -> bool:
        """Whether its pid still means this process: it has not ended."""
        return not self._handle.ended()

    def close(self) -> None:
        """Let go of it; again is harmless."""
        self._handle.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            self._handle.send(number)

    def restore(self, *, died: bool = False) -> list[str]:
        """Wait until no tracer is left, then undo a stop that was not there before (or set again one that was).

        gdb killed in the middle of an attach has left threads stopped, or about to stop; gdb detaching from a stopped
        process has let it run. ``died``: the debugger did not end by itself. Returns what had to be done, in words.
        """
        deadline = time.monotonic() + _WAIT_FOR_TRACER_S
        while "t" in (states := self._thread_states()) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        if self.state_before == "T":
            return self._stop_again(states)
        continued = self._continue_until_quiet() if died or "T" in states else 0
        return ["the debugger had left it stopped; it was continued (SIGCONT)"] if continued else []

    def _stop_again(self, states: set[str]) -> list[str]:
        if not states or "T" in states:
            return []
        self._signal(signal.SIGSTOP)
        return ["it was stopped before, and the debugger let it run; it was stopped again (SIGSTOP)"]

    def _continue_until_quiet(self) -> int:
        """Continue the process as often as it stops, until nothing has stopped it for a while. Returns how often.

        An attach sends every thread a SIGSTOP of its own. When the debugger dies, each thread takes the one that it was held at
        as soon as it gets to run, and stops the whole process: once more after every SIGCONT, until all have had theirs. A
        thread that has yet to take it shows as runnable, with nothing pending.
        """
        continued = 0
        last_stop = time.monotonic()
        while True:
            states = self._thread_states()
            now = time.monotonic()
            if "T" in states:
                self._signal(signal.SIGCONT)
            if "T" in states or self._continue_children():
                continued += 1
                last_stop = now
            elif now - last_stop > (_RUNNABLE_FOR_S if "R" in states else _QUIET_FOR_S) or continued > _MOST_STOPS:
                return continued
            time.sleep(_POLL_S)

    def _continue_children(self) -> bool:
        """A child that is born while gdb traces its parent begins with a SIGSTOP, which gdb takes away; nobody does where gdb has
        died. Whether any was continued."""
        found = False
        with contextlib.suppress(NoSuchProcess):
            for pid in children(self.pid):
                if process_state(pid) == "T" and (start_ticks(pid) or 0) >= self.watched_since:
                    with contextlib.suppress(NoSuchProcess), contextlib.closing(Target(pid)) as child:
                        if child.start_ticks >= self.watched_since:
                            child._signal(signal.SIGCONT)
                            found = True
        return found

    def settled_state(self) -> str | None:
        """The process's state once it has gone back to what it was doing: letting go wakes every thread for a moment."""
        deadline = time.monotonic() + _SETTLES_WITHIN_S
        while (state := process_state(self.pid)) == "R" and self.state_before != "R" and time.monotonic() < deadline:
            time.sleep(0.001)
        return state

    def _thread_states(self) -> set[str]:
        try:
            tids = thread_ids(self.pid)
        except NoSuchProcess:
            return set()
        states = set()
        for tid in tids:
            text = read_text(f"/proc/{self.pid}/task/{tid}/status")
            if text is not None:
                fields = status_fields(text)
                # An attach sends SIGSTOP; one that is still to arrive is a stop all the same.
                pending = int(fields.get("SigPnd", "0"), 16) >> (signal.SIGSTOP - 1) & 1
                traced = fields.get("TracerPid", "0") != "0"
                states.add("t" if traced else "T" if pending else fields.get("State", "?")[:1])
        return states
