"""The first pass over all processes: one stat and one system call line each; of processes with threads, one line a thread."""

from __future__ import annotations

import os
from typing import NamedTuple

from analyzer.capture.procfs import stat_fields
from analyzer.lean_dataclass import dataclass, field

MOST_THREADS = 512
"""Threads of one process that are looked at."""
_KERNEL_THREAD = 0x00200000  # PF_KTHREAD of include/linux/sched.h
_LINE = 512


class Row(NamedTuple):
    """One process."""

    pid: int
    ppid: int
    name: str
    state: str
    threads: int
    start_ticks: int
    calls: dict[int, str]
    """By thread: the line of /proc/PID/task/TID/syscall; empty where the kernel does not show it."""


@dataclass
class Survey:
    """All processes of the host but ourselves."""

    rows: dict[int, Row] = field(default_factory=dict)
    hidden: int = 0
    """Processes that do not let us see what they wait for."""
    threads_left_out: int = 0


def survey() -> Survey:
    """What every process of this host does now."""
    found = Survey()
    own = os.getpid()
    for name in os.listdir("/proc"):
        if name.isdecimal() and int(name) != own:
            _look(int(name), found)
    return found


def _look(pid: int, found: Survey) -> None:
    text = read_short(f"/proc/{pid}/stat")
    if not text:
        return
    fields = stat_fields(text)
    if int(fields[6]) & _KERNEL_THREAD or fields[0] in "ZX":
        return
    count = int(fields[17])
    calls: dict[int, str] = {}
    name = text[text.index("(") + 1 : text.rindex(")")]
    found.rows[pid] = Row(pid, int(fields[1]), name, fields[0], count, int(fields[19]), calls)
    line = read_short(f"/proc/{pid}/syscall")
    if line is None:
        found.hidden += 1
        return
    calls[pid] = line
    if count == 1:
        return
    try:
        tids = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return
    found.threads_left_out += max(0, len(tids) - MOST_THREADS)
    for tid in map(int, tids[:MOST_THREADS]):
        if tid != pid and (line := read_short(f"/proc/{pid}/task/{tid}/syscall")):
            calls[tid] = line


def read_short(path: str) -> str | None:
    """A short file in one read; None where the kernel refuses, "" where the process has gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        return None
    except OSError:
        return ""
    try:
        return os.read(descriptor, _LINE).decode("utf-8", "backslashreplace")
    except PermissionError:
        return None
    except OSError:
        return ""
    finally:
        os.close(descriptor)
