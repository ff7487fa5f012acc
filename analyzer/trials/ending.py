"""Leave nothing running: every process below this one is ended, also those that left by setsid or by a double fork.

This process is made a *subreaper*: what its descendants leave behind becomes its own child instead of init's, so nothing gets
out of sight. Every process is held while it is signalled, so that a pid that was given to somebody else meanwhile is never hit.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import time
from collections.abc import Collection

from analyzer.capture.process_handle import ProcessHandle
from analyzer.capture.procfs import children, read_text, stat_fields
from analyzer.lean_dataclass import dataclass, field

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # include/uapi/linux/prctl.h
GRACE_S = 1.0
"""Between SIGTERM and SIGKILL."""
GIVE_UP_S = 10.0
"""After SIGKILL; a process in an uninterruptible call may need longer, and is named then."""
_MOMENT_S = 0.2
"""A helper that ends with its parent is not «left behind»: it gets this long."""

Identity = tuple[int, int]
"""A process for certain: pid and start time in clock ticks."""


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def adopt_orphans() -> None:
    """From now on, what descendants leave behind becomes a child of this process."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def hear_of_parents_death(parent: int, number: signal.Signals) -> None:
    """``number`` comes when the process ``parent`` has ended, now if it has already."""
    _prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


@dataclass
class Used:
    """What the processes that were collected had used."""

    cpu_s: float = 0.0
    memory_kib: int = 0

    def add(self, usage: object) -> None:
        """One rusage from wait4, which counts in the children that this process had waited for."""
        self.cpu_s += getattr(usage, "ru_utime", 0.0) + getattr(usage, "ru_stime", 0.0)
        self.memory_kib = max(self.memory_kib, getattr(usage, "ru_maxrss", 0))


@dataclass
class Ended:
    """What came of it."""

    found: int = 0
    """Processes that had to be ended."""
    left: list[str] = field(default_factory=list)
    """Those that could not be ended, and why."""
    used: Used = field(default_factory=Used)


def descendants(spare: Collection[Identity] = ()) -> list[Identity]:
    """Everybody below this process who is not yet a zombie, without ``spare`` and what is below those."""
    found: list[Identity] = []
    queue = [os.getpid()]
    seen = set(queue)
    while queue:
        for pid in children(queue.pop()):
            stat = read_text(f"/proc/{pid}/stat")
            if pid in seen or stat is None:
                continue
            seen.add(pid)
            fields = stat_fields(stat)
            identity = (pid, int(fields[19]))
            if identity in spare:
                continue
            queue.append(pid)
            if fields[0] not in "ZX":
                found.append(identity)
    return found


def end_all(spare: Collection[Identity] = (), *, gently: bool = True, used: Used | None = None) -> Ended:
    """End everybody below this process: SIGTERM, a moment of grace, SIGKILL; then wait until they are gone.

    Not ``gently``: SIGKILL at once. Zombies are collected on the way; what they used goes to ``used``.
    """
    ended = Ended(used=used or Used())
    refused: dict[Identity, str] = {}
    collect(ended.used)
    alive = descendants(spare)
    if not alive:
        return ended
    deadline = time.monotonic() + _MOMENT_S
    while alive and gently and time.monotonic() < deadline:
        time.sleep(0.005)
        collect(ended.used)
        alive = descendants(spare)
    met = set(alive)
    for number, patience in ((signal.SIGTERM, GRACE_S if gently else 0.0), (signal.SIGKILL, GIVE_UP_S)):
        deadline = time.monotonic() + patience
        asked: set[Identity] = set()
        while alive and time.monotonic() < deadline:
            met.update(alive)
            for identity in alive:
                # SIGKILL again and again: between two looks somebody may have been born. SIGTERM once.
                if number == signal.SIGKILL or identity not in asked:
                    asked.add(identity)
                    _signal(identity, number, refused)
            _wait_a_moment(alive)
            collect(ended.used)
            alive = [identity for identity in descendants(spare) if identity not in refused]
    ended.found = len(met)
    ended.left = [f"process {pid}: {why}" for (pid, _), why in refused.items() if _alive(pid)]
    ended.left += [f"process {pid}: not gone after {GIVE_UP_S:g} s, state {_state(pid)}" for pid, _ in alive]
    return ended


def collect(used: Used) -> None:
    """Collect every child that has ended, wherever it came from."""
    while True:
        try:
            pid, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        used.add(usage)


def _signal(identity: Identity, number: signal.Signals, refused: dict[Identity, str]) -> None:
    pid, began = identity
    try:
        handle = ProcessHandle(pid)
    except OSError:
        return
    try:
        if _began(pid) == began:  # asked after it was held: it is the process that was found
            handle.send(number)
    except ProcessLookupError:
        pass
    except PermissionError:
        refused[identity] = "it belongs to another user"
    finally:
        handle.close()


def _wait_a_moment(alive: list[Identity]) -> None:
    """Until one of them has ended, at most 20 ms."""
    poller = select.poll()
    handles = []
    for pid, _ in alive[:64]:
        with contextlib.suppress(OSError):
            handles.append(handle := ProcessHandle(pid))
            if handle.told:
                poller.register(handle.descriptor, select.POLLIN)
    poller.poll(20)
    for handle in handles:
        handle.close()


def _began(pid: int) -> int | None:
    stat = read_text(f"/proc/{pid}/stat")
    return int(stat_fields(stat)[19]) if stat else None


def _state(pid: int) -> str:
    stat = read_text(f"/proc/{pid}/stat")
    return stat_fields(stat)[0] if stat else "gone"


def _alive(pid: int) -> bool:
    return _state(pid) not in {"gone", "Z", "X"}
