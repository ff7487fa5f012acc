"""A photograph with a stop as short as can be: seize every thread, interrupt them all, read registers and memory, let go.

What is promised to the target: a signal that arrives meanwhile is delivered when its thread is let go; a process that stood in
a group-stop (SIGSTOP) stands in it afterwards; a thread born meanwhile is stopped too; and whatever happens to us, the kernel
lets all of them go when the thread that traces ends. What no tracer can prevent: a few system calls (epoll_wait, sigtimedwait,
semop; see signal(7)) return EINTR after a stop, as they do after SIGSTOP.
"""

from __future__ import annotations

import contextlib
import gc
import os
import threading
import time

from analyzer.capture import procfs, ptrace
from analyzer.capture.architecture import Architecture
from analyzer.capture.bulk_read import read_pieces
from analyzer.capture.core_notes import CoreThread, system_call
from analyzer.capture.maps import address_space
from analyzer.capture.memory import ProcessMemory
from analyzer.capture.no_stop import read_bytes
from analyzer.capture.pages import Pages
from analyzer.capture.photo import Photo, PhotoThread, take_locks, wanted_data, wanted_stacks
from analyzer.capture.seen import Seen
from analyzer.errors import CannotAnalyse, NoSuchProcess, PauseTooLong, ProcessGone
from analyzer.lean_dataclass import dataclass, field, replace

_MOST_ROUNDS = 50
"""Looks for threads born meanwhile; each round stops those it finds, so it ends when nobody is left to make new ones."""
_YIELD_S = 0.00002
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
        collecting = gc.isenabled()
        gc.disable()  # a collection in the middle would be somebody else's pause
        try:
            self.photo = self._photograph()
        except Exception as error:
            self.error = error
        finally:
            self._let_go()
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
        began = time.monotonic()
        self._stop_all(began + self.max_pause)
        read = {tid: _registers(tid, architecture) for tid in self.stopped}
        pointers = [found.stack_pointer for found in read.values() if found.stack_pointer is not None]
        if seen.space is None or any(seen.space.at(pointer) is None for pointer in pointers):
            seen.space = address_space(seen.pid) or seen.space  # a thread born after the map was read
        if seen.space is not None:
            for start, data in read_pieces(door, wanted_stacks(seen.space, pointers)):
                pages.keep(start, data)
        words = (_futex_word(found, architecture) for found in read.values())
        take_locks(pages, (word for word in words if word is not None), architecture.byte_order)
        self._let_go()
        stopped_ms = round((time.monotonic() - began) * 1000, 2)
        threads = {tid: self._with_call(found, architecture) for tid, found in read.items()}
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
            self.refused[tid] = (
                "it has ended: it has no stack any more" if ended else f"it could not be stopped: {error.strerror}"
            )
            return False
        self.seized.add(tid)
        return True

    def _stop_all(self, limit: float) -> None:
        fresh = list(self.seized)
        for _ in range(_MOST_ROUNDS):
            for tid in fresh:
                self._interrupt(tid)
            self._wait_for_stops(limit)
            try:
                now = procfs.thread_ids(self.seen.pid)
            except NoSuchProcess as error:
                raise ProcessGone(self.seen.pid, "it ended while it was being stopped") from error
            fresh = [tid for tid in now if tid not in self.seized and tid not in self.refused and self._seize(tid)]
            if not fresh:
                return
            if time.monotonic() > limit:
                break
        raise PauseTooLong(self.seen.pid, self.max_pause, self.seen.before.name)

    def _interrupt(self, tid: int) -> None:
        try:
            ptrace.interrupt(tid)
        except OSError:
            self.seized.discard(tid)
            return
        self.waiting.append(tid)

    def _wait_for_stops(self, limit: float) -> None:
        """Until every interrupted thread has stopped or ended. A stop for a signal serves as well: the signal is noted."""
        asked = time.monotonic()
        while self.waiting:
            still = []
            for tid in self.waiting:
                try:
                    found, status = os.waitpid(tid, ptrace.WALL | os.WNOHANG)
                except ChildProcessError:
                    self.seized.discard(tid)
                    continue
                if not found:
                    still.append(tid)
                elif os.WIFSTOPPED(status):
                    event = status >> 16
                    self.stopped[tid] = 0 if event == ptrace.EVENT_STOP else os.WSTOPSIG(status)
                else:
                    self.seized.discard(tid)  # it ended
            if len(still) == len(self.waiting):
                time.sleep(_YIELD_S)  # they need the processor to get to their stop
            self.waiting = still
            now = time.monotonic()
            if still and now > asked + _STUCK_S:
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

    def _let_go(self) -> None:
        for tid in list(self.stopped):
            with contextlib.suppress(OSError):  # it was killed meanwhile
                ptrace.detach(tid, self.stopped[tid])
            del self.stopped[tid]


def _registers(tid: int, architecture: Architecture) -> PhotoThread:
    """The registers of a stopped thread."""
    layout = architecture.registers
    try:
        raw = ptrace.registers(tid, ptrace.NT_PRSTATUS)
        kinds = [kind for kind in (layout.thread_pointer_note, layout.syscall_note) if kind is not None]
        others = {kind: ptrace.registers(tid, kind) for kind in kinds}
    except OSError as error:
        return PhotoThread(tid, problem=f"its registers could not be read: {error.strerror}")
    if len(raw) < layout.size:
        return PhotoThread(tid, problem="it is a 32-bit thread, whose registers have no table here")

    def value(offset: int) -> int:
        return int.from_bytes(raw[offset : offset + 8], architecture.byte_order)

    return PhotoThread(tid, raw[: layout.size], value(layout.stack_pointer), value(layout.program_counter), others=others)


def _futex_word(thread: PhotoThread, architecture: Architecture) -> int | None:
    """The word that a thread waits for, if its call is a futex call: only a look, while everybody stands still."""
    layout = architecture.registers
    if thread.registers is None:
        return None
    if layout.syscall is not None:
        number = int.from_bytes(thread.registers[layout.syscall : layout.syscall + 8], architecture.byte_order)
    else:
        number = int.from_bytes(thread.others.get(layout.syscall_note or 0, b""), architecture.byte_order) & 0xFFFF
    if architecture.syscalls.get(number) not in {"futex", "futex_wait"}:
        return None
    first = layout.arguments[0]
    return int.from_bytes(thread.registers[first : first + 8], architecture.byte_order)
