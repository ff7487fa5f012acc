"""Snapshot: what was seen, and nothing of what it means."""

from __future__ import annotations

from typing import Literal

from analyzer.lean_dataclass import dataclass
from analyzer.model.package import Package

Holds = Literal["yes", "no", "unknown"]
CaptureMethod = Literal["attach", "stop", "no-stop", "core", "trace", "proc"]


@dataclass(frozen=True)
class Frame:
    """One call on a stack. Level 0 is the innermost."""

    level: int
    """Its number in the whole stack; a jump between two frames is where the stack was cut."""
    function: str | None
    """As the debugger names it; None where it has no symbol."""
    module: str | None = None
    """Path of the ELF file the code lies in, inside the target's root."""
    offset: str | None = None
    """Address relative to the module's load address: the same on every machine with the same file."""
    file: str | None = None
    """Source file as the debug information names it."""
    line: int | None = None
    """Line in ``file``."""
    signal: bool = False
    """This frame is the kernel's signal trampoline: what lies further out was interrupted by a signal."""


@dataclass(frozen=True)
class Syscall:
    """The system call a thread is in, from /proc/PID/task/TID/syscall or a core's registers."""

    number: int
    """Number in the table of the process's architecture."""
    name: str | None
    """Name, where our tables have it."""
    arguments: tuple[str, ...]
    """The six argument registers."""
    stack_pointer: str | None = None
    """User stack pointer at entry."""
    program_counter: str | None = None
    """User program counter at entry."""


@dataclass(frozen=True)
class ThreadRef:
    """Points at a process, or at one thread of it."""

    pid: int
    """Process id, as seen from where the analysis ran."""
    tid: int | None = None
    """Kernel thread id, seen from the same place; None = any thread of the process."""


@dataclass(frozen=True)
class Wait:
    """What a blocked thread waits for."""

    kind: str
    """One word: futex, read, poll, wait, sleep, pause, lock, ..."""
    text: str
    """For a person: «a byte from a socket pair (file descriptor 7)»."""
    timed: bool | None = None
    """Whether the call has a timeout; None where that cannot be seen."""
    address: str | None = None
    """The futex word, for kind futex."""
    peers: tuple[ThreadRef, ...] = ()
    """Who could end the wait, as far as the kernel tells."""


@dataclass(frozen=True)
class Thread:
    """One thread, as the kernel and the debugger show it."""

    tid: int
    """Kernel thread id as seen from where the analysis ran."""
    name: str | None = None
    """The thread's name (comm)."""
    state: str | None = None
    """One letter of /proc/PID/status: R S D T t Z X I."""
    namespace_tid: int | None = None
    """Its id in the innermost pid namespace: what gettid() returns in the thread."""
    wchan: str | None = None
    """The kernel function it sleeps in, where permitted."""
    syscall: Syscall | None = None
    """The system call it is in; None when it runs or the kernel refuses to tell."""
    wait: Wait | None = None
    """The call in words, and who could end it."""
    thread_pointer: str | None = None
    """Address of its thread control block (glibc: struct pthread)."""
    moved: bool | None = None
    """Whether its counters changed between two samples: True = it made progress."""
    frames: tuple[Frame, ...] = ()
    """The stack, innermost first; cut stacks keep 64 inner and 16 outer frames."""
    frames_total: int | None = None
    """Frames in the whole stack; larger than ``len(frames)`` when it was cut; None where not counted."""
    cut: bool = False
    """Frames are missing: in the middle (too deep) or at the outer end (the unwinder gave up)."""
    problem: str | None = None
    """Why frames are missing or not to be trusted."""
    guessed_beyond: int | None = None
    """Level of the last frame that is sure: the debugger left it by rule of thumb, so frames may be missing right behind it."""


@dataclass(frozen=True)
class Owner:
    """The thread that a lock names as its holder."""

    address: str
    """The pointer stored in the lock: address of the owner's struct pthread (or its tid, for a mutex)."""
    tid: int | None = None
    """Thread id stored there."""
    pid: int | None = None
    """The process in which a thread of that id really lives; None where none was found."""
    orphaned: bool | None = None
    """True: no such thread exists in the process that waits."""
    function: str | None = None
    """The function that thread was started with."""
    doing: str | None = None
    """What that thread does now, innermost named function."""


@dataclass(frozen=True)
class Lock:
    """A lock that somebody waits for."""

    address: str
    """Of the lock word."""
    symbol: str | None = None
    """Its name in libc's source; None where it could not be named."""
    named_by: str | None = None
    """How the name was found: debug information, an exported symbol, the structure around it, the code that takes it."""
    word: int | None = None
    """Value of the lock word: 0 free, 1 held, 2 held and somebody waits."""
    records_owner: bool | None = None
    """Whether this kind of lock stores who holds it."""
    owner: Owner | None = None
    """Who holds it; None where the lock does not record it or it could not be read."""
    waiters: tuple[int, ...] = ()
    """Thread ids that wait for it."""


@dataclass(frozen=True)
class Fact:
    """One question about a process or thread, its answer, and how to see it yourself."""

    name: str
    """The fact's name, as signatures use it."""
    asked: str
    """The question, in a person's words."""
    holds: Holds
    """The answer; unknown = could not check, and ``value`` says why."""
    value: str
    """What was seen."""
    how: str
    """The command that repeats it."""
    tid: int | None = None
    """The thread it speaks of; None = the whole process."""


@dataclass(frozen=True)
class Module:
    """An ELF file mapped into the process."""

    path: str
    """Path inside the target's root; « (deleted)» stays where the kernel says it."""
    build_id: str | None = None
    """GNU build id, hexadecimal."""
    base: str | None = None
    """Load address."""


@dataclass(frozen=True)
class Libc:
    """The C library of the process, on which most facts depend."""

    kind: Literal["glibc", "musl", "none", "unknown"]
    """Which one; none = static program without a recognised libc."""
    version: str | None = None
    """For example 2.36."""
    path: str | None = None
    """The mapped file."""
    build_id: str | None = None
    """GNU build id, hexadecimal."""
    debug_info: bool | None = None
    """Whether the debugger found debug information for it."""


@dataclass(frozen=True)
class Capture:
    """How it was looked at, and what that cost the target."""

    method: CaptureMethod
    """How the stacks were taken."""
    stopped_ms: float | None
    """How long the process stood still for us, measured from outside; 0 for no stop."""
    consistent: bool | None
    """Nothing moved between the samples around the capture: all stacks show one moment."""
    state_before: str | None
    """The process state before (letter of /proc/PID/status)."""
    state_after: str | None
    """The state afterwards: the same, or the notes say why."""
    why: str | None = None
    """Why this method was chosen."""
    notes: tuple[str, ...] = ()
    """What could not be seen, because ..."""


@dataclass(frozen=True)
class Process:
    """One process of the family."""

    pid: int
    """As seen from where the analysis ran."""
    name: str
    """Command name (comm)."""
    ppid: int | None = None
    """Parent's pid, seen from the same place."""
    namespace_pids: tuple[int, ...] = ()
    """Its pid in every pid namespace, outermost first."""
    uid: int | None = None
    """Effective user id."""
    state: str | None = None
    """One letter of /proc/PID/status."""
    executable: str | None = None
    """Path inside the target's root."""
    build_id: str | None = None
    """GNU build id of the executable."""
    package: Package | None = None
    """The package and version of the executable; None where nobody asked (a core, a trace)."""
    architecture: str | None = None
    """x86_64, s390x, aarch64, ppc64le, ..."""
    started_at: str | None = None
    """When it began."""
    cpu_s: float | None = None
    """Processor time used so far."""
    command_line: tuple[str, ...] | None = None
    """Only with --include-values."""
    libc: Libc | None = None
    """Its C library."""
    modules: tuple[Module, ...] = ()
    """ELF files that frames lie in."""
    threads: tuple[Thread, ...] = ()
    """All threads, the main one first."""
    threads_total: int | None = None
    """How many the kernel counts; larger than ``len(threads)`` when the list was cut."""
    locks: tuple[Lock, ...] = ()
    """Locks that its threads wait for."""
    facts: tuple[Fact, ...] = ()
    """Everything that was asked about it."""
    capture: Capture | None = None
    """How this process was captured."""


@dataclass(frozen=True)
class Host:
    """The machine, without its name."""

    machine: str
    """Processor architecture."""
    kernel: str
    """Kernel release."""
    distribution: str | None = None
    """PRETTY_NAME of os-release."""
    processors: int | None = None
    """Online processors."""


@dataclass(frozen=True)
class Tool:
    """A program that took part."""

    name: str
    """hanganalyze, gdb, ..."""
    version: str
    """As it says itself."""
    path: str | None = None
    """Where it lies."""


@dataclass(frozen=True)
class Snapshot:
    """What was seen: everything a diagnosis may use."""

    capture: Capture
    """How the process that was asked for was captured."""
    processes: tuple[Process, ...]
    """The family; the one that was asked for first."""
    host: Host | None = None
    """Where it was taken; None for a pasted trace."""
    tools: tuple[Tool, ...] = ()
    """What took part."""
    taken_at: str | None = None
    """When."""
    source: str | None = None
    """For a core or a trace: what it was read from."""
    notes: tuple[str, ...] = ()
    """What could not be seen, because ..."""
