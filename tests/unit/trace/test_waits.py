# ruff: noqa: E501 - the lines are as long as tools print them
"""Locks that a trace prints: which frames are believed, and what becomes of the address."""

from __future__ import annotations

import pytest

from analyzer.model import ThreadRef
from tests.unit.trace.samples import only_process, only_thread, read

MAIN = "#9  0x000055d0c71bd6f1 in main () at m.c:3"


def stack(*lines: str) -> str:
    """Lines with their numbers."""
    return "".join(f"#{level}  {line}\n" for level, line in enumerate(lines))


@pytest.mark.parametrize(
    ("lines", "address", "symbol"),
    [
        (["__lll_lock_wait_private (futex=0x7f16 <main_arena>) at l.c:34", "malloc ()"], "0x7f16", "main_arena"),
        (["__lll_lock_wait (futex=futex@entry=0x7ffff7ffd948 <_rtld_global+2312>, private=0) at l.c:9", "f ()"], "0x7ffff7ffd948", "_rtld_global+2312"),
        (["futex_wait (private=0, futex_word=0x7f00aa) at f.h:1", "__GI___lll_lock_wait_private (futex=0x7f00aa <envlock>) at l.c:34"], "0x7f00aa", "envlock"),
        (["0x00007f in __lll_lock_wait () from /lib/libpthread.so.0", "0x00007f in __pthread_mutex_lock (mutex=0x1a62158) at p.c:61"], "0x1a62158", None),
        (["__syscall4 (n=202) at s.h:38", "__futexwait (addr=0x7fd26, val=-2147483646) at p.h:178", "__lock (l=0x7fd26 <ofl_lock>) at l.c:41"], "0x7fd26", "ofl_lock"),
        (["__libc_do_syscall () at s.S:46", "__pthread_rwlock_wrlock_full (abstime=0x0, rwlock=0x4420d8 <lock>) at c.c:830"], "0x4420d8", "lock"),
        (["syscall ()", "g_mutex_lock_slowpath (mutex=0x7fd4f0005b90) at g.c:1314"], "0x7fd4f0005b90", None),
        (["base::internal::SpinLockDelay (w=w@entry=0x7f73 <tcmalloc::Static::pageheap_lock_>, value=2) at s.h:87"], "0x7f73", "tcmalloc::Static::pageheap_lock_"),
    ],
)  # fmt: skip
def test_a_lock(lines: list[str], address: str, symbol: str | None) -> None:
    process = only_process(read(stack(*lines)))
    (lock,) = process.locks
    assert (lock.address, lock.symbol, lock.named_by) == (address, symbol, "printed in the trace" if symbol else None)
    assert lock.waiters == (process.threads[0].tid,)
    wait = process.threads[0].wait
    assert wait is not None
    assert (wait.kind, wait.address) == ("futex", address)


@pytest.mark.parametrize(
    "lines",
    [
        ["futex_wait_cancelable (futex_word=0x7fff98000c68) at f.h:88", "__pthread_cond_wait (cond=0x7fff98000c40, mutex=0x7fff98000c18) at p.c:655"],
        ["do_futex_wait (sem=sem@entry=0x7599445b75b8, abstime=0x0) at s.c:111", "__new_sem_wait_slow64 (sem=0x7599445b75b8) at s.c:183"],
        ["futex_wait (futex_word=0x7f731c40b65c) at f.h:146", "__thread_gscope_wait () at g.c:51"],
    ],
)  # fmt: skip
def test_a_wait_that_is_no_lock(lines: list[str]) -> None:
    process = only_process(read(stack(*lines)))
    assert process.locks == ()
    assert process.threads[0].wait is not None
    assert process.threads[0].wait.kind == "futex"


@pytest.mark.parametrize(
    "lines",
    [
        ["0x00007f in read () from /lib/libc.so.6", "log_under_mutex_lock (mutex=0x7f1234567) at log.c:3"],
        ["0x00007f in __pthread_cond_wait (cond=<optimized out>) at c.c:1", "my_mutex_lock (mutex=0x7f1234567) at m.c:3"],
        ["__lll_lock_wait (futex=<optimized out>) at l.c:9", "f (futex=0x7f1234567) at f.c:1"],
        ["futex_wait_cancelable (private=0, expected=0, futex_word=0x0) at f.h:88"],
    ],
)
def test_what_is_no_wait(lines: list[str]) -> None:
    process = only_process(read(stack(*lines)))
    assert process.locks == ()
    assert process.threads[0].wait is None


def test_two_threads_wait_for_one_lock() -> None:
    text = "".join(
        f"Thread {number} (Thread 0x7f00 (LWP {100 + number})):\n"
        + stack("__lll_lock_wait_private (futex=0x7f16 <main_arena>) at l.c:34", "malloc ()", "main ()")
        for number in (2, 1)
    )
    (lock,) = only_process(read(text)).locks
    assert lock.waiters == (102, 101)


def test_a_timeout_is_seen() -> None:
    text = stack("__futex_abstimed_wait_common64 (abstime={}, futex_word=0x7f00aa) at f.c:57", "f ()")
    endless, timed = (only_thread(read(text.format(value))).wait for value in ("0x0", "0x7ffc12345670"))
    assert endless is not None
    assert timed is not None
    assert (endless.timed, timed.timed) == (False, True)


@pytest.mark.parametrize("name", ["__GI___waitpid", "waitpid", "__libc_waitpid", "wait4", "__GI___wait4"])
def test_a_child_that_is_waited_for(name: str) -> None:
    wait = only_thread(read(stack(f"0x00007f in {name} (pid=17732, stat_loc=0x0, options=0) at w.c:38", "main ()"))).wait
    assert wait is not None
    assert (wait.kind, wait.peers) == ("wait", (ThreadRef(17732),))


def test_arguments_are_dropped() -> None:
    snapshot = read('#0  0x00007f in login (user=0x55 "alice", password=0x56 "hunter2") at auth.c:3\n' + MAIN)
    assert "hunter2" not in repr(snapshot)
    assert "alice" not in repr(snapshot)
