"""The guard process itself: see ``guard``. It imports nothing after the fork, writes nothing, and always ends.

It sees to three things. Its ward (the process that analyses) has died: the debuggers are ended and the targets restored. Its
ward has been stopped (SIGSTOP, ^Z) while a target stands still for it: the target is let go at once. A debugger has been
stopped: it is continued, for it holds the target.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import time
from typing import NoReturn

from analyzer.capture.process_handle import ProcessHandle
from analyzer.capture.procfs import process_state, read_text, start_ticks, stat_fields, status_fields, thread_ids
from analyzer.capture.restore import Target
from analyzer.errors import NoSuchProcess
from analyzer.lean_dataclass import dataclass, field

_NAME = "target-guard"
"""Not the ward's: whoever ends that by its name (killall, pkill -f) means the analysis, not what cleans up after it."""
_LOOK_EVERY_S = 0.05
_STOPPED_LOOKS = 2
"""A ward or debugger that is seen stopped so often in a row is taken for stopped: 50 to 100 ms."""
_DETACHES_WITHIN_S = 0.35
"""gdb detaches by itself at the end of its input; a long list of questions may keep it from getting there."""
_ENDS_FOR_CERTAIN_S = 30
_LET_GO_WITHIN_S = 1.0
_LARGEST_READ = 1 << 16
_DEAF_TO = (
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
)  # fmt: skip


@dataclass
class Held:
    """A process that is held, and when it began."""

    pid: int
    start_ticks: int
    handle: ProcessHandle
    stopped_looks: int = 0

    def ended(self) -> bool:
        """It has ended, collected or not."""
        return self.handle.ended()

    def send(self, number: signal.Signals) -> None:
        """Never to another process that got its pid."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            self.handle.send(number)

    def looks_stopped(self) -> bool:
        """Whether it was seen stopped several times in a row."""
        self.stopped_looks = self.stopped_looks + 1 if process_state(self.pid) == "T" else 0
        return self.stopped_looks >= _STOPPED_LOOKS


def hold(pid: int, began: int | None) -> Held | None:
    """The process that began at ``began``; None where it is gone."""
    try:
        handle = ProcessHandle(pid)
    except OSError:
        return None
    # Asked after it was held: what is held is the process that had the pid then.
    if began is not None and start_ticks(pid) == began:
        return Held(pid, began, handle)
    handle.close()
    return None


def main(pipe: int, ward: int) -> NoReturn:
    """The guard's whole life; to be called in a child that has just been forked, with all signals blocked. Never returns."""
    try:
        gc.disable()
        _settle(pipe)
        held = hold(ward, start_ticks(ward))
        # A ward that ended before we came this far has left us what it said all the same.
        _Guard(pipe, held if os.getppid() == ward else None).stand()
    finally:
        os._exit(0)


def _settle(pipe: int) -> None:
    """Nothing of the ward's stays here: not its terminal, its signals' handlers, its files, its folder or its name."""
    with contextlib.suppress(OSError):
        os.setsid()
    for deaf_to in _DEAF_TO:
        signal.signal(deaf_to, signal.SIG_IGN)
    for usual in (signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD):
        signal.signal(usual, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.chdir("/")
    for name in os.listdir("/proc/self/fd"):
        if int(name) != pipe:
            with contextlib.suppress(OSError):
                os.close(int(name))
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        if number not in (null, pipe):
            os.dup2(null, number)
    _rename()


def _rename() -> None:
    """Its name and its command line, which lies on its own stack; both only matter to people and to killall."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        with open("/proc/self/comm", "w") as file:
            file.write(_NAME)
        stat = stat_fields(read_text("/proc/self/stat") or "")
        first, end = int(stat[45]), int(stat[46])
        with open("/proc/self/mem", "r+b", buffering=0) as memory:
            memory.seek(first)
            memory.write(_NAME.encode()[: end - first - 1].ljust(end - first, b"\0"))


@dataclass
class _Guard:
    pipe: int
    ward: Held | None
    """None: it had ended before it could be held."""
    targets: dict[int, Target] = field(default_factory=dict)
    debuggers: dict[int, Held] = field(default_factory=dict)
    _unread: bytes = b""

    def stand(self) -> None:
        """Until the ward has ended or dismisses us."""
        poller = select.poll()
        poller.register(self.pipe, select.POLLIN)
        if self.ward is not None and self.ward.handle.told:
            poller.register(self.ward.handle.descriptor, select.POLLIN)
        while True:
            if self.ward is not None:
                poller.poll(_LOOK_EVERY_S * 1000 if self.targets else None)
            # The ward first: what it said before it died is in the pipe by then.
            over = self._ward_ended()
            if self._listen() or over:
                break
            if self.targets and self.ward is not None:
                self._look_around(self.ward)
        # The pipe of a ward that is killed closes a moment before the ward has ended.
        if self.targets or self.debuggers or self._ward_ended():
            self._last_duty()

    def _ward_ended(self) -> bool:
        return self.ward is None or self.ward.ended()

    def _listen(self) -> bool:
        """Take in what the ward has said; whether it has said its last word."""
        while True:
            try:
                data = os.read(self.pipe, _LARGEST_READ)
            except BlockingIOError:
                return False
            *lines, self._unread = (self._unread + data).split(b"\n")
            for line in lines:
                self._take(line.decode().split())
            if not data:
                return True

    def _take(self, words: list[str]) -> None:
        kind, pid = words[0], int(words[1])
        if kind == "target":
            with contextlib.suppress(NoSuchProcess):
                self.targets[pid] = Target(pid, int(words[2]), words[3])
                self.targets[pid].watched_since = int(words[4])
        elif kind == "released" and pid in self.targets:
            self.targets.pop(pid).close()
        elif kind == "debugger":
            held = hold(pid, int(words[2]) if words[2].isdecimal() else None)
            if held is not None:
                self.debuggers[pid] = held
        elif kind == "ended" and pid in self.debuggers:
            self.debuggers.pop(pid).handle.close()

    def _look_around(self, ward: Held) -> None:
        ward_stopped = ward.looks_stopped()
        for debugger in self.debuggers.values():
            if debugger.looks_stopped() and not ward_stopped:
                debugger.send(signal.SIGCONT)
        if ward_stopped:
            for target in self.targets.values():
                self._release_from_stopped_ward(ward, target)

    def _release_from_stopped_ward(self, ward: Held, target: Target) -> None:
        tracer = tracer_of(target.pid)
        if (debugger := self._debugger_of(tracer)) is not None:
            end_session(debugger)
            target.restore(died=True)
        elif tracer and os.path.exists(f"/proc/{ward.pid}/task/{tracer}"):
            # It traces by itself (--capture stop), and only it can let go. It takes milliseconds; then it stands again.
            ward.send(signal.SIGCONT)
            deadline = time.monotonic() + _LET_GO_WITHIN_S
            while tracer_of(target.pid) == tracer and time.monotonic() < deadline:
                time.sleep(0.001)
            ward.send(signal.SIGSTOP)
        elif not tracer and process_state(target.pid) == "T" != target.state_before:
            target.restore(died=True)

    def _debugger_of(self, tracer: int) -> Held | None:
        """A gdb may have been started by a script, which then is what we know of it: both are of one session."""
        fields = stat_fields(read_text(f"/proc/{tracer}/stat") or "") if tracer else []
        return self.debuggers.get(int(fields[3])) if len(fields) > 3 else None

    def _last_duty(self) -> None:
        """The ward is gone. Bounded, whatever the others do."""
        signal.alarm(_ENDS_FOR_CERTAIN_S)
        deadline = time.monotonic() + _DETACHES_WITHIN_S
        while time.monotonic() < deadline and not all(debugger.ended() for debugger in self.debuggers.values()):
            time.sleep(0.005)
        for debugger in self.debuggers.values():
            end_session(debugger)
        children = []
        for target in self.targets.values():  # each may take a while to fall silent, and none should wait for the others
            children.append(os.fork())
            if children[-1] == 0:
                signal.alarm(_ENDS_FOR_CERTAIN_S)
                target.restore(died=True)
                os._exit(0)
        for child in children:
            os.waitpid(child, 0)


def tracer_of(pid: int) -> int:
    """The thread that traces any thread of a process, 0 where nobody does."""
    with contextlib.suppress(NoSuchProcess):
        for tid in thread_ids(pid):
            tracer = status_fields(read_text(f"/proc/{pid}/task/{tid}/status") or "").get("TracerPid", "0")
            if tracer != "0":
                return int(tracer)
    return 0


def end_session(leader: Held) -> None:
    """End a debugger and what it has forked. Before its first attach gdb forks a child that stops itself, to find out what
    this kernel's ptrace can do; that child stays behind, stopped for ever, where gdb is killed at that moment."""
    leader.send(signal.SIGKILL)
    for name in os.listdir("/proc"):
        if not name.isdecimal() or int(name) == leader.pid:
            continue
        fields = stat_fields(read_text(f"/proc/{name}/stat") or "")
        # Session, start time.
        if len(fields) > 19 and int(fields[3]) == leader.pid and int(fields[19]) >= leader.start_ticks:
            held = hold(int(name), int(fields[19]))
            if held is not None:
                held.send(signal.SIGKILL)
                held.handle.close()
