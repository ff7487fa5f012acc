"""From candidates to ranked suspects. The rank «hung» is given only where nobody can be seen who could end the wait."""

from __future__ import annotations

import datetime
import os
import platform
import time
from collections.abc import Sequence

from analyzer.capture.architecture import ARCHITECTURES, Architecture
from analyzer.capture.kernel_calls import robust_list_head, same_memory
from analyzer.capture.procfs import read_text, start_ticks
from analyzer.errors import CannotAnalyse
from analyzer.model.scan import RANKS, Rank, Scan, Suspect
from analyzer.scan.candidates import Candidate, candidates, for_lock, libc_of, like_lock, runs, task_ids
from analyzer.scan.survey import MOST_THREADS, Survey, survey
from analyzer.scan.waiters import Waiters

APART_S = 0.2
MOST_CANDIDATES = 5_000
"""Threads that are looked at twice."""
MOST_RELATIVES = 64
_VFORK = {"vfork", "clone", "clone3"}


def scan(apart: float = APART_S) -> Scan:
    """Look at every process of the host, at the candidates twice, ``apart`` seconds apart. Raises CannotAnalyse."""
    architecture = ARCHITECTURES.get(platform.machine())
    if architecture is None:
        raise CannotAnalyse(f"There is no system call table for {platform.machine()}.")
    found = survey()
    chosen = list(candidates(found.rows.values(), architecture))
    notes = _notes(found, len(chosen))
    before = [(one, runs(one.row.pid, one.tid)) for one in chosen[:MOST_CANDIDATES]]
    # Whoever may hold the lock that one thread waits for: all threads of those processes.
    locked = {one.row.pid for one in chosen[:MOST_CANDIDATES] if one.futex is not None and like_lock(one.futex)}
    beside = {pid: _all_runs(pid) for pid in locked}
    if before:
        time.sleep(apart)
    motionless = [one for one, earlier in before if earlier is not None and runs(one.row.pid, one.tid) == earlier]
    standing = {pid for pid, earlier in beside.items() if _all_runs(pid) == earlier}
    suspects = _Judge(found, architecture, standing).suspects(motionless)
    return Scan(
        taken_at=datetime.datetime.now(datetime.UTC).replace(microsecond=0).isoformat(),
        processes=len(found.rows),
        threads=sum(len(row.calls) for row in found.rows.values()),
        not_seen=found.hidden,
        apart_s=apart,
        suspects=tuple(suspects),
        notes=tuple(notes),
    )


def _all_runs(pid: int) -> dict[int, str | None]:
    return {tid: runs(pid, tid) for tid in task_ids(pid)[:MOST_THREADS]}


def _notes(found: Survey, count: int) -> list[str]:
    notes = []
    if found.hidden:
        who = "1 process waits" if found.hidden == 1 else f"{found.hidden} processes wait"
        mend = "the kernel refuses even root" if os.geteuid() == 0 else "sudo hanganalyze scan"
        notes.append(f"what {who} for could not be seen: {mend}")
    if found.threads_left_out:
        notes.append(f"{found.threads_left_out} threads of large processes were not looked at")
    if count > MOST_CANDIDATES:
        notes.append(f"{count - MOST_CANDIDATES} waiting threads were not looked at a second time")
    return notes


class _Judge:
    """Asks what tells a hung process from an idle one, of candidates only."""

    def __init__(self, found: Survey, architecture: Architecture, standing: set[int]) -> None:
        self._found = found
        self._standing = standing
        self._architecture = architecture
        self._waiters: Waiters | None = None

    def suspects(self, motionless: Sequence[Candidate]) -> list[Suspect]:
        """One a process, by its most telling thread; surest first, then those for whom most others wait."""
        by_process: dict[int, list[Candidate]] = {}
        for one in motionless:
            by_process.setdefault(one.row.pid, []).append(one)
        judged = [suspect for threads in by_process.values() if (suspect := self._judge(threads)) is not None]
        return sorted(judged, key=lambda one: (RANKS.index(one.rank), -len(one.waiters), one.pid))

    def _judge(self, threads: list[Candidate]) -> Suspect | None:
        first = threads[0]
        if start_ticks(first.row.pid) != first.row.start_ticks:
            return None  # another process has its number now
        if first.futex is None:
            return self._held_up(first)
        pid, total = first.row.pid, first.row.threads
        unregistered = robust_list_head(pid, self._architecture.get_robust_list) == 0
        maybe = any(each.futex and like_lock(each.futex) for each in threads)
        libc = libc_of(pid) if unregistered or maybe else "not asked"
        one = next((each for each in threads if each.futex and for_lock(each.futex, libc)), first)
        assert one.futex is not None
        lock, cleared = for_lock(one.futex, libc), unregistered and libc == "glibc"
        # Only a thread of the same memory can release a private lock.
        alone = total == 1 and one.private and (lock or cleared) and not self._memory_shared(first)
        reasons = ["its counters stand still"]
        rank: Rank = "waits"
        if cleared:
            rank = "suspect"
            reasons.append("glibc never registered it with the kernel (robust list NULL): it came from a raw clone")
        if lock and pid in self._standing:
            rank = "suspect"
            reasons += [f"so do those of all its {total} threads"] if total > 1 else []
        if alone:
            rank = "hung"
            reasons.append("it is the only thread, and no other process can " + ("release the lock" if lock else "wake it"))
        if rank == "waits" and not lock:
            reasons.append("idle thread pools wait like this too")
        what = "a lock" if lock else "a futex"
        waits = f"{what} at {one.futex.address:#x}, without a timeout"
        return self._suspect(one, rank, waits, reasons)

    def _held_up(self, one: Candidate) -> Suspect | None:
        """Stopped, traced or uninterruptible: worth telling where others wait for it."""
        row = one.row
        if row.state == "D":
            line = row.calls.get(row.pid, "")
            number = line.split(" ", 1)[0]
            if number.isdecimal() and self._architecture.syscalls.get(int(number)) in _VFORK:
                return None  # waits for its child to call exec
            wchan = read_text(f"/proc/{row.pid}/wchan")
            where = f" in {wchan}" if wchan and wchan != "0" else ""
            return self._suspect(one, "suspect", f"the kernel{where}", ["it is uninterruptible (state D) and does not move"])
        told = "a signal that continues it (SIGCONT)" if row.state == "T" else "its tracer (a debugger)"
        waiting = self._waiting_for(one)
        return self._suspect(one, "suspect" if waiting else "waits", told, [f"it is stopped (state {row.state})"])

    def _memory_shared(self, one: Candidate) -> bool:
        """A relative has the same memory (vfork, CLONE_VM) and could release the lock; unknown counts as shared."""
        row, rows = one.row, self._found.rows
        near = [other for other in rows.values() if other.ppid == row.pid or (other.ppid == row.ppid > 1 and other is not row)]
        relatives = [row.ppid] * (row.ppid in rows) + [other.pid for other in near[:MOST_RELATIVES]]
        return any(same_memory(row.pid, other, self._architecture.kcmp) is not False for other in relatives)

    def _waiting_for(self, one: Candidate) -> tuple[int, ...]:
        if self._waiters is None:
            self._waiters = Waiters(self._found.rows.values(), self._architecture)
        return self._waiters.of(one.row)

    def _suspect(self, one: Candidate, rank: Rank, waits: str, reasons: list[str]) -> Suspect:
        row = one.row
        waiting = self._waiting_for(one) if rank != "waits" else ()
        if waiting:
            names = ", ".join(f"{pid} ({self._found.rows[pid].name})" for pid in waiting[:3])
            more = f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
            reasons.append(f"process {names}{more} waits for it" if len(waiting) == 1 else f"{names}{more} wait for it")
        command = f"hanganalyze {row.pid}"
        return Suspect(row.pid, row.name, rank, one.tid, row.threads, waits, tuple(reasons), waiting, command)
