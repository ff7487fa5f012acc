# ruff: noqa: E501 - the lines are as long as lldb prints them
"""lldb's backtraces: Linux's are read, macOS's are declined by name, wherever in the text it shows which one it is."""

from __future__ import annotations

import pytest

from analyzer.analyse import catalogue
from analyzer.capture.trace import parse
from analyzer.diagnose import diagnose
from analyzer.errors import TraceDeclined
from analyzer.model import Frame
from tests.unit.trace.samples import names, only_process, only_thread, recorded

FORK = "glibc-fork-lock-after-raw-clone"
TWO_THREADS = """\
(lldb) bt all
* thread #1, name = 'server', stop reason = signal SIGSTOP
  * frame #0: 0x00007ffff7c8fa41 libc.so.6`__GI___poll(fds=0x00005555555592a0, nfds=1, timeout=-1) at poll.c:29:10
    frame #1: 0x00007ffff7e01234 libserver.so.1`___lldb_unnamed_symbol42$$libserver.so.1 + 77
    frame #2: 0x0000555555555189 server`net::Loop::run(this=0x00007fffffffe0f0, limit=3) at loop.cpp:57:12 [opt]
    frame #3: 0x00005555555551f0 server`main [inlined] start(argc=1) at main.cpp:12:3 [opt]
  thread #2, name = 'worker'
    frame #0: 0x00007ffff7c09117 libc.so.6`__futex_abstimed_wait_common + 215
    frame #1: 0x00007ffff7c0b8a0
    frame #2: 0x0000555555556000 server`std::function<void (int)>::operator()(int) const(this=0x0000555555560010, __args=7) at std_function.h:590:9
"""
MACOS_LATE = """\
(lldb) bt all
* thread #1, stop reason = signal SIGSTOP
  * frame #0: 0x0000000100003f80 prog`spin + 12
    frame #1: 0x0000000100003fa0 prog`main + 20
    frame #2: 0x00007ff80a1b2310 dyld`start + 2432
"""


def test_a_real_hung_child() -> None:
    snapshot = recorded("lldb-linux")
    process, thread = only_process(snapshot), only_thread(snapshot)
    assert (process.pid, thread.tid, thread.name) == (15909, 15909, "raw_clone_lock-")
    assert names(thread)[:4] == [
        "__GI___lll_lock_wait_private",
        "__GI___lll_lock_wait_private",
        "__GI__IO_list_lock",
        "__libc_fork",
    ]
    assert thread.frames[3] == Frame(3, "__libc_fork", "libc.so.6", None, "fork.c", 65)
    assert (len(thread.frames), thread.cut) == (9, False)
    assert thread.wait is not None
    assert (thread.wait.kind, thread.wait.address) == ("futex", "0x7fba5bc2b9f0")
    (finding,) = diagnose(snapshot, catalogue()).findings
    assert finding.signature == FORK


def test_two_threads() -> None:
    process = only_process(parse(TWO_THREADS).snapshot)
    assert [thread.name for thread in process.threads] == ["server", "worker"]
    assert [names(thread) for thread in process.threads] == [
        ["__GI___poll", None, "net::Loop::run", "start"],
        ["__futex_abstimed_wait_common", None, "std::function<void (int)>::operator()(int) const"],
    ]
    assert [frame.module for frame in process.threads[0].frames] == ["libc.so.6", "libserver.so.1", "server", "server"]
    assert (process.threads[1].frames[2].file, process.threads[1].frames[2].line) == ("std_function.h", 590)


def test_in_a_quoted_log() -> None:
    quoted = "".join(f"> {line}\n" for line in TWO_THREADS.splitlines())
    assert [len(thread.frames) for thread in only_process(parse(quoted).snapshot).threads] == [4, 3]


@pytest.mark.parametrize("text", [MACOS_LATE, MACOS_LATE.replace("spin", "fork")])
def test_macos_is_declined_even_where_the_last_frame_tells(text: str) -> None:
    with pytest.raises(TraceDeclined, match="lldb backtrace of macOS"):
        parse(text)
