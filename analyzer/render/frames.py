"""What a stack frame is, as far as showing it goes: normalised name, waiting code, runtime code that may be folded."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from analyzer.render.safe import clip

if TYPE_CHECKING:
    from analyzer.model import Frame

_SUFFIXES = re.compile(r"(@@?[A-Za-z0-9_.]+|\.(isra|part|constprop|cold|lto_priv|llvm)(\.\d+)?)+$")
_PREFIXES = re.compile(r"^(__GI_|___)(?=[A-Za-z_])")

_WAITS = frozenset(
    """
    futex_wait futex_wait_simple futexwait lll_lock_wait lll_lock_wait_private lll_mutex_lock_optimized syscall
    internal_syscall_cancel syscall_cancel
    syscall_cancel_arch syscall_cancel_arch_end restore_rt poll ppoll select pselect pselect64 epoll_wait epoll_pwait
    epoll_pwait2 read readv pread64 accept accept4 pthread_mutex_lock pthread_mutex_lock_full nanosleep clock_nanosleep
    clock_nanosleep_time64 wait4 wait4_time64 waitpid waitid pause sigsuspend sigtimedwait sigwaitinfo
    """.split()  # noqa: SIM905 - one name a line would fill a page
)
_WAIT_BEGINNINGS = ("futex_abstimed", "pthread_cond_", "pthread_rwlock_", "sem_", "new_sem_wait", "recv", "lll_timedlock_wait")
_RUNTIME = frozenset(
    """
    start_thread clone clone3 start thread_start generic_start_main dl_start_user dl_init call_init cgo_topofstack
    execute_native_thread_routine libc_start_main libc_start_call_main libc_start_main_impl
    """.split()  # noqa: SIM905 - one name a line would fill a page
)
_RUNTIME_BEGINNINGS = (
    *("runtime.", "runtime/", "crosscall", "_rt0_", "_cgo_topofstack"),  # Go
    *("_Py", "PyEval_", "PyRun_", "PyObject_Call", "PyObject_Vectorcall", "Py_Run", "Py_Bytes", "pymain_", "method_vectorcall"),
    *("std::thread::", "std::__invoke", "std::invoke", "std::sys::", "std::rt::", "core::ops::function::"),  # C++, Rust
)


@functools.lru_cache(4096)
def normalised(function: str | None) -> str | None:
    """The name without what compilers and symbol versions add: ``__GI___libc_fork.part.0@@GLIBC_2.34`` -> ``__libc_fork``."""
    if function is None:
        return None
    return _SUFFIXES.sub("", _PREFIXES.sub("", function)) or function


def spoken(function: str | None) -> str | None:
    """The name under which a programmer calls it: ``__libc_fork`` -> ``fork``, ``__GI___libc_malloc`` -> ``malloc``."""
    name = normalised(function)
    return name and (re.sub(r"^_*(libc_|IO_new_|IO_)?(?=[a-z])", "", name) or name)


CALL_LIMIT = 120
"""Characters of a function's name inside a sentence."""


def as_call(name: str) -> str:
    """``fork`` -> ``fork()``; a name that shows its arguments already, or is no plain name, stays as it is."""
    return f"{name}()" if re.fullmatch(r"[\w.:~]+", name) and len(name) < CALL_LIMIT else clip(name, CALL_LIMIT)


@functools.lru_cache(4096)
def _bare(function: str | None) -> str:
    """Without any leading underscores: libc spells one function in many ways."""
    return (normalised(function) or "").lstrip("_")


def is_libc(frame: Frame) -> bool:
    """Whether the code lies in the C library or the dynamic loader."""
    return bool(re.match(r"(libc[.-]|libpthread[.-]|ld-linux|ld-musl|ld64?\.so|ld-2)", module_name(frame)))


def is_wait(frame: Frame) -> bool:
    """Code that only waits: says that a thread waits, never why."""
    name = _bare(frame.function).removeprefix("libc_")
    return name in _WAITS or name.startswith(_WAIT_BEGINNINGS)


def is_runtime(frame: Frame) -> bool:
    """Code that every program of its language has on the stack: thread start, scheduler, interpreter loop."""
    return (frame.function or "").startswith(_RUNTIME_BEGINNINGS) or _bare(frame.function) in _RUNTIME


def module_name(frame: Frame) -> str:
    """The file name of the frame's module, or the empty string."""
    return (frame.module or "").rpartition("/")[2]


def source_place(frame: Frame) -> str:
    """``genops.c:1172``, else ``libc.so.6+0x7f3a2``, else the module's name, else the empty string."""
    if frame.file:
        place = frame.file.rpartition("/")[2]
        return f"{place}:{frame.line}" if frame.line is not None else place
    module = module_name(frame)
    return f"{module}+{frame.offset}" if module and frame.offset else module or (frame.offset or "")
