# ruff: noqa: E501 - the lines are as long as tools print them
"""One line, one frame: every shape that the tools of the last fifteen years give it."""

from __future__ import annotations

import pytest

from analyzer.capture.trace.calls import parse_call
from analyzer.capture.trace.frames import FAST, known, read_frame
from analyzer.model import Frame
from tests.unit.trace.samples import only_thread, read

LINES: list[tuple[str, Frame]] = [
    ("#0  0x00007f00f9a7d9b5 in raise () from /lib64/libc.so.6", Frame(0, "raise", "/lib64/libc.so.6")),
    ("#1  __lll_lock_wait_private () at lowlevellock.S:95", Frame(1, "__lll_lock_wait_private", file="lowlevellock.S", line=95)),
    ("#2  <signal handler called>", Frame(2, "<signal handler called>", signal=True)),
    ("#3  0x000055c5 in ?? ()", Frame(3, None)),
    ("#4  0x0000000000000000 in ?? ()", Frame(4, None)),
    ("#5  0x00007f1110e10540 in ?? () at dl-open.c:200 from /lib64/ld.so.2", Frame(5, None, "/lib64/ld.so.2", None, "dl-open.c", 200)),
    ("#6  0x00007f1110e10540 in ??? () at /usr/lib/libc.so.6", Frame(6, None, "/usr/lib/libc.so.6")),
    ("#10 0xb7e95aa5 in pthread_cond_wait@@GLIBC_2.3.2 () from /lib/libpthread.so.0", Frame(10, "pthread_cond_wait@@GLIBC_2.3.2", "/lib/libpthread.so.0")),
    ("#100 0x000003ff8f25f582 in __syscall_cp (nr=238, z=0) at src/thread/__syscall_cp.c:19", Frame(100, "__syscall_cp", file="src/thread/__syscall_cp.c", line=19)),
    ("#1 0x00007fc62820e479 in _L_lock_909 () from /lib/libpthread.so.0", Frame(1, "_L_lock_909", "/lib/libpthread.so.0")),
    ("#3: 0x00007fc62820e479 in fork () from /lib/libc.so.6", Frame(3, "fork", "/lib/libc.so.6")),
    ("# 3  0x00007fc62820e479 in fork () from /lib/libc.so.6", Frame(3, "fork", "/lib/libc.so.6")),
    ("#0  0x0000fffff7ec6fc0 [GCS error] in __GI__Fork () at ../sysdeps/nptl/_Fork.c:50", Frame(0, "__GI__Fork", file="../sysdeps/nptl/_Fork.c", line=50)),
    ("#1  0x0000fffff7ec6fc0 [PAC] in fork () from /lib/libc.so.6", Frame(1, "fork", "/lib/libc.so.6")),
    ("#0  futex_wait (private=0, futex_word=0x77f0 <main_arena>)", Frame(0, "futex_wait")),
    ("#2  0x00007feefe716232 in lockAll () at https://github.com/x/y/blob/master/lib/z.c#L305", Frame(2, "lockAll", file="https://github.com/x/y/blob/master/lib/z.c", line=305)),
    ("#3  0x00007f1f in operator new(unsigned long) () from /lib/libstdc++.so.6", Frame(3, "operator new(unsigned long)", "/lib/libstdc++.so.6")),
    ("#3  0x0000000000400a9b in func1() ()", Frame(3, "func1()")),
    ("#4  0x0000000000400ad7 in thread1(void*) ()", Frame(4, "thread1(void*)")),
    ("#3  0x00007f in time_zone::to_TIME(st_mysql_time*, long) const ()", Frame(3, "time_zone::to_TIME(st_mysql_time*, long) const")),
    ("#5  0x00007f in (anonymous namespace)::handler(int, siginfo*) () from /lib/x.so", Frame(5, "(anonymous namespace)::handler(int, siginfo*)", "/lib/x.so")),
    ("#5  0x00007f in foo<int, (kind)1>::bar (this=0x1, f=...) at a.hpp:7", Frame(5, "foo<int, (kind)1>::bar", file="a.hpp", line=7)),
    ("#6  std::vector<void*, std::allocator<void*> >::_M_append (this=0x7f, __n=40) at v.tcc:557", Frame(6, "std::vector<void*, std::allocator<void*> >::_M_append", file="v.tcc", line=557)),
    ("#7  0x01 in std::operator<< <std::char_traits<char> > (o=..., s=0x2 \"a) at b\") at o:611", Frame(7, "std::operator<< <std::char_traits<char> >", file="o", line=611)),
    ("#8  0x01 in a::{lambda(int)#1}::operator()(int) const (__closure=0x7) at l.cc:3", Frame(8, "a::{lambda(int)#1}::operator()(int) const", file="l.cc", line=3)),
    ("#9  main.(*T).run (t=0xc000) at /home/user/my project/main.go:12", Frame(9, "main.(*T).run", file="/home/user/my project/main.go", line=12)),
    ("#1  0x00007fce1090b895 in __GI_abort", Frame(1, "__GI_abort")),
    ("#5  0x00007f48b7360841 in postfork_child () from grpc.so", Frame(5, "postfork_child", "grpc.so")),
    ("#0  0x00007f in f () from target:/lib/x86_64-linux-gnu/libpthread.so.0", Frame(0, "f", "target:/lib/x86_64-linux-gnu/libpthread.so.0")),
    ("#0  0x00007f in f () from /lib/libfoo.so.1 (deleted)", Frame(0, "f", "/lib/libfoo.so.1 (deleted)")),
    ("#0  0x00007fa2f2b6612b __GI___lll_lock_wait", Frame(0, "__GI___lll_lock_wait")),
    ("#1  0x00007fa2f2b6c482 - 1 main - /usr/bin/x", Frame(1, "main", "/usr/bin/x")),
    ("#1  0x00007fa2f2b6c482     main - /usr/lib64/libc-2.19.so", Frame(1, "main", "/usr/lib64/libc-2.19.so")),
    ("#3  0x00007fa2f2b1c050 __restore_rt", Frame(3, "__restore_rt", signal=True)),
    ("#0  0x00007f6e8e9b7d3d raise (libc.so.6 + 0x38d3d)", Frame(0, "raise", "libc.so.6", "0x38d3d")),
    ("#1  0x00007f6e8e9b7d3d n/a (prog + 0x1136)", Frame(1, None, "prog", "0x1136")),
    ("#2  0x00007f6e8e9b7d3d _ZN3foo3barEv (libfoo.so)", Frame(2, "_ZN3foo3barEv", "libfoo.so")),
    ("#2  0x00007f6e8e9b7d3d n/a (/usr/lib/x86_64-linux-gnu/libc-2.31.so (deleted) + 0x1)", Frame(2, None, "/usr/lib/x86_64-linux-gnu/libc-2.31.so (deleted)", "0x1")),
    ("#0 0x55d0c71bd2b4 in main /src/foo.c:12:3", Frame(0, "main", file="/src/foo.c", line=12)),
    ("#1 0x7f3a224444b0  (/lib/x86_64-linux-gnu/libc.so.6+0x2a) (BuildId: 5f)", Frame(1, None, "/lib/x86_64-linux-gnu/libc.so.6", "0x2a")),
    ("#1 0x7f3a224444b0 in foo(int, char) /src/foo.cc:9:1", Frame(1, "foo(int, char)", file="/src/foo.cc", line=9)),
    ("#1 0x7f3a224444b0 in __libc_start_main (/lib/libc.so.6+0x2a40)", Frame(1, "__libc_start_main", "/lib/libc.so.6", "0x2a40")),
    ("#0 [ffff88003f] __schedule at ffffffff81609782", Frame(0, "__schedule", "[kernel]")),
    ("#00 pc 0001d328  /system/lib/libc.so (syscall+28)", Frame(0, "syscall", "/system/lib/libc.so", "0x1d328")),
]  # fmt: skip


@pytest.mark.parametrize(("line", "frame"), LINES, ids=[line[:60] for line, _ in LINES])
def test_a_line(line: str, frame: Frame) -> None:
    found = read_frame(line)
    assert found is not None
    assert found.frame == frame


@pytest.mark.parametrize("line", [line for line, _ in LINES])
def test_the_fast_path_agrees_with_the_careful_one(line: str) -> None:
    match = FAST.match(line)
    if match is not None:
        found = read_frame(line)
        assert found is not None
        assert known(match.groups())[1] == found.frame


def test_the_fast_path_takes_the_usual_lines() -> None:
    assert sum(FAST.match(line) is not None for line, _ in LINES) >= 10


@pytest.mark.parametrize(
    "line",
    ["#12 is fixed now", "#3", "# Heading", "#include <stdio.h>", "#!/bin/sh", "#4 (closed)", "## 0x12", "#hash", "#", ""],
)
def test_prose_is_no_frame(line: str) -> None:
    assert read(f"{line}\n").processes == ()


@pytest.mark.parametrize("line", ["#12 Fix the thing (again)", "#7 foo (bar)"])
def test_an_issue_is_no_frame_behind_a_stack(line: str) -> None:
    thread = only_thread(read(f"#0  0x00007f0000000001 in f ()\n#1  0x00007f0000000002 in main ()\n\n{line}\n"))
    assert len(thread.frames) == 2


def test_addresses_may_be_left_out() -> None:
    thread = only_thread(read("#0  a ()\n#1  b (x=1)\n#2  main () at m.c:3\n"))
    assert [frame.function for frame in thread.frames] == ["a", "b", "main"]


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("Foo::operator()(int) const (this=0x1)", "Foo::operator()(int) const"),
        ("Foo::operator-> (this=0x1)", "Foo::operator->"),
        ("Foo::operator< (this=0x1)", "Foo::operator<"),
        ("operator delete (p=0x1)", "operator delete"),
        (
            "std::function<void (std::pair<int, int> (*)(char))>::f (x=1)",
            "std::function<void (std::pair<int, int> (*)(char))>::f",
        ),
        ("name(a=1, b=2) at x.c:3", "name"),
        ("", None),
    ],
)
def test_where_a_name_ends(text: str, function: str | None) -> None:
    assert parse_call(text).function == function
