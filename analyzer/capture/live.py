"""Capture of a running process and its family. The way: look (nothing stops) -> second sample -> attach -> locks -> facts."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping

from analyzer.capture import assemble, guard, procfs
from analyzer.capture.admission import admit, check_permission
from analyzer.capture.attach import Attach
from analyzer.capture.chain_facts import chain_facts
from analyzer.capture.early import StartedGdb, alike, start_gdb
from analyzer.capture.facts import measure_all
from analyzer.capture.family import discover, same_program
from analyzer.capture.gdb import find
from analyzer.capture.locks import find_locks
from analyzer.capture.look import look
from analyzer.capture.member import Member, photograph, wait_for_second_sample
from analyzer.capture.method import Choice
from analyzer.capture.package import PackageSearch
from analyzer.capture.peers.asker import Asker
from analyzer.capture.reach import follow, kin, leave_alone, made_no_sense
from analyzer.capture.restore import Target
from analyzer.errors import CannotAnalyse, HangAnalyzeError, NoSuchProcess, ProcessGone
from analyzer.lean_dataclass import dataclass, field
from analyzer.model import Capture, Process, Snapshot

_LET_GO_WITHIN_S, _END_WITHIN_S = 0.5, 10.0
_PACKAGES_S = 1.0
"""Longest wait, after all else is done, for the package databases; usually they have answered while gdb read symbols."""
MOST_DEBUGGED = 8
"""Members of a family that a debugger is attached to; the others are described from /proc."""


@dataclass(frozen=True)
class Options:
    """What the caller may choose."""

    method: Choice = "auto"
    """How stacks are taken."""
    alone: bool = False
    """Only the process itself, not its family."""
    max_pause: float = 5.0
    """Seconds that a process may stand still for us."""
    debugger: str | None = None
    """Path of a gdb; None = find one."""
    first: procfs.ProcessSample | None = None
    """The first sample of the process, where it was taken already: the earlier, the sooner the second one can follow."""
    started: Mapping[int, StartedGdb] = field(default_factory=dict)
    """gdbs that were started already, by the pid they are for; who started them ends them."""
    keep_core: Callable[[bytes], None] | None = None
    """Takes the small core of the process that was asked for."""
    include_values: bool = False
    """Command lines go into the snapshot."""


def capture(pid: int, options: Options, meanwhile: Callable[[], None] = lambda: None) -> Snapshot:
    """A snapshot of process ``pid`` and its family.

    ``meanwhile`` runs in this thread while the debuggers read symbols in theirs: the place for slow imports. Raises the
    subclasses of CannotAnalyse and SelfAnalysis; an error with a member other than ``pid`` becomes a note.
    """
    with guard.on_duty():
        return _capture(pid, options, meanwhile)


def _capture(pid: int, options: Options, meanwhile: Callable[[], None]) -> Snapshot:
    path = options.started[pid].path if pid in options.started else find(options.debugger)
    first = admit(pid, options.first)
    debuggers = {pid: _start_debugger(first, path, options, {})}
    members: dict[int, Member] = {}
    try:
        family = discover(first, alone=options.alone)
        notes: list[str] = []
        for sample in family.members:
            started = debuggers.get(sample.pid)
            try:
                seen = look(sample)
                held = started[0] if started else Target(sample.pid, sample.start_ticks)
            except NoSuchProcess:
                continue  # a relative that has just ended
            except Exception as error:
                if sample.pid == pid:
                    raise
                notes.append(made_no_sense(sample.pid, error))
                continue
            members[sample.pid] = Member(seen, held, debugger=started[1] if started else None)
        notes += _follow_waits(pid, members, alone=options.alone)
        debuggers |= _choose(members, path, options)
        packages = PackageSearch(members)
        _photograph_all(members, meanwhile, options, pid)
        _finish(members)
        for member_pid, package in packages.results(_PACKAGES_S).items():
            members[member_pid].seen.package = package
    finally:
        theirs = {started.session for started in options.started.values()}
        for debugger in [*(one.debugger for one in members.values()), *(debugger for _, debugger in debuggers.values())]:
            if debugger is not None and debugger.session not in theirs:
                debugger.close()
        for held in [*(member.target for member in members.values()), *(target for target, _ in debuggers.values())]:
            held.close()
    main = members[pid]
    if main.error is not None:
        raise main.error
    if main.seen.started_ticks_after != first.start_ticks:
        raise ProcessGone(pid, "it ended" if main.seen.started_ticks_after is None else "another process has its pid now")
    if family.left_out:
        notes.append(f"{family.left_out} further descendants were not looked at")
    return _snapshot(members, path, options, notes)


def _start_debugger(
    before: procfs.ProcessSample, path: str, options: Options, running: Mapping[int, Attach]
) -> tuple[Target, Attach]:
    """A debugger for one process: one that was started for it, a turn with one that runs for a process of the same kind, or a
    new one."""
    target = Target(before.pid, before.start_ticks)
    started = options.started.get(before.pid)
    last = {id(debugger.session): (pid, debugger) for pid, debugger in running.items()}
    same = next((debugger for pid, debugger in last.values() if alike(pid, before.pid)), None)
    if started is None and same is not None:
        return target, same.then(target, before.name)
    return target, Attach(target, before.name, started or start_gdb(before.pid, path), max_pause=options.max_pause)


def _follow_waits(pid: int, members: dict[int, Member], *, alone: bool) -> list[str]:
    """Who could end each wait; the processes outside the family that the waits lead to become members. Returns notes."""
    asker = Asker()
    family = {member: one.seen for member, one in members.items()}
    if alone:
        asker.ask(members[pid].seen)
        return []
    reached = follow(pid, family, asker)
    for other, seen in reached.seen.items():
        with contextlib.suppress(NoSuchProcess):
            members[other] = Member(seen, Target(other, seen.before.start_ticks), of_family=False)
    return reached.notes


def _choose(members: dict[int, Member], path: str, options: Options) -> dict[int, tuple[Target, Attach]]:
    """Which members a debugger looks at: those in an untimed futex wait, and a parent of the same program, which may run
    the thread that their lock belongs to. Returns what was started for them."""
    chosen: dict[int, tuple[Target, Attach]] = {}
    wanted: list[int] = []
    for pid, member in members.items():
        waits = [member.seen.futex(tid) for tid in member.seen.syscalls]
        if any(wait is not None and not wait.timed for wait in waits):
            if not member.of_family and (why_not := leave_alone(member.seen)):
                member.seen.notes.append(f"no debugger was attached: {why_not}; hanganalyze {pid} attaches one")
                continue
            wanted.append(pid)
            parent = member.seen.before.ppid
            if parent in members and same_program(pid, parent):
                wanted.append(parent)
    for pid in dict.fromkeys(wanted):
        member = members[pid]
        if member.debugger is not None or sum(other.debugger is not None for other in members.values()) >= MOST_DEBUGGED:
            continue
        before = member.seen.before
        try:
            check_permission(before)
            if before.tracer:
                raise CannotAnalyse(f"process {before.tracer} traces it already")
            running = {other: one.debugger for other, one in members.items() if one.debugger is not None}
            started = _start_debugger(before, path, options, running)
        except HangAnalyzeError as error:
            member.seen.notes.append(f"no debugger could be attached: {error.what}")
            continue
        member.target.close()
        member.target, member.debugger = chosen[pid] = started
    return chosen


def _photograph_all(members: dict[int, Member], meanwhile: Callable[[], None], options: Options, asked: int) -> None:
    """Every chosen member in a thread of its own: the work is gdb's, in processes of their own."""
    quiet = threading.Event()
    undebugged = [member for member in members.values() if member.debugger is None]
    turns: dict[int, list[Member]] = {}
    for member in members.values():
        if member.debugger is not None:
            turns.setdefault(id(member.debugger.session), []).append(member)

    def take_turns(queue: list[Member]) -> None:
        for member in sorted(queue, key=lambda one: one.debugger is not None and one.debugger.turn):
            photograph(member, options.method, quiet, options.keep_core is not None and member.seen.pid == asked)
        for member in queue:
            assert member.debugger is not None
            member.debugger.dismiss()

    workers = [threading.Thread(target=take_turns, args=(queue,), daemon=True) for queue in turns.values()]
    for worker in workers:
        worker.start()
    try:
        meanwhile()
        for member in undebugged:
            wait_for_second_sample(member.seen)
        quiet.set()
        for worker in workers:
            worker.join()
    except BaseException:
        # Interrupted: end the debuggers, so that their threads let the targets go and see to their state.
        # A killed gdb leaves a stop behind that the target's parent may see, so first it may detach by itself.
        debuggers = [member.debugger for member in members.values() if member.debugger is not None]
        for debugger in debuggers:
            debugger.interrupt()
        deadline = time.monotonic() + _LET_GO_WITHIN_S
        while any(worker.is_alive() for worker in workers) and time.monotonic() < deadline:
            time.sleep(0.005)
        for debugger in debuggers:
            debugger.abort()
        for worker in workers:
            worker.join(_END_WITHIN_S)
        raise


def _finish(members: dict[int, Member]) -> None:
    """After everybody runs again: what the memory says, and whether all is as it was."""
    everybody = {pid: member.seen for pid, member in members.items()}
    family = {pid: member.seen for pid, member in members.items() if member.of_family}
    for pid, member in members.items():
        seen = member.seen
        seen.started_ticks_after = procfs.start_ticks(pid)
        seen.state_after = member.target.settled_state()
        find_locks(seen, kin(pid, family, everybody))


def _capture_of(member: Member) -> Capture:
    seen = member.seen
    moved = [seen.moved(tid) for tid in seen.syscalls]
    still = None if None in moved else not any(moved)
    if member.error is None and member.method is not None:
        still = member.photo.consistent if member.photo is not None else True
    return Capture(
        method=member.method or "proc",
        stopped_ms=seen.stacks.stopped_ms if member.method is not None else 0.0,
        consistent=still,
        state_before=seen.before.state,
        state_after=seen.state_after,
        why=member.why,
        notes=(*seen.notes, *seen.stacks.notes, *member.mended),
    )


def _snapshot(members: dict[int, Member], path: str, options: Options, notes: list[str]) -> Snapshot:
    """Put together, and certain to tell of the processes that were looked at in the beginning: whatever was read by a pid was of
    the same process if in the end the pid still means that one, or nobody."""
    while True:
        snapshot = _put_together(members, path, options, notes)
        replaced = [
            pid for pid, member in members.items() if procfs.start_ticks(pid) not in {None, member.seen.before.start_ticks}
        ]
        if not replaced:
            return snapshot
        for pid in replaced:
            if pid == next(iter(members)):
                raise ProcessGone(pid, "another process has its pid now")
            del members[pid]
            notes.append(f"process {pid} ended, and another one has its pid now: it was left out")


def _put_together(members: dict[int, Member], path: str, options: Options, notes: list[str]) -> Snapshot:
    everybody = {pid: member.seen for pid, member in members.items()}
    family = {pid: member.seen for pid, member in members.items() if member.of_family}
    processes: list[Process] = []
    try:
        between = chain_facts(everybody)
    except Exception as error:
        notes.append(f"who waits for whom between the processes could not be worked out: {error!r}")
        between = dict.fromkeys(everybody, ())
    for pid, member in members.items():
        try:
            facts = (*measure_all(member.seen, kin(pid, family, everybody)), *between[pid])
            processes.append(assemble.process(member.seen, facts, _capture_of(member), include_values=options.include_values))
        except Exception as error:
            if not processes:
                raise  # the one that was asked for
            notes.append(made_no_sense(pid, error))
    first = next(iter(members.values()))
    if options.keep_core is not None and first.photo is not None:
        from analyzer.capture.photo_stacks import core_of

        options.keep_core(core_of(first.seen, first.photo, first.method or "stop", processes[0].facts))
    capture_of_first = processes[0].capture
    assert capture_of_first is not None
    return Snapshot(
        capture=capture_of_first,
        processes=tuple(processes),
        host=assemble.host(),
        tools=assemble.tools(path, first.seen.stacks.debugger_version),
        taken_at=assemble.now(),
        notes=tuple(notes),
    )
