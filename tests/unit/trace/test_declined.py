# ruff: noqa: E501 - the lines are as long as tools print them
"""Traces of other worlds are refused by name; a readable one beside them is read all the same."""

from __future__ import annotations

import pytest

from analyzer.capture.trace import iter_traces, parse, parse_trace, quality
from analyzer.errors import TraceDeclined, UsageError

FOREIGN = {
    "an lldb backtrace of macOS": (
        "(lldb) bt\n* thread #1, queue = 'com.apple.main-thread', stop reason = signal SIGSTOP\n"
        "  * frame #0: 0x00007fff2030e cde libsystem_kernel.dylib`__psynch_cvwait + 10\n"
        "    frame #1: 0x00007fff203101ab libsystem_pthread.dylib`_pthread_cond_wait + 1298\n"
    ),
    "a macOS sample or crash report": (
        "Call graph:\n    2757 Thread_1234   DispatchQueue_1: com.apple.main-thread  (serial)\n"
        "      2757 start  (in libdyld.dylib) + 1  [0x7fff2033cf3d]\n        2757 main  (in prog) + 12  [0x10fa]\n"
    ),
    "a WinDbg stack": (
        "0:000> k\nChild-SP          RetAddr           Call Site\n"
        "00 000000e1`2b3cf5d8 00007ffa`1b2c3d4e ntdll!NtWaitForSingleObject+0x14\n"
    ),
    "a Java thread dump": (
        '"main" #1 prio=5 os_prio=0 tid=0x00007f0000 nid=0x1234 waiting on condition [0x00007f]\n'
        "   java.lang.Thread.State: WAITING (parking)\n\tat jdk.internal.misc.Unsafe.park(java.base@17/Native Method)\n"
    ),
    "a Python traceback": 'Traceback (most recent call last):\n  File "/x.py", line 3, in <module>\n    f()\n',
    "a Solaris pstack": "1234:\t/usr/bin/x\n-----------------  lwp# 1 / thread# 1  --------------------\n fe8a1234 lwp_park (0, 0, 0)\n",
}
CRASH_REPORT = (
    "Thread 0 Crashed:: Dispatch queue: com.apple.main-thread\n"
    "0   libsystem_kernel.dylib        \t0x00007fff2030ecde __psynch_cvwait + 10\n"
)
GDB = "#0  0x00007f0000000001 in f ()\n#1  0x00007f0000000002 in main ()\n"


@pytest.mark.parametrize("form", FOREIGN)
def test_by_name(form: str) -> None:
    with pytest.raises(TraceDeclined, match="is not read") as caught:
        parse_trace(FOREIGN[form])
    assert caught.value.form == form
    assert caught.value.why
    assert isinstance(caught.value, UsageError)
    assert form in str(caught.value)
    assert caught.value.next_command


@pytest.mark.parametrize("form", FOREIGN)
def test_in_a_quoted_log_too(form: str) -> None:
    text = "".join(f"> {line}\n" for line in FOREIGN[form].splitlines())
    with pytest.raises(TraceDeclined):
        parse(text)


def test_a_crash_report() -> None:
    with pytest.raises(TraceDeclined) as caught:
        quality(CRASH_REPORT)
    assert caught.value.form == "a macOS sample or crash report"


@pytest.mark.parametrize("form", FOREIGN)
def test_beside_a_readable_trace(form: str) -> None:
    found = parse(FOREIGN[form] + "\n" + GDB)
    assert len(found.snapshot.processes[-1].threads[0].frames) == 2
    assert found.quality.declined[0][0] == form
    assert any(form in note for note in found.snapshot.notes)


def test_in_a_stream_only_when_nothing_else_is_there() -> None:
    with pytest.raises(TraceDeclined):
        list(iter_traces(FOREIGN["a WinDbg stack"].splitlines()))
    lines = (FOREIGN["a WinDbg stack"] + GDB).splitlines()
    assert len(list(iter_traces(lines))) == 1
