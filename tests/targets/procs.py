"""What /proc says about the threads and processes of a target."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Sample:
    """One thread at one moment. Two equal samples mean that it did not move in between."""

    state: str
    """The letter of /proc/PID/stat."""
    syscall: str
    """The line of /proc/PID/syscall; "running", or "" where it cannot be read (a zombie has none)."""
    switches: tuple[int, int]
    """Voluntary and other context switches so far."""

    @property
    def number(self) -> int | None:
        """The number of the system call the thread is in."""
        first = self.syscall.partition(" ")[0]
        return int(first) if first.isdecimal() else None


def sample(tid: int) -> Sample | None:
    """The thread `tid` of any process; None if there is no such thread."""
    thread = PROC / str(tid) / "task" / str(tid)
    try:
        status = (thread / "status").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    try:
        syscall = (thread / "syscall").read_text().strip()
    except OSError:
        syscall = ""
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    switches = (int(fields["voluntary_ctxt_switches"]), int(fields["nonvoluntary_ctxt_switches"]))
    return Sample(fields["State"][0], syscall, switches)


def threads_of(pid: int) -> list[int]:
    """The ids of the threads of a process; none if it is gone."""
    try:
        return sorted(int(entry.name) for entry in (PROC / str(pid) / "task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []


def stat_of(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third (the state) on; empty if there is no such process."""
    try:
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def parent_of(pid: int) -> int | None:
    """The parent's pid."""
    stat = stat_of(pid)
    return int(stat[1]) if stat else None


def session_of(pid: int) -> int | None:
    """The session's id: every target is started in one of its own and none leaves it."""
    stat = stat_of(pid)
    return int(stat[3]) if stat else None


def session_members(session: int) -> list[int]:
    """The processes of a session, zombies among them."""
    pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal())
    return sorted(pid for pid in pids if session_of(pid) == session)
