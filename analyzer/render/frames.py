"""What a stack frame is, as far as showing it goes: normalised name, waiting code, runtime code that may be folded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.model import Frame

_SUFFIXES = re.compile(r"(@@?[A-Za-z0-9_.]+|\.(isra|part|constprop|cold|lto_priv|llvm)(\.\d+)?)+$")
_PREFIXES = re.compile(r"^(__GI_+|___)(?=[A-Za-z_])")

_WAITS = re.compile(
    r"^_*(?:libc_)?(futex_\w*wait\w*|futex_abstimed\w*|lll_lock_wait\w*|syscall\w*|poll|ppoll|select|pselect\w*|epoll_p?wait2?|read|"
    r"pthread_cond_\w*wait\w*|pthread_mutex_lock\w*|pthread_rwlock_\w*lock\w*|sem_\w*wait\w*|new_sem_wait\w*|nanosleep|"
    r"clock_nanosleep\w*|wait4|waitpid|waitid|pause|recv\w*|accept4?|internal_syscall_cancel|syscall_cancel\w*|restore_rt)$"
)
_RUNTIME = re.compile(
    r"^(_*start_thread|_*clone3?|_*libc_start_(main|call_main)\w*|_start|_*thread_start|generic_start_main|"
    r"runtime\.\w.*|runtime/.*|crosscall\d*|_cgo_topofstack|_rt0_.*|_?Py_?(Eval|Run|Main|BytesMain|Initialize|Object_Call)\w*|"
    r"_Py(Eval|Function|Object|Vectorcall)\w*|pymain_\w*|py_\w*main\w*|_Py_\w+|method_vectorcall\w*|"
    r"std::(thread|invoke|__invoke)\w*.*|std::sys::.*|std::rt::.*|core::ops::function::.*|execute_native_thread_routine|"
    r"_dl_start_user|_dl_init|call_init\w*)$"
)


def normalised(function: str | None) -> str | None:
    """The name without what compilers and symbol versions add: ``__GI___libc_fork.part.0@@GLIBC_2.34`` -> ``__libc_fork``."""
    if function is None:
        return None
    return _SUFFIXES.sub("", _PREFIXES.sub("", function)) or function


def spoken(function: str | None) -> str | None:
    """The name under which a programmer calls it: ``__libc_fork`` -> ``fork``, ``__GI___libc_malloc`` -> ``malloc``."""
    name = normalised(function)
    return name and (re.sub(r"^_*(libc_|IO_new_|IO_)?(?=[a-z])", "", name) or name)


def is_libc(frame: Frame) -> bool:
    """Whether the code lies in the C library or the dynamic loader."""
    return bool(re.match(r"(libc[.-]|libpthread[.-]|ld-linux|ld-musl|ld64?\.so|ld-2)", module_name(frame)))


def is_wait(frame: Frame) -> bool:
    """Code that only waits: says that a thread waits, never why."""
    return bool(_WAITS.match(normalised(frame.function) or ""))


def is_runtime(frame: Frame) -> bool:
    """Code that every program of its language has on the stack: thread start, scheduler, interpreter loop."""
    return bool(_RUNTIME.match(normalised(frame.function) or ""))


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
