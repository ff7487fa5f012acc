"""thread-count-stale: does glibc count more threads than the kernel?

``__nptl_nthreads`` (exported since 2.34, GLIBC_PRIVATE) is set to 1 by glibc's fork and not by a raw clone. It lies for a
moment while a thread starts or ends, so only a difference together with another sign counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.capture.facts.answer import unknown, yes_no
from analyzer.capture.facts.commands import gdb
from analyzer.capture.seen import Seen
from analyzer.model import Fact

_NAME = "thread-count-stale"


def measure(seen: Seen, family: Mapping[int, Seen]) -> list[Fact]:  # noqa: ARG001 - every fact has the same form
    """One answer for the process."""
    how = f"{gdb(seen.pid, 'print (int) __nptl_nthreads')}; ls /proc/{seen.pid}/task"
    if seen.libc.value.kind != "glibc":
        return [unknown(_NAME, seen.libc.why_unknown or "not glibc", how)]
    if seen.libc.elf is None:
        return [unknown(_NAME, "libc's exported symbols could not be read from memory", how)]
    symbol = seen.libc.elf.symbol("__nptl_nthreads")
    if symbol is None:
        return [unknown(_NAME, "this glibc does not export its thread count (it does from 2.34 on)", how)]
    counted, real = seen.libc.elf.words(symbol[0], 1)[0], len(seen.before.threads)
    return [yes_no(_NAME, counted > real, f"glibc counts {counted}, the kernel {real}", how)]
