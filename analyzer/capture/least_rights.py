"""What gdb may not do, as it reads what strangers wrote: no new privileges, no network, no more memory, time and disk than it
needs. Whose rights it has is decided in ``same_user``.

What the kernel refuses to take away stays; nothing here fails.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import struct
from collections.abc import Callable

from analyzer.lean_dataclass import dataclass

_PDEATHSIG, _NO_NEW_PRIVS, _SECCOMP, _FILTER = 1, 38, 22, 2  # include/uapi/linux/prctl.h, seccomp.h
_CPU_S = 900
"""Of all its threads together; reading the debug information of the largest programs takes a minute or two."""
_LEAST_DATA, _SHARE_OF_MEMORY = 512 << 20, 0.75
_LARGEST_FILE = 1 << 30
"""It writes nothing but its symbol indexes."""

_LOAD, _EQUAL, _ATLEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_JMP|JGE|K, BPF_RET|K
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4  # struct seccomp_data
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 13  # SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO with EACCES
_X32 = 0x40000000
_IO_URING_SETUP = 425

# AUDIT_ARCH_* of include/uapi/linux/audit.h, and the numbers of socket, and of socketcall where there is one.
_SOCKETS = {
    "x86_64": (0xC000003E, (41,)),
    "aarch64": (0xC00000B7, (198,)),
    "s390x": (0x80000016, (359, 102)),
    "ppc64le": (0xC0000015, (326, 102)),
}


@dataclass(frozen=True)
class User:
    """Whose rights a program gets."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()


def no_network() -> bytes:
    """A seccomp filter that refuses to make sockets; empty for an architecture without a table.

    A network namespace of its own would do the same, but costs 14 ms, needs root, and an ordinary user's way to one (a user
    namespace) would cost the right to trace.
    """
    known = _SOCKETS.get(os.uname().machine)
    if known is None:
        return b""
    architecture, numbers = known
    refused = (*numbers, _IO_URING_SETUP)
    checks = [(_LOAD, 0, 0, _ARCHITECTURE_AT), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _REFUSE), (_LOAD, 0, 0, _NUMBER_AT)]
    if os.uname().machine == "x86_64":
        checks += [(_ATLEAST, 0, 1, _X32), (_RETURN, 0, 0, _REFUSE)]
    checks += [(_EQUAL, len(refused) - position, 0, number) for position, number in enumerate(refused)]
    checks += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("=HBBI", *check) for check in checks)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def limits(path: str, user: User | None) -> Callable[[], None]:
    """What is to be called between fork and exec of the program at ``path``. ``user``: whose rights it gets (as root only)."""
    libc = ctypes.CDLL(None, use_errno=True)
    code = no_network()
    buffer = ctypes.create_string_buffer(code, len(code) or 1)
    program = _Program(len(code) // 8, ctypes.addressof(buffer))
    most_data = max(_LEAST_DATA, int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * _SHARE_OF_MEMORY))
    wanted = (
        # Not the address space: gdb maps files of any size, and a thread's arena reserves what it never uses.
        (resource.RLIMIT_DATA, most_data),
        (resource.RLIMIT_CPU, _CPU_S),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE),
        (resource.RLIMIT_CORE, 0),  # a core of gdb would hold the target's memory
    )
    privileged = raises_privileges(path)

    def apply() -> None:
        for number, most in wanted:
            with contextlib.suppress(OSError, ValueError):
                hard = resource.getrlimit(number)[1]
                allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
                resource.setrlimit(number, (allowed, allowed))
        # Where memory runs out, the kernel is to take the debugger, and not what it looks at.
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        if user is not None:
            os.setgroups(user.groups)
            os.setresgid(user.gid, user.gid, user.gid)
            os.setresuid(user.uid, user.uid, user.uid)
        if not privileged:
            libc.prctl(_NO_NEW_PRIVS, ctypes.c_ulong(1), 0, 0, 0)
        if code:
            libc.prctl(_SECCOMP, ctypes.c_ulong(_FILTER), ctypes.byref(program), 0, 0)

    apply.__dict__["buffer"] = buffer  # it lives as long as the address is used
    return apply


def ends_with_us(first: Callable[[], None]) -> Callable[[], None]:
    """``first``, and then: to be killed when the thread that starts it ends, as it does with the whole of us, whatever ends us.
    For a program that no process depends on, started by the thread that sees to its end."""
    libc = ctypes.CDLL(None)

    def apply() -> None:
        first()
        libc.prctl(_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)

    return apply


def raises_privileges(path: str) -> bool:
    """Whether a program gets rights by being started. Some give gdb CAP_SYS_PTRACE that way, so that everybody may use it
    under Yama; that is the administrator's decision, which no_new_privs would undo."""
    try:
        if os.stat(path).st_mode & 0o6000:
            return True
        os.getxattr(path, "security.capability")
    except OSError:
        return False
    return True
