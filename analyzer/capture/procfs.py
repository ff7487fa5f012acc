"""Reading /proc: one sample of a process and its threads, taken from outside and without stopping anything.

Strings in /proc belong to the target and may hold any byte; they are decoded with backslash escapes and never trusted.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import time

from analyzer.errors import NoSuchProcess
from analyzer.lean_dataclass import dataclass

_SETTLING_TRIES, _SETTLING_S = 10, 0.002
_ASKED = re.compile(r"^(Name|State|NSpid|voluntary_ctxt_switches|nonvoluntary_ctxt_switches):[ \t]*(.*)$", re.MULTILINE)
MAX_FILE = 4 << 20
"""No /proc file that we read is larger in earnest; a larger one is cut."""


def read_text(path: str, limit: int = MAX_FILE) -> str | None:
    """The file's text, at most ``limit`` bytes; None where it is gone or the kernel refuses."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        pieces = []
        while limit > 0 and (piece := os.read(descriptor, min(limit, 1 << 16))):
            pieces.append(piece)
            limit -= len(piece)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return b"".join(pieces).decode("utf-8", "backslashreplace")


@dataclass(frozen=True)
class Counters:
    """What changes whenever a thread runs, however shortly."""

    state: str
    voluntary_switches: int | None
    involuntary_switches: int | None
    run_time_ns: int | None
    """Processor time from schedstat; None where the kernel does not keep it."""
    syscall: str | None
    """The line of /proc/PID/task/TID/syscall: call, arguments, stack pointer, program counter."""


@dataclass(frozen=True)
class ThreadSample:
    """One thread at one moment."""

    tid: int
    namespace_tid: int
    name: str
    wchan: str | None
    counters: Counters


@dataclass(frozen=True)
class ProcessSample:
    """One process at one moment. ``start_ticks`` tells two processes with the same pid apart."""

    pid: int
    ppid: int
    name: str
    state: str
    start_ticks: int
    cpu_s: float
    uid: int
    tracer: int
    namespace_pids: tuple[int, ...]
    kernel_thread: bool
    threads: tuple[ThreadSample, ...]
    taken: float
    """time.monotonic() when it was taken."""

    def thread(self, tid: int) -> ThreadSample | None:
        """The thread with this kernel id, if it was there."""
        return self._by_tid.get(tid)

    @functools.cached_property
    def _by_tid(self) -> dict[int, ThreadSample]:
        return {thread.tid: thread for thread in self.threads}


def status_fields(text: str) -> dict[str, str]:
    """``Name: value`` lines of a status file."""
    fields = {}
    for line in text.split("\n"):
        name, separator, value = line.partition(":")
        if separator:
            fields[name] = value.strip()
    return fields


def _number(text: str | None) -> int | None:
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None


def numbers(text: str | None) -> tuple[int, ...]:
    """The numbers in a line of numbers; what is none is left out."""
    return tuple(number for number in map(_number, (text or "").split()) if number is not None)


def stat_fields(text: str) -> list[str]:
    """Fields of a stat line from the state on; the name before it may hold spaces and brackets of its own."""
    return text.rpartition(")")[2].split()


def thread_counters(pid: int, tid: int) -> Counters | None:
    """The counters of one thread now; None when it is gone."""
    status = _thread_status(pid, tid)
    return _counters(pid, tid, status) if status is not None else None


def _thread_status(pid: int, tid: int) -> dict[str, str] | None:
    """What we ask of a thread's status: five of its sixty lines, and a process may have thousands of threads."""
    text = read_text(f"/proc/{pid}/task/{tid}/status")
    return dict(_ASKED.findall(text)) if text is not None else None


def _counters(pid: int, tid: int, status: dict[str, str]) -> Counters:
    folder = f"/proc/{pid}/task/{tid}"
    schedstat = (read_text(f"{folder}/schedstat") or "").split()
    state = status.get("State", "?")[:1]
    syscall = read_text(f"{folder}/syscall")
    return Counters(
        state=state,
        voluntary_switches=_number(status.get("voluntary_ctxt_switches")),
        involuntary_switches=_number(status.get("nonvoluntary_ctxt_switches")),
        run_time_ns=_number(schedstat[0]) if schedstat else None,
        syscall=syscall.strip() if syscall else None,
    )


def sample_thread(pid: int, tid: int) -> ThreadSample | None:
    """One sample of one thread; None when it is gone."""
    status = _thread_status(pid, tid)
    counters = _settled_counters(pid, tid, status)
    if status is None or counters is None:
        return None
    wchan = read_text(f"/proc/{pid}/task/{tid}/wchan")
    ids = numbers(status.get("NSpid"))
    return ThreadSample(
        tid=tid,
        namespace_tid=ids[-1] if ids else tid,
        name=status.get("Name", ""),
        wchan=wchan if wchan and wchan != "0" else None,
        counters=counters,
    )


def _settled_counters(pid: int, tid: int, status: dict[str, str] | None) -> Counters | None:
    """The counters of a thread, not in the moment in which a sleeping thread's call reads «running».

    A debugger that has just let go makes every sleeping thread enter its call again; that takes a moment.
    """
    for attempt in range(_SETTLING_TRIES):
        counters = _counters(pid, tid, status) if status is not None else None
        if counters is None or counters.state not in {"S", "D"} or counters.syscall != "running":
            break
        if attempt < _SETTLING_TRIES - 1:
            time.sleep(_SETTLING_S)
            status = _thread_status(pid, tid)
    return counters


def thread_ids(pid: int) -> list[int]:
    """Kernel ids of the process's threads, the main one first; raises NoSuchProcess."""
    try:
        ids = sorted(int(name) for name in os.listdir(f"/proc/{pid}/task"))
    except (FileNotFoundError, ProcessLookupError) as error:
        raise NoSuchProcess(pid) from error
    return sorted(ids, key=lambda tid: tid != pid)


def sample(pid: int) -> ProcessSample:
    """One sample of the process and all its threads; raises NoSuchProcess."""
    folder = f"/proc/{pid}"
    stat, status_text = read_text(f"{folder}/stat"), read_text(f"{folder}/status")
    if stat is None or status_text is None:
        raise NoSuchProcess(pid)
    fields, status = stat_fields(stat), status_fields(status_text)
    try:
        ppid, cpu_ticks, started, flags = int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[19]), int(fields[6])
    except (IndexError, ValueError) as error:
        raise NoSuchProcess(pid) from error  # no line of the kernel's
    tick = os.sysconf("SC_CLK_TCK")
    threads = [sample_thread(pid, tid) for tid in thread_ids(pid)]
    return ProcessSample(
        pid=pid,
        ppid=ppid,
        name=status.get("Name", ""),
        state=fields[0],
        start_ticks=started,
        cpu_s=cpu_ticks / tick,
        uid=(*numbers(status.get("Uid")), 0, 0)[1],
        tracer=_number(status.get("TracerPid")) or 0,
        namespace_pids=numbers(status.get("NSpid", str(pid))),
        # PF_KTHREAD of include/linux/sched.h.
        kernel_thread=bool(flags & 0x00200000),
        threads=tuple(thread for thread in threads if thread is not None),
        taken=time.monotonic(),
    )


def start_ticks(pid: int) -> int | None:
    """When the process began, in clock ticks since boot; None when it is gone."""
    fields = stat_fields(read_text(f"/proc/{pid}/stat") or "")
    return _number(fields[19]) if len(fields) > 19 else None


def parent(pid: int) -> int | None:
    """The pid of the process's parent; None when it is gone."""
    fields = stat_fields(read_text(f"/proc/{pid}/stat") or "")
    return _number(fields[1]) if len(fields) > 1 else None


def process_state(pid: int) -> str | None:
    """The letter of the process's state; None when it is gone."""
    fields = stat_fields(read_text(f"/proc/{pid}/stat") or "")
    return fields[0] if fields else None


def door(pid: int) -> int:
    """The thread by whose directory in /proc the process's memory, files and root are reached: the main thread, or a thread that
    lives on after it. A main thread that has ended has given all of that up, and its process may go on for years."""
    if process_state(pid) not in {"Z", "X"}:
        return pid
    with contextlib.suppress(NoSuchProcess):
        for tid in thread_ids(pid)[1:]:
            fields = stat_fields(read_text(f"/proc/{pid}/task/{tid}/stat") or "")
            if fields and fields[0] not in {"Z", "X"}:
                return tid
    return pid


def children(pid: int) -> list[int]:
    """Direct children, in the order of their pids."""
    found: set[int] = set()
    supported = False
    try:
        tids = thread_ids(pid)
    except NoSuchProcess:
        return []
    for tid in tids:
        text = read_text(f"/proc/{pid}/task/{tid}/children")
        if text is not None:
            supported = True
            found.update(numbers(text))
    if not supported:  # a kernel without CONFIG_PROC_CHILDREN
        import psutil

        try:
            found.update(child.pid for child in psutil.Process(pid).children())
        except psutil.Error:
            return []
    return sorted(found)


def link(pid: int, name: str) -> str | None:
    """Target of a symbolic link below /proc/PID, such as ``exe``; None where it cannot be read."""
    try:
        return os.fsencode(os.readlink(f"/proc/{door(pid)}/{name}")).decode("utf-8", "backslashreplace")
    except OSError:
        return None


def started_at(ticks: int) -> str | None:
    """A start time in clock ticks since boot as UTC in ISO 8601, to the second."""
    import datetime

    for line in (read_text("/proc/stat") or "").splitlines():
        if line.startswith("btime "):
            seconds = int(line.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")
            return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).isoformat()
    return None
