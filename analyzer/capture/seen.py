"""One process as a capture saw it: the raw material from which locks and facts are worked out.

Every way of capturing fills the same value; what it could not get is None, and the facts that need it answer «unknown».
"""

from __future__ import annotations

from analyzer.capture.architecture import Architecture
from analyzer.capture.libc import LibcSeen
from analyzer.capture.maps import AddressSpace
from analyzer.capture.memory import Memory, MemoryUnreadable
from analyzer.capture.procfs import Counters, ProcessSample, ThreadSample
from analyzer.capture.stacks import RawFrame, Stacks
from analyzer.capture.waits import FutexWait, futex_wait
from analyzer.lean_dataclass import dataclass, field
from analyzer.model import Lock, Package, Syscall, Wait


@dataclass
class Seen:
    """A process, before its parts are put into a Snapshot."""

    before: ProcessSample
    architecture: Architecture | None = None
    space: AddressSpace | None = None
    memory: Memory | None = None
    libc: LibcSeen = field(default_factory=LibcSeen)
    stacks: Stacks = field(default_factory=Stacks)
    syscalls: dict[int, Syscall | None] = field(default_factory=dict)
    """By kernel thread id."""
    waits: dict[int, Wait | None] = field(default_factory=dict)
    locks: dict[int, Lock] = field(default_factory=dict)
    """By the thread that waits."""
    unread_holders: dict[int, str] = field(default_factory=dict)
    """Why the holder of a lock that records it could not be read, by the thread that waits."""
    later: dict[int, Counters | None] = field(default_factory=dict)
    """Counters at the second sample; a thread that was gone by then has None."""
    between_samples_s: float | None = None
    package: Package | None = None
    live: bool = True
    """A running process; False for a core or a trace, where the kernel cannot be asked."""
    foreign_numbers: bool = False
    """The thread ids may be those of another pid namespace than the process's own (a core that gdb wrote)."""
    robust_list_unregistered: bool | None = None
    shares_memory: bool | None = None
    """What the kernel said of a process that is no longer asked: a core of our own remembers it."""
    started_ticks_after: int | None = None
    state_after: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def pid(self) -> int:
        """As seen from where the analysis runs."""
        return self.before.pid

    @property
    def leader(self) -> ThreadSample | None:
        """The main thread."""
        return self.before.thread(self.pid)

    def futex(self, tid: int) -> FutexWait | None:
        """The futex wait that this thread is in, if it is in one."""
        return futex_wait(self.syscalls.get(tid))

    def frames(self, tid: int) -> tuple[RawFrame, ...]:
        """Its stack, as far as it was seen."""
        stack = self.stacks.threads.get(tid)
        return stack.frames if stack else ()

    def thread_pointer(self, tid: int) -> int | None:
        """Address of its struct pthread."""
        stack = self.stacks.threads.get(tid)
        return stack.thread_pointer if stack else None

    def stored_tid(self, thread_pointer: int) -> int:
        """The thread id that glibc keeps in a struct pthread.

        The offset comes from the process's own ``_thread_db_pthread_tid`` {bits, elements, offset} (exported since 2.34),
        else from the table. Raises MemoryUnreadable.
        """
        if self.memory is None or self.architecture is None:
            raise MemoryUnreadable("the memory of this process was not readable")
        offset = self.architecture.tid_offset
        if self.libc.elf is not None:
            described = self.libc.elf.symbol("_thread_db_pthread_tid")
            if described is not None:
                bits, _, offset = self.libc.elf.words(described[0], 3)
                if bits != 32 or offset > 1 << 16:
                    raise MemoryUnreadable("libc describes struct pthread in a way that makes no sense")
        data = self.memory.read(thread_pointer + offset, 4)
        return int.from_bytes(data, self.architecture.byte_order, signed=True)

    def moved(self, tid: int) -> bool | None:
        """Whether the thread ran between the two samples; None without a second sample."""
        thread = self.before.thread(tid)
        if thread is None or tid not in self.later:
            return None
        later = self.later[tid]
        return later is None or later != thread.counters or later.state == "R"
