"""What differs between processor architectures, in one table: registers, system call numbers, where glibc keeps a thread's id.

What is an algorithm of its own stands elsewhere: how direct calls read in machine code (``calls``), what an interrupted system
call leaves in the registers (``core_notes``). The raw clone's order of arguments stands here and, in C, in
``reference/src/raw_clone.h``.

Sources: the kernel's syscall tables; glibc's nptl/descr.h (offset of ``tid`` in struct pthread, the same from 2.17 to 2.43 on
64-bit; the process's own ``_thread_db_pthread_tid`` is preferred where it can be read).
"""

from __future__ import annotations

from typing import Literal

from analyzer.lean_dataclass import dataclass

ByteOrder = Literal["little", "big"]


@dataclass(frozen=True)
class Registers:
    """Where a core's notes keep what a capture needs. Positions are byte offsets into the registers of NT_PRSTATUS (the
    same bytes as PTRACE_GETREGSET gives), which follow 112 bytes of other fields on every 64-bit architecture.

    Sources: the kernel's arch/*/include/uapi/asm/ptrace.h and elf.h.
    """

    size: int
    """Of all registers in NT_PRSTATUS."""
    stack_pointer: int
    program_counter: int
    syscall: int | None
    """The number of the system call; None where a note of its own (``syscall_note``) or nothing has it."""
    arguments: tuple[int, ...]
    """Six arguments of the system call, as they were at its entry."""
    result: int
    """Holds a restart code while a blocked call is interrupted for the core."""
    thread_pointer: tuple[tuple[int, int], ...]
    """(offset, size) of its parts, upper half first; empty where ``thread_pointer_note`` has it."""
    thread_pointer_note: int | None = None
    syscall_note: int | None = None
    return_address: int | None = None
    """Holds the return address of a function that has not saved it; None where a call puts it on the stack."""
    frame_pointer: int | None = None
    constant: tuple[tuple[int, int], ...] = ()
    """(offset, value) of what is the same in every thread of a 64-bit process, for a core whose registers are not all known."""
    trap: int | None = None
    """ppc64: the interrupt's kind; 0xc00 and 0x3000 are system calls."""


@dataclass(frozen=True)
class Architecture:
    """One processor architecture, as far as a capture needs to know it."""

    name: str
    """As uname -m says it."""
    byte_order: ByteOrder
    elf_machine: int
    """e_machine of its ELF files."""
    tid_offset: int
    """Offset of ``tid`` in glibc's struct pthread."""
    thread_pointer_expressions: tuple[str, ...]
    """gdb expressions that together give the address of struct pthread (see ``thread_pointer``)."""
    thread_pointer_bias: int
    """Added to the register's value to get the address of struct pthread (TLS variant I keeps it before the register)."""
    syscalls: dict[int, str]
    """Numbers of the calls that processes are found waiting in."""
    get_robust_list: int
    kcmp: int
    """Numbers of two system calls that we make ourselves and that libc has no function for."""
    registers: Registers
    robust_head_offset: int
    """Offset of ``robust_head`` in glibc's struct pthread (what get_robust_list returns points there), 2.17 to 2.43."""
    list_offset: int
    """Offset of ``list`` in struct pthread: its place in glibc's lists of stacks."""
    gdb_name: str
    """As gdb's ``set architecture`` calls it."""
    pivot_root: int
    """Number of the system call: glibc has no function for it."""
    call_size: int
    """Bytes of a direct call instruction, so where it returns to."""
    restart_syscall: int
    """The call under which the kernel resumes one that it interrupted."""
    clone_flags: int = 0
    """Which argument of clone(2) holds the flags: second where the kernel is built with CONFIG_CLONE_BACKWARDS2."""
    elf_flags: int = 0
    """e_flags of its ELF files."""
    self_pointer: bool = False
    """struct pthread begins with tcbhead_t, whose third word points to itself."""

    @property
    def returns_by_register(self) -> bool:
        """A call leaves the return address in a register and not on the stack."""
        return self.registers.return_address is not None

    def number(self, call: str) -> int:
        """Number of a system call in ``syscalls``."""
        return next(number for number, name in self.syscalls.items() if name == call)

    def thread_pointer(self, values: tuple[int, ...]) -> int:
        """Address of struct pthread from the values of ``thread_pointer_expressions``."""
        whole = 0
        for value in values:
            whole = (whole << 32) | (value & 0xFFFFFFFF) if len(values) > 1 else value
        return (whole + self.thread_pointer_bias) & 0xFFFFFFFFFFFFFFFF


_X86_64 = {
    0: "read", 1: "write", 7: "poll", 16: "ioctl", 17: "pread64", 19: "readv", 20: "writev", 23: "select", 34: "pause",
    35: "nanosleep", 42: "connect", 43: "accept", 44: "sendto", 45: "recvfrom", 46: "sendmsg", 47: "recvmsg", 61: "wait4",
    65: "semop", 69: "msgsnd", 70: "msgrcv", 72: "fcntl", 73: "flock", 74: "fsync", 75: "fdatasync", 56: "clone", 57: "fork",
    58: "vfork", 128: "rt_sigtimedwait", 130: "rt_sigsuspend", 202: "futex", 208: "io_getevents", 220: "semtimedop",
    230: "clock_nanosleep", 232: "epoll_wait", 247: "waitid", 257: "openat", 270: "pselect6", 271: "ppoll", 275: "splice",
    281: "epoll_pwait", 288: "accept4", 299: "recvmmsg", 426: "io_uring_enter", 435: "clone3", 441: "epoll_pwait2",
    449: "futex_waitv", 455: "futex_wait",
}  # fmt: skip
_S390X = {
    3: "read", 4: "write", 54: "ioctl", 180: "pread64", 145: "readv", 146: "writev", 142: "select", 168: "poll", 29: "pause",
    162: "nanosleep", 114: "wait4", 55: "fcntl", 143: "flock", 118: "fsync", 148: "fdatasync", 120: "clone", 2: "fork",
    190: "vfork", 177: "rt_sigtimedwait", 179: "rt_sigsuspend", 238: "futex", 245: "io_getevents", 392: "semtimedop",
    262: "clock_nanosleep", 251: "epoll_wait", 281: "waitid", 288: "openat", 301: "pselect6", 302: "ppoll", 306: "splice",
    312: "epoll_pwait", 362: "connect", 364: "accept4", 369: "sendto", 370: "sendmsg", 371: "recvfrom", 372: "recvmsg",
    357: "recvmmsg", 393: "semget", 400: "msgsnd", 401: "msgrcv", 426: "io_uring_enter", 435: "clone3", 441: "epoll_pwait2",
    449: "futex_waitv", 455: "futex_wait",
}  # fmt: skip
_AARCH64 = {
    63: "read", 64: "write", 29: "ioctl", 67: "pread64", 65: "readv", 66: "writev", 72: "pselect6", 73: "ppoll",
    101: "nanosleep", 260: "wait4", 25: "fcntl", 32: "flock", 82: "fsync", 83: "fdatasync", 220: "clone",
    137: "rt_sigtimedwait", 133: "rt_sigsuspend", 98: "futex", 4: "io_getevents", 192: "semtimedop", 193: "semop",
    115: "clock_nanosleep", 22: "epoll_pwait", 95: "waitid", 56: "openat", 76: "splice", 202: "accept", 203: "connect",
    206: "sendto", 207: "recvfrom", 211: "sendmsg", 212: "recvmsg", 242: "accept4", 243: "recvmmsg", 188: "msgrcv",
    189: "msgsnd", 426: "io_uring_enter", 435: "clone3", 441: "epoll_pwait2", 449: "futex_waitv",
    455: "futex_wait",
}  # fmt: skip
_PPC64LE = {
    3: "read", 4: "write", 54: "ioctl", 179: "pread64", 145: "readv", 146: "writev", 142: "select", 167: "poll", 29: "pause",
    162: "nanosleep", 114: "wait4", 55: "fcntl", 143: "flock", 118: "fsync", 148: "fdatasync", 120: "clone", 2: "fork",
    189: "vfork", 176: "rt_sigtimedwait", 178: "rt_sigsuspend", 221: "futex", 229: "io_getevents", 392: "semtimedop",
    248: "clock_nanosleep", 238: "epoll_wait", 272: "waitid", 286: "openat", 280: "pselect6", 281: "ppoll", 283: "splice",
    303: "epoll_pwait", 328: "connect", 330: "accept", 344: "accept4", 335: "sendto", 337: "recvfrom", 341: "sendmsg",
    342: "recvmsg", 343: "recvmmsg", 400: "msgsnd", 401: "msgrcv", 426: "io_uring_enter", 435: "clone3",
    441: "epoll_pwait2", 449: "futex_waitv", 455: "futex_wait",
}  # fmt: skip

# r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs
_X86_64_REGISTERS = Registers(
    size=216, stack_pointer=152, program_counter=128, syscall=120, arguments=(112, 104, 96, 56, 72, 64), result=80,
    thread_pointer=((168, 8),), frame_pointer=32, constant=((136, 0x33), (160, 0x2B)),  # cs, ss
)  # fmt: skip
# psw mask, psw address, gprs[16], acrs[16] of 4 bytes, orig_gpr2
_S390X_REGISTERS = Registers(
    size=216, stack_pointer=136, program_counter=8, syscall=None, arguments=(208, 40, 48, 56, 64, 72), result=32,
    thread_pointer=((144, 4), (148, 4)), syscall_note=0x307, return_address=128, frame_pointer=104,
    constant=((0, 0x0705000180000000),),  # psw mask: 64-bit addressing
)  # fmt: skip
# x0-x30, sp, pc, pstate
_AARCH64_REGISTERS = Registers(
    size=272, stack_pointer=248, program_counter=256, syscall=64, arguments=(0, 8, 16, 24, 32, 40), result=0,
    thread_pointer=(), thread_pointer_note=0x401, syscall_note=0x404, return_address=240, frame_pointer=232,
)  # fmt: skip
# gpr0-31, nip, msr, orig_gpr3, ctr, link, xer, ccr, softe, trap, dar, dsisr, result, and four unused
_PPC64LE_REGISTERS = Registers(
    size=384, stack_pointer=8, program_counter=256, syscall=0, arguments=(272, 32, 40, 48, 56, 64), result=24,
    thread_pointer=((104, 8),), trap=320, return_address=288, frame_pointer=248,
)  # fmt: skip

# Offsets in struct pthread are glibc's, 2.17 to 2.43. aarch64: it ends where tpidr_el0 points; its size (2.36) is only the
# fallback for _thread_db_sizeof_pthread. ppc64le: r13 points 0x7000 past the end of the thread control block (2.36: 30656 in
# all). s390x: access registers 0 and 1 hold the upper and the lower half of the thread pointer.
ARCHITECTURES: dict[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            "x86_64", "little", elf_machine=62, gdb_name="i386:x86-64", registers=_X86_64_REGISTERS,
            thread_pointer_expressions=("$fs_base",), thread_pointer_bias=0, self_pointer=True,
            tid_offset=720, robust_head_offset=0x2E0, list_offset=0x2C0,
            syscalls=_X86_64, get_robust_list=274, kcmp=312, pivot_root=155, call_size=5, restart_syscall=219,
        ),
        Architecture(
            "s390x", "big", elf_machine=22, gdb_name="s390:64-bit", registers=_S390X_REGISTERS,
            thread_pointer_expressions=("$acr0", "$acr1"), thread_pointer_bias=0, self_pointer=True,
            tid_offset=208, robust_head_offset=0xE0, list_offset=0xC0,
            syscalls=_S390X, get_robust_list=305, kcmp=343, pivot_root=217, call_size=6, restart_syscall=7, clone_flags=1,
        ),
        Architecture(
            "aarch64", "little", elf_machine=183, gdb_name="aarch64", registers=_AARCH64_REGISTERS,
            thread_pointer_expressions=("$tpidr",), thread_pointer_bias=-1856,
            tid_offset=208, robust_head_offset=0xE0, list_offset=0xC0,
            syscalls=_AARCH64, get_robust_list=100, kcmp=272, pivot_root=41, call_size=4, restart_syscall=128,
        ),
        Architecture(
            "ppc64le", "little", elf_machine=21, gdb_name="powerpc:common64", registers=_PPC64LE_REGISTERS,
            thread_pointer_expressions=("$r13",), thread_pointer_bias=-30656, elf_flags=2,  # the ELFv2 calling convention
            tid_offset=208, robust_head_offset=0xE0, list_offset=0xC0,
            syscalls=_PPC64LE, get_robust_list=299, kcmp=354, pivot_root=203, call_size=4, restart_syscall=0,
        ),
    )
}  # fmt: skip

_OTHER_MACHINES = {
    # The reference loader and roots work there, too; captures do not.
    "riscv64": {"futex": 98, "pivot_root": 41},
    "i686": {"futex": 240, "pivot_root": 217},
    "armv7l": {"futex": 240, "pivot_root": 218},
}


def futex_number(machine: str) -> int | None:
    """Number of futex(2) on a machine, as uname -m calls it; None for one that we do not know."""
    ours = ARCHITECTURES.get(machine)
    return ours.number("futex") if ours is not None else _OTHER_MACHINES.get(machine, {}).get("futex")


def pivot_root_number(machine: str) -> int | None:
    """Number of pivot_root(2) on a machine; None for one that we do not know."""
    ours = ARCHITECTURES.get(machine)
    return ours.pivot_root if ours is not None else _OTHER_MACHINES.get(machine, {}).get("pivot_root")


def futex_numbers() -> frozenset[int]:
    """What futex(2) is called anywhere."""
    machines = (*ARCHITECTURES, *_OTHER_MACHINES)
    return frozenset(number for machine in machines if (number := futex_number(machine)) is not None)


def by_elf(machine: int, byte_order: ByteOrder) -> Architecture | None:
    """The architecture of an ELF file, or None for one without a table (32-bit processes among them)."""
    for architecture in ARCHITECTURES.values():
        if architecture.elf_machine == machine and architecture.byte_order == byte_order:
            return architecture
    return None
