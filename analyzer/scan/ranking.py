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
from analyzer.scan.candidates import Candidate, Still, candidates, for_lock, libc_of, still, task_ids
from analyzer.scan.survey import Survey, survey
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
    before = {(one.row.pid, one.tid): still(one.row.pid, one.tid) for one in chosen[:MOST_CANDIDATES]}
    if before:
        time.sleep(apart)
    motionless = [one for one in chosen[:MOST_CANDIDATES] if _motionless(one, before)]
    suspects = _Judge(found, architecture).suspects(motionless)
    return Scan(
        taken_at=datetime.datetime.now(datetime.UTC).replace(microsecond=0).isoformat(),
        processes=len(found.rows),
        threads=sum(len(row.calls) for row in found.rows.values()),
        not_seen=found.hidden,
        apart_s=apart,
        suspects=tuple(suspects),
        notes=tuple(notes),
    )


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


def _motionless(one: Candidate, before: dict[tuple[int, int], Still | None]) -> bool:
    earlier = before[one.row.pid, one.tid]
    return earlier is not None and still(one.row.pid, one.tid) == earlier and start_ticks(one.row.pid) == one.row.start_ticks


class _Judge:
    """Asks what tells a hung process from an idle one, of candidates only."""

    def __init__(self, found: Survey, architecture: Architecture) -> None:
        self._found = found
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
        if first.futex is None:
            return self._held_up(first)
        pid, total = first.row.pid, first.row.threads
        libc = libc_of(pid)
        one = next((each for each in threads if each.futex and for_lock(each.futex, libc)), first)
        assert one.futex is not None
        lock = for_lock(one.futex, libc)
        # A thread that stands in no candidate's place may run, or be woken from outside, and release the lock.
        alone = total == 1 and one.private and not self._memory_shared(first)
        cleared = libc == "glibc" and robust_list_head(pid, self._architecture.get_robust_list) == 0
        everybody = len(threads) == total == len(task_ids(pid))
        reasons = ["its counters stand still"]
        if cleared:
            reasons.append("glibc never registered it with the kernel (robust list NULL): it came from a raw clone")
        if lock and alone:
            reasons.append("it has one thread, and the lock is private to it: nobody can release it")
        elif alone and cleared:
            reasons.append("it has one thread, and no other process can wake it")
        elif everybody and total > 1:
            reasons.append(f"all its {total} threads wait without a timeout")
        rank: Rank = "waits"
        if ((lock or cleared) and alone) or (lock and cleared and everybody):
            rank = "hung"
        elif (lock and everybody) or cleared:
            rank = "suspect"
        elif not lock:
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
            return self._suspect(one, "suspect", f"the kernel{where}", ["uninterruptible (state D) at both looks"])
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
