"""From a thread's system call to what it waits for, in words, and who could end the wait."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from analyzer.capture.architecture import Architecture
from analyzer.capture.memory import Memory, MemoryUnreadable
from analyzer.capture.restarted import original_call
from analyzer.lean_dataclass import dataclass
from analyzer.model import Syscall, Wait

FUTEX_WAIT, FUTEX_LOCK_PI, FUTEX_WAIT_BITSET, FUTEX_WAIT_REQUEUE_PI, FUTEX_LOCK_PI2 = 0, 6, 9, 11, 13
FUTEX_PRIVATE, FUTEX_CLOCK_REALTIME = 0x80, 0x100
_FUTEX_WAITS = {FUTEX_WAIT, FUTEX_LOCK_PI, FUTEX_WAIT_BITSET, FUTEX_WAIT_REQUEUE_PI, FUTEX_LOCK_PI2}
_INFINITE = 0xFFFFFFFF


def parse_syscall(line: str | None, architecture: Architecture | None, wchan: str | None = None) -> Syscall | None:
    """A line of /proc/PID/task/TID/syscall; None for a running thread, or one that is in no call.

    A call that the kernel resumes after a stop has the number of restart_syscall and, where it can be told (``wchan`` helps),
    the name of the call that it is.
    """
    fields = (line or "").split()
    if len(fields) != 9:
        return None
    try:
        number = int(fields[0])
        arguments = tuple(f"{int(field, 16):#x}" for field in fields[1:7])
        stack_pointer, program_counter = (f"{int(field, 16):#x}" for field in fields[7:9])
    except ValueError:
        return None
    return Syscall(number, call_name(number, arguments, architecture, wchan), arguments, stack_pointer, program_counter)


def call_name(number: int, arguments: Sequence[str], architecture: Architecture | None, wchan: str | None) -> str | None:
    """The name of a system call, for one that the kernel resumes that of the call it is if it can be told; None where no table
    has it."""
    if architecture is None:
        return None
    if number == architecture.restart_syscall:
        return original_call([int(argument, 16) for argument in arguments], wchan) or _RESUMED
    return architecture.syscalls.get(number)


@dataclass(frozen=True)
class FutexWait:
    """A futex call that waits, taken apart."""

    address: int
    operation: int
    expected: int
    timed: bool


def futex_wait(syscall: Syscall | None) -> FutexWait | None:
    """The futex wait in a system call; None for every other call, and for futex calls that do not wait."""
    if syscall is None or syscall.name not in {"futex", "futex_wait"}:
        return None
    address, operation, expected, timeout = (int(argument, 16) for argument in syscall.arguments[:4])
    if syscall.name == "futex_wait":  # futex_wait(word, value, mask, flags, timeout, clock), Linux 6.7
        return FutexWait(address, FUTEX_WAIT, operation & _INFINITE, int(syscall.arguments[4], 16) != 0)
    command = operation & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME) & _INFINITE
    if command not in _FUTEX_WAITS:
        return None
    return FutexWait(address, command, expected & _INFINITE, timeout != 0)


_BY_DESCRIPTOR = {
    "read": "data from", "readv": "data from", "pread64": "data from", "write": "room in", "writev": "room in",
    "recvfrom": "data from", "recvmsg": "data from", "recvmmsg": "data from", "sendto": "room in", "sendmsg": "room in",
    "accept": "a connection on", "accept4": "a connection on", "connect": "an answer to its connect on", "splice": "data from",
    "flock": "the lock on the file behind", "fcntl": "a record lock on", "ioctl": "an ioctl on",
    "fsync": "the disk to hold", "fdatasync": "the disk to hold",
}  # fmt: skip
_RESUMED = "restart_syscall"
_SLEEPS = {"nanosleep", "clock_nanosleep"}
_POLLS = {
    # call: (position of the timeout, whether it is a pointer)
    "poll": (2, False), "ppoll": (2, True), "select": (4, True), "pselect6": (4, True), "epoll_wait": (3, False),
    "epoll_pwait": (3, False), "epoll_pwait2": (3, True),
}  # fmt: skip


def describe(syscall: Syscall | None, state: str | None, memory: Memory | None = None) -> Wait | None:
    """What a thread in this call waits for; None for a running thread and for calls we have no words for.

    ``state`` is the letter of /proc/PID/status. ``memory`` lets a futex word be read, to say what it holds.
    """
    if state in {"T", "t"}:
        text = "a signal that continues it (SIGCONT)" if state == "T" else "its tracer (a debugger)"
        return Wait("stopped", text, timed=False)
    if syscall is None:
        return None
    name = syscall.name
    if (futex := futex_wait(syscall)) is not None:
        held = _word_in_words(memory, futex.address)
        text = f"a futex at {futex.address:#x}{held}"
        return Wait("futex", text, timed=futex.timed, address=f"{futex.address:#x}")
    if name in {"wait4", "waitid"}:
        return Wait("wait", "a child process to end", timed=False)
    if name in _SLEEPS:
        return Wait("sleep", "a time to pass", timed=True)
    if name == _RESUMED:
        text = "what it waited for when a debugger stopped it for a moment; the kernel resumes the call and does not say which"
        return Wait("resumed", text, timed=None)
    if name == "pause":
        return Wait("pause", "any signal", timed=False)
    if name in {"rt_sigsuspend", "rt_sigtimedwait"}:
        timed = name == "rt_sigtimedwait" and int(syscall.arguments[2], 16) != 0
        return Wait("signal", "a signal", timed=timed)
    if name in _POLLS:
        position, pointer = _POLLS[name]
        value = int(syscall.arguments[position], 16)
        timed = value != 0 if pointer else not value & 0x80000000
        return Wait("poll", "any of its file descriptors to become ready", timed=timed)
    if name in _BY_DESCRIPTOR:
        descriptor = int(syscall.arguments[0], 16) & _INFINITE
        kind = "lock" if name in {"flock", "fcntl"} else name
        return Wait(kind, f"{_BY_DESCRIPTOR[name]} file descriptor {descriptor}", timed=False)
    if name is not None:
        return Wait(name, f"the system call {name}", timed=None)
    return Wait("syscall", f"system call {syscall.number}", timed=None)


def _word_in_words(memory: Memory | None, address: int) -> str:
    if memory is None:
        return ""
    try:
        return f", whose word is {struct.unpack('=I', memory.read(address, 4))[0]}"
    except MemoryUnreadable:
        return ""
