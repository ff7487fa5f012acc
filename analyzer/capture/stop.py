"""A photograph with a stop as short as can be: seize every thread, interrupt them all, read registers and memory, let go.

Those that wait anyway are stopped first and let go last (see ``stop_plan``); for one moment all of them stand still, and the
photograph is of that moment.

What is promised to the target: a signal that arrives meanwhile is delivered when its thread is let go; a process that stood in
a group-stop (SIGSTOP) stands in it afterwards; a thread born meanwhile is stopped too; and whatever happens to us, the kernel
lets all of them go when the thread that traces ends. What no tracer can prevent: a few system calls (epoll_wait, sigtimedwait,
semop; see signal(7)) return EINTR after a stop, as they do after SIGSTOP.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
import time
from collections.abc import Iterable

from analyzer.capture import procfs, ptrace
from analyzer.capture.admission import why_not_traced
from analyzer.capture.architecture import Architecture
from analyzer.capture.core_notes import CoreThread, system_call
from analyzer.capture.maps import address_space
from analyzer.capture.memory import ProcessMemory
from analyzer.capture.no_stop import read_bytes
from analyzer.capture.pages import Pages
from analyzer.capture.photo import Photo, PhotoThread, wanted_data
from analyzer.capture.seen import Seen
from analyzer.capture.stop_plan import Plan
from analyzer.errors import CannotAnalyse, NoSuchProcess, PauseTooLong, ProcessGone
from analyzer.lean_dataclass import dataclass, field, replace

_MOST_ROUNDS = 50
"""Looks for threads born meanwhile; each round stops those it finds, so it ends when nobody is left to make new ones."""
_YIELD_S = 0.00002
_NO_TURNS_S = 10.0
"""No other thread of ours takes the interpreter for as long as this."""
_ENDED, _OVER = "it has ended: it has no stack any more", {"Z", "X"}
_STUCK_S = 0.02
"""A thread that has not stopped after this long is in the kernel where no signal reaches it (D), and need not be waited for."""


def take(seen: Seen, max_pause: float) -> Photo:
    """A photograph of a live process; ``max_pause`` in seconds. Raises PauseTooLong, ProcessGone, CannotAnalyse."""
    session = _Session(seen, max_pause, ProcessMemory(seen.pid))
    # A thread of its own: when it ends, for whatever reason, the kernel lets everything go that it traced.
    worker = threading.Thread(target=session.run, name="stop", daemon=True)
    worker.start()
    worker.join()
    if session.error is not None:
        raise session.error
    assert session.photo is not None
    return session.photo


@dataclass
class _Session:
    seen: Seen
    max_pause: float
    memory: ProcessMemory
    photo: Photo | None = None
    error: Exception | None = None
    seized: set[int] = field(default_factory=set)
    waiting: list[int] = field(default_factory=list)
    """Interrupted and not yet seen stopped."""
    stopped: dict[int, int] = field(default_factory=dict)
    """Thread id -> the signal that it is to get when it is let go."""
    refused: dict[int, str] = field(default_factory=dict)

    def run(self) -> None:
        """The whole life of the tracing thread."""
        collecting, interval = gc.isenabled(), sys.getswitchinterval()
        gc.disable()  # a collection in the middle would be somebody else's pause
        sys.setswitchinterval(_NO_TURNS_S)
        try:
            self.photo = self._photograph()
        except Exception as error:
            self.error = error
        finally:
            self._let_go(list(self.stopped))
            sys.setswitchinterval(interval)
            if collecting:
                gc.enable()

    def _photograph(self) -> Photo:
        seen = self.seen
        architecture = seen.architecture
        if architecture is None:
            raise CannotAnalyse(
                "Its processor architecture has no table here.", next_command=f"hanganalyze --capture attach {seen.pid}"
            )
        door = procfs.door(seen.pid)
        auxv = read_bytes(f"/proc/{door}/auxv")
        self._seize_all()
        seen.space = address_space(seen.pid) or seen.space
        pages = Pages(self.memory)
        plan = Plan(seen, architecture, self.memory, sorted(self.seized))
        began = time.monotonic()
        self._stop(plan.standing, began + self.max_pause)
        for tid in self.stopped:
            plan.read_registers(tid)
        foreseen = list(self.stopped)
        _before_others()
        self._stop_all(plan.working, began + self.max_pause)
        late = list(self.stopped)[len(foreseen) :]
        for tid in late:
            plan.read_registers(tid)
        if plan.outside():
            seen.space = address_space(seen.pid) or seen.space
        plan.read_memory(pages)
        self._let_go([*late, *foreseen])
        stopped_ms = round((time.monotonic() - began) * 1000, 2)
        plan.keep(pages)
        read = (plan.thread(tid) for tid in (*foreseen, *late))
        threads = {thread.tid: self._with_call(thread, architecture) for thread in read}
        for start, end in wanted_data(seen.space) if seen.space else ():
            pages.take(start, end)
        for tid in self._others():
            threads[tid] = PhotoThread(
                tid, problem=self.refused.get(tid, "it could not be stopped"), moved=tid not in self.refused
            )
        return Photo(threads, pages, auxv, stopped_ms, consistent=True)

    def _others(self) -> list[int]:
        try:
            return [tid for tid in procfs.thread_ids(self.seen.pid) if tid in self.refused]
        except NoSuchProcess:
            return []

    def _seize_all(self) -> None:
        """Nobody stops yet. Threads born between are caught by ``_stop_all``."""
        try:
            tids = procfs.thread_ids(self.seen.pid)
        except NoSuchProcess as error:
            raise ProcessGone(self.seen.pid, "it ended before it could be stopped") from error
        for tid in tids:
            self._seize(tid)
        if procfs.start_ticks(self.seen.pid) != self.seen.before.start_ticks:
            raise ProcessGone(self.seen.pid, "another process has its pid now")
        if not self.seized and any(reason != _ENDED for reason in self.refused.values()):
            raise why_not_traced(self.seen.pid)
        if not self.seized:
            raise ProcessGone(self.seen.pid, "none of its threads could be stopped")

    def _seize(self, tid: int) -> bool:
        try:
            ptrace.seize(tid)
        except ProcessLookupError:
            return False
        except OSError as error:
            # A main thread that has ended stays as a zombie until the others end; the kernel refuses it (EPERM).
            state = procfs.status_fields(procfs.read_text(f"/proc/{self.seen.pid}/task/{tid}/status") or "").get("State", "?")[:1]
            ended = state in {"Z", "X"}
            self.refused[tid] = _ENDED if ended else f"it could not be stopped: {error.strerror}"
            return False
        if not os.path.exists(f"/proc/{self.seen.pid}/task/{tid}"):
            return False  # a stranger's thread that got the number meanwhile; it runs on, and is let go when this thread ends
        self.seized.add(tid)
        return True

    def _stop_all(self, fresh: list[int], limit: float) -> None:
        """These, and every thread that was born meanwhile."""
        for _ in range(_MOST_ROUNDS):
            self._stop(fresh, limit)
            try:
                if self._count() == len(self.stopped) + len(self.refused):
                    return
                now = procfs.thread_ids(self.seen.pid)
            except (NoSuchProcess, FileNotFoundError) as error:
                raise ProcessGone(self.seen.pid, "it ended while it was being stopped") from error
            fresh = [tid for tid in now if tid not in self.seized and tid not in self.refused and self._seize(tid)]
            if not fresh:
                return
            if time.monotonic() > limit:
                break
        raise PauseTooLong(self.seen.pid, self.max_pause, self.seen.before.name)

    def _count(self) -> int:
        """Threads that the process has: its folder of them has two links more, and asking that is cheaper than listing them."""
        return os.stat(f"/proc/{self.seen.pid}/task").st_nlink - 2

    def _stop(self, tids: list[int], limit: float) -> None:
        for tid in tids:
            if ptrace.interrupt(tid):
                self.waiting.append(tid)
            else:
                self.seized.discard(tid)
        self._wait_for_stops(limit)

    def _wait_for_stops(self, limit: float) -> None:
        """Until every interrupted thread has stopped or ended. A stop for a signal serves as well: the signal is noted."""
        asked = time.monotonic()
        while self.waiting:
            tid = self.waiting[-1]
            try:
                status = ptrace.stopped(tid)
            except ChildProcessError:
                self.seized.discard(tid)
                self.waiting.pop()
                continue
            if status is not None:
                self.waiting.pop()
                if os.WIFSTOPPED(status):
                    event = status >> 16
                    self.stopped[tid] = 0 if event == ptrace.EVENT_STOP else os.WSTOPSIG(status)
                else:
                    self.seized.discard(tid)  # it ended
                continue
            time.sleep(_YIELD_S)  # one after the other: they need the processor to get to their stop
            now = time.monotonic()
            if now > asked + _STUCK_S:
                self._give_up_on_stuck()
            if self.waiting and now > limit:
                raise PauseTooLong(self.seen.pid, self.max_pause, self.seen.before.name)

    def _give_up_on_stuck(self) -> None:
        for tid in list(self.waiting):
            state = self._state(tid)
            if state == "D" or state in _OVER:
                self.waiting.remove(tid)
                self.refused[tid] = _ENDED if state in _OVER else "it waits in the kernel where nothing stops it"

    def _state(self, tid: int) -> str:
        text = procfs.read_text(f"/proc/{self.seen.pid}/task/{tid}/status")
        return procfs.status_fields(text).get("State", "?")[:1] if text else "X"

    def _with_call(self, thread: PhotoThread, architecture: Architecture) -> PhotoThread:
        if thread.registers is None:
            return thread
        noted = CoreThread(thread.tid, 0, thread.registers, thread.others)
        return replace(thread, call=system_call(noted, architecture, self.memory.read))

    def _let_go(self, tids: Iterable[int]) -> None:
        for tid in tids:
            ptrace.detach(tid, self.stopped.pop(tid))


def _before_others() -> None:
    """This thread, which will end soon, before the other load of the machine, for as long as threads at work stand still. Not
    earlier: on its way to its stop a thread needs the processor itself."""
    with contextlib.suppress(OSError):  # not ours to ask for
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
