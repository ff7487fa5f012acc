"""robust-list-unregistered: is the kernel's robust list pointer of the main thread empty?

The kernel clears it in every new process; glibc registers it again at program start and in its own fork, nobody else does.
It needs the right to ptrace, but no symbols and no stop. An empty pointer alone also means: a vfork or posix_spawn child
before exec, musl (registered late), pure Go, glibc up to 2.33 without libpthread.
Source: get_robust_list(2).
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from analyzer.capture.architecture import ARCHITECTURES
from analyzer.capture.facts.answer import unknown, yes_no
from analyzer.capture.kernel_calls import robust_list_head
from analyzer.capture.seen import Seen
from analyzer.model import Fact

_NAME = "robust-list-unregistered"


def measure(seen: Seen, family: Mapping[int, Seen]) -> list[Fact]:  # noqa: ARG001 - every fact has the same form
    """One answer for the process, from its main thread."""
    ours = ARCHITECTURES.get(os.uname().machine)
    if ours is None:
        return [unknown(_NAME, f"no system call table for {os.uname().machine}", "get_robust_list(2)")]
    how = (
        f"python3 -c 'import ctypes as c; h=c.c_void_p(); n=c.c_size_t(); "
        f"c.CDLL(None).syscall({ours.get_robust_list}, {seen.pid}, c.byref(h), c.byref(n)); print(h.value)'"
    )
    if not seen.live and seen.robust_list_unregistered is not None:
        text = "the list head was NULL" if seen.robust_list_unregistered else "the list head was set"
        return [yes_no(_NAME, seen.robust_list_unregistered, f"{text} when the core was taken", how)]
    if not seen.live:
        return [unknown(_NAME, "only the kernel knows it, and the process is not running here", how)]
    if seen.libc.value.kind != "glibc":
        return [unknown(_NAME, seen.libc.why_unknown or "not glibc", how)]
    if seen.leader is None or seen.leader.counters.state in {"Z", "X"}:
        return [unknown(_NAME, "the main thread has ended, and a thread that ends gives its list up", how)]
    head = robust_list_head(seen.pid, ours.get_robust_list)
    if isinstance(head, str):
        return [unknown(_NAME, head, how)]
    return [yes_no(_NAME, head == 0, f"the list head is {head:#x}" if head else "the list head is NULL", how)]
