"""One process of the family while it is captured, and the moment in which its picture is taken.

What only a photograph of our own needs is imported where one is taken: a live attach, the usual case, has no use for it.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from analyzer.capture import guard, procfs
from analyzer.capture.attach import Attach
from analyzer.capture.libc import find_libc
from analyzer.capture.look import sample_again
from analyzer.capture.method import Choice, Method, choose, ended_by_a_stop, needs_stop
from analyzer.capture.restore import Target
from analyzer.capture.seen import Seen
from analyzer.capture.stacks import Stacks
from analyzer.capture.waits import describe
from analyzer.errors import DebuggerDied, DebuggerFailed, HangAnalyzeError, NotPermitted, ProcessGone
from analyzer.lean_dataclass import dataclass, field, replace

if TYPE_CHECKING:
    from analyzer.capture.photo import Photo

BETWEEN_SAMPLES_S = 0.1
"""Least time between the two samples that show whether anything moves."""
_QUIET_WITHIN_S = 5.0
_one_stop_at_a_time = threading.Lock()


@dataclass
class Member:
    """One process of the family while it is captured."""

    seen: Seen
    target: Target
    of_family: bool = True
    """False: the chain of waits led here."""
    debugger: Attach | None = None
    error: HangAnalyzeError | None = None
    method: Method | None = None
    """How its stacks were taken; None where nobody asked for them."""
    why: str = "nothing in it called for a debugger"
    photo: Photo | None = None
    touched: bool = False
    """A tracer may have stopped it."""
    mended: list[str] = field(default_factory=list)

    def touch(self) -> None:
        """To be called before it is traced: from now on it will be restored, whatever happens."""
        self.touched = True
        guard.watch(self.target)


def wait_for_second_sample(seen: Seen) -> None:
    """Until some time has passed since the first."""
    remaining = BETWEEN_SAMPLES_S - (time.monotonic() - seen.before.taken)
    if remaining > 0:
        time.sleep(remaining)
    sample_again(seen)


def photograph(member: Member, wanted: Choice, quiet: threading.Event, keep: bool) -> None:
    """Take the stacks of one member; runs in a thread of its own. Errors are kept in the member.

    ``quiet`` is set when this program has nothing else to do: while a process stands still for our own tracing, no other
    thread of ours should hold the interpreter. ``keep``: a photograph is wanted to be kept, whatever the method.
    """
    assert member.debugger is not None
    seen = member.seen
    try:
        photo = _without_a_stop(seen) if wanted == "no-stop" else None  # while gdb still reads symbols: it is not needed for this
        member.debugger.prepare()
        wait_for_second_sample(seen)
        member.method, member.why = choose(seen, wanted)
        enough = member.method == "attach" or member.debugger.may_read_photographs
        if not (member.debugger.may_take_turns and enough):
            member.debugger = member.debugger.on_its_own()
        if member.method != "no-stop":
            member.touch()
        if member.method == "no-stop":
            may_stop = wanted == "auto" and ended_by_a_stop(seen) is None
            _from_photo(member, photo or _without_a_stop(seen))
            reason = needs_stop(seen, _important(seen)) if may_stop else None
            if reason is not None:
                member.method, member.why = "stop", f"{member.why}; {reason}"
                member.touch()
        try:
            _stopped(member, quiet, keep)
        except NotPermitted as error:
            if wanted != "auto":
                raise
            if member.photo is None:
                _from_photo(member, _without_a_stop(seen))
            member.method, member.why = "no-stop", f"{member.why}; but it was not stopped: {error.cause}"
    except HangAnalyzeError as error:
        member.error = error
    except PermissionError:
        member.error = NotPermitted(seen.pid, "It stopped being readable while we looked.", f"sudo hanganalyze {seen.pid}")
    except OSError as error:
        member.error = ProcessGone(seen.pid, error.strerror or str(error))
    except Exception as error:  # of one process; what was seen of the others is still told
        member.error = DebuggerFailed(f"What was seen of process {seen.pid} made no sense: {error!r}")
    finally:
        if member.debugger.note is not None:
            seen.notes.append(member.debugger.note)
        if member.error is not None:
            seen.notes.append(f"the debugger failed: {member.error.what}")
        if member.touched:
            member.mended = member.target.restore(died=isinstance(member.error, DebuggerDied))
            guard.release(member.target)


def _stopped(member: Member, quiet: threading.Event, keep: bool) -> None:
    """The ways of capturing that stop it; nothing for the others."""
    if member.method == "stop":
        _from_photo(member, _stop(member, quiet))
    elif member.method == "attach":
        member.seen.stacks = _attach(member)
        if keep:
            photo = member.photo = _stop(member, quiet)
            member.seen.memory = photo.pages


def _attach(member: Member) -> Stacks:
    """What gdb sees; with our own rights where those of the process's user do not suffice after all."""
    assert member.debugger is not None
    seen = member.seen
    wanted = (seen.architecture, _important(seen), _addresses(seen))
    try:
        return member.debugger.photograph(*wanted)
    except DebuggerFailed:
        if not member.debugger.refused:
            raise
        member.debugger = member.debugger.with_our_rights()
        return member.debugger.photograph(*wanted)


def _without_a_stop(seen: Seen) -> Photo:
    from analyzer.capture import no_stop

    return no_stop.take(seen)


def _stop(member: Member, quiet: threading.Event) -> Photo:
    from analyzer.capture import stop

    assert member.debugger is not None
    quiet.wait(_QUIET_WITHIN_S)
    with _one_stop_at_a_time:
        return stop.take(member.seen, member.debugger.max_pause)


def _important(seen: Seen) -> list[int]:
    """The main thread and those in a futex wait without a timeout."""
    return [seen.pid, *(tid for tid in seen.syscalls if (wait := seen.futex(tid)) is not None and not wait.timed)]


def _addresses(seen: Seen) -> list[int]:
    """The futex words that are waited for."""
    waits = (seen.futex(tid) for tid in seen.syscalls)
    return list(dict.fromkeys(wait.address for wait in waits if wait is not None and not wait.timed))


def _from_photo(member: Member, photo: Photo) -> None:
    """A photograph's memory, calls, pointers and stacks become what was seen of the process."""
    from analyzer.capture.photo_stacks import stacks_of

    assert member.debugger is not None
    seen = member.seen
    member.photo = photo
    _add_newborn(seen, photo)
    for tid, thread in photo.threads.items():
        if thread.problem is None:
            state = sample.counters.state if (sample := seen.before.thread(tid)) else None
            # A thread that stood still is in the call in which it was first seen, and who could end it has been found out. Its
            # registers may tell of a call that has returned already, or of the kernel's own restart of it.
            known = seen.syscalls.get(tid)
            if known is None or (seen.moved(tid) is not False and known != thread.call):
                seen.syscalls[tid], seen.waits[tid] = thread.call, describe(thread.call, state)
    seen.memory = photo.pages
    seen.libc = find_libc(seen.space, photo.pages, procfs.link(seen.pid, "exe"))
    pointers = _pointers(seen, photo)
    seen.stacks = stacks_of(member.debugger.session, seen, photo, pointers, _important(seen), _addresses(seen))
    seen.stacks.debugger_version = member.debugger.version
    member.debugger.let_go_of_photograph()


def _add_newborn(seen: Seen, photo: Photo) -> None:
    """Threads that began after the first look."""
    known = {thread.tid for thread in seen.before.threads}
    samples = (procfs.sample_thread(seen.pid, tid) for tid in photo.threads if tid not in known)
    newborn = tuple(found for found in samples if found is not None)
    seen.before = replace(seen.before, threads=seen.before.threads + newborn)
    for thread in newborn:
        seen.syscalls[thread.tid] = seen.waits[thread.tid] = None


def _pointers(seen: Seen, photo: Photo) -> dict[int, int]:
    """Thread pointers: from registers where they are there, else from what the kernel and glibc tell."""
    from analyzer.capture.core_notes import CoreThread, thread_pointer
    from analyzer.capture.glibc_threads import pthread_size
    from analyzer.capture.thread_pointers import thread_pointers

    if all(thread.registers is None for thread in photo.threads.values()) or seen.architecture is None:
        return thread_pointers(seen)
    size, found = pthread_size(seen), {}
    for tid, thread in photo.threads.items():
        if thread.registers is not None:
            read = CoreThread(tid, 0, thread.registers, thread.others)
            pointer = thread_pointer(read, seen.architecture, size)
            if pointer is not None:
                found[tid] = pointer
    return found
