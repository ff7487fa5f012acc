"""What is advised fits who reads it: a text's reader can only ask, a core's can give files, a process's can do more."""

from __future__ import annotations

import pytest

from analyzer.analyse import analyse_trace
from analyzer.diagnose import diagnose
from analyzer.model import CaptureMethod, Diagnosis
from analyzer.render import render
from tests.unit.diagnose.build import shipped, snapshot, thread

MUTEX = (
    "#0  0x01 in __lll_lock_wait () from /lib64/libpthread.so.0\n#1  0x02 in pthread_mutex_lock () from /lib64/libpthread.so.0\n"
)
OUTER = "#2  0x03 in work ()\n#3  0x04 in main ()\n"


def read(text: str) -> Diagnosis:
    return analyse_trace(text, "ticket")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (MUTEX + "(More stack frames follow...)\n", "ask for the whole stack, with debug symbols"),
        (MUTEX + OUTER, "who holds it? Ask for the stacks of all its threads, and of its parent"),
        ("#0  0x01 in ?? ()\n#1  0x02 in ?? ()\n", "ask for the stack with debug symbols"),
        ("$ strace -p 7\nfutex(0x7f00, FUTEX_WAIT_PRIVATE, 2, NULL <unfinished ...>\n", "only its own stack tells: ask for that"),
        ("# cat /proc/7/stack\n[<0>] futex_wait_queue+0x64/0x90\n", "something in the kernel (futex_wait_queue)"),
        (MUTEX.replace("pthread_mutex_lock", "fork").replace("libpthread", "libc"), "ask for the report of «hanganalyze PID»"),
    ],
)  # fmt: skip
def test_whoever_has_a_text_is_told_what_to_ask_for(text: str, asked: str) -> None:
    told = " ".join(read(text).unexplained)
    assert asked in told
    assert "gdb -p PID -batch -ex 'thread apply all bt'" in told or "gcore PID" in told
    assert "--exe" not in told


@pytest.mark.parametrize(
    ("method", "wanted", "unwanted"),
    [("trace", "Ask the reporter", "rights"), ("core", "--sysroot", "rights"), ("attach", "more rights", "reporter")],
)
def test_the_head_of_an_unclear_report(method: CaptureMethod, wanted: str, unwanted: str) -> None:
    diagnosis = diagnose(snapshot(thread("spin prog <- main prog"), method=method), shipped())
    assert diagnosis.status == "unclear"
    head = " ".join(render(diagnosis, "text").decode().split())
    assert wanted in head
    assert unwanted not in head
    assert ("hanganalyze doctor" in head) is (method == "attach")
