# ruff: noqa: E501 - the lines are as long as tools print them
"""strace: whose call is still open at the end, which ids are processes, and what made them."""

from __future__ import annotations

import pytest

from analyzer.capture.trace.forms.strace_wait import arguments, wait_of
from tests.unit.trace.samples import only_process, only_thread, read


@pytest.mark.parametrize(
    ("call", "kind", "timed"),
    [
        ("futex(0x7f00aa, FUTEX_WAIT_PRIVATE, 2, NULL", "futex", False),
        ("futex(0x7f00aa, FUTEX_WAIT, 2, NULL", "futex", False),
        (
            "futex(0x7f00aa, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 0, {tv_sec=3, tv_nsec=0}, FUTEX_BITSET_MATCH_ANY",
            "futex",
            True,
        ),
        ("futex(0x7f00aa, FUTEX_WAIT_PRIVATE, 3, {tv_sec=4, tv_nsec=999999697}", "futex", True),
        ("wait4(-1, [{WIFEXITED(s)}], 0, NULL", "wait", False),
        ("poll([{fd=3, events=POLLIN}, {fd=4, events=POLLIN}], 2, -1", "poll", False),
        ("poll([{fd=3, events=POLLIN}], 1, 5000", "poll", True),
        ("ppoll([{fd=3}], 1, NULL, NULL, 8", "poll", False),
        ("epoll_wait(4, [{events=EPOLLIN}], 32, 1000", "poll", True),
        ('read(7, "abc, (d", 1024', "read", False),
        ("flock(3, LOCK_EX", "lock", False),
        ("nanosleep({tv_sec=1, tv_nsec=0}, ", "sleep", True),
        ("pause(", "pause", False),
        ("restart_syscall(<... resuming interrupted read ...>", "syscall", None),
    ],
)
def test_a_call_that_waits(call: str, kind: str, timed: bool | None) -> None:
    wait = wait_of(call)
    assert wait is not None
    assert (wait.kind, wait.timed) == (kind, timed)
    assert wait.address == ("0x7f00aa" if kind == "futex" else None)


@pytest.mark.parametrize("call", ["futex(0x7f00aa, FUTEX_WAKE_PRIVATE, 1", "mmap(NULL, 4096, PROT_NONE, 0, -1, 0", "close(3"])
def test_a_call_that_does_not_wait(call: str) -> None:
    assert wait_of(call) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("f(1, {a=2, b=[3, 4]}, NULL) = 0", ["1", "{a=2, b=[3, 4]}", "NULL"]),
        ('f("a, (b", 2', ['"a, (b"', "2"]),
        ('f("never ends, ', ['"never ends,']),
        ("f(", [""]),
        ("f", ["f"]),
    ],
)
def test_arguments(text: str, parts: list[str]) -> None:
    assert arguments(text) == parts


def test_a_call_on_one_line_without_an_end() -> None:
    thread = only_thread(read("strace: Process 24349 attached\nfutex(0x7fd20e6195c0, FUTEX_WAIT_PRIVATE, 2, NULL\n"))
    assert thread.tid == 24349
    assert thread.wait is not None
    assert (thread.wait.kind, thread.wait.address) == ("futex", "0x7fd20e6195c0")


@pytest.mark.parametrize(
    "end", ["NULL^C <unfinished ...>", "NULL <detached ...>", "NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)"]
)
def test_ends_of_a_call_that_was_left_waiting(end: str) -> None:
    thread = only_thread(read(f"Process 9 attached - interrupt to quit\nfutex(0x7f00aa, FUTEX_WAIT_PRIVATE, 2, {end}\n"))
    assert thread.wait is not None
    assert thread.wait.address == "0x7f00aa"


def test_interleaved_threads() -> None:
    text = (
        "[pid 11] futex(0x7f01, FUTEX_WAIT_PRIVATE, 2, NULL <unfinished ...>\n[pid 12] futex(0x7f02, FUTEX_WAKE_PRIVATE, 1 <unfinished ...>\n"
        "[pid 11] <... futex resumed>) = 0\n[pid 12] <... futex resumed>) = 1\n[pid 11] read(3,  <unfinished ...>\n"
        "[pid 12] futex(0x7f03, FUTEX_WAIT_PRIVATE, 2, NULL <unfinished ...>\n"
    )
    process = only_process(read(text))
    assert [(thread.tid, thread.wait.kind if thread.wait else None) for thread in process.threads] == [
        (11, "read"),
        (12, "futex"),
    ]
    assert process.capture is not None
    assert any("cannot be told" in note for note in process.capture.notes)


CLONE_THREAD = (
    "clone(child_stack=0x7f15, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SETTLS, tls=0x7f) = {}"
)
FORK = "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f15) = {}"
RAW = "clone(child_stack=NULL, flags=CLONE_NEWUSER|CLONE_NEWNS|SIGCHLD) = {}"
WAIT = "futex(0x7f00aa, FUTEX_WAIT_PRIVATE, 2, NULL <unfinished ...>"


def test_threads_and_processes() -> None:
    text = (
        f"strace: Process 100 attached\n{CLONE_THREAD.format(101)}\n[pid 100] {FORK.format(200)}\n[pid 101] {RAW.format(300)}\n"
        f"[pid 300] {WAIT}\n[pid 200] {CLONE_THREAD.format(201)}\n[pid 201] pause( <unfinished ...>\n[pid 200] {WAIT}\n"
        "[pid 100] wait4(300,  <unfinished ...>\n[pid 101] +++ exited with 0 +++\n"
    )
    processes = {process.pid: process for process in read(text).processes}
    assert sorted(processes) == [100, 200, 300]
    assert {pid: process.ppid for pid, process in processes.items()} == {100: None, 200: 100, 300: 100}
    assert sorted(thread.tid for thread in processes[200].threads) == [200, 201]
    assert [thread.tid for thread in processes[100].threads] == [100]
    notes = {pid: process.capture.notes if process.capture else () for pid, process in processes.items()}
    assert [pid for pid in notes if any("raw clone" in note for note in notes[pid])] == [300]


@pytest.mark.parametrize(
    "call",
    ["vfork() = 300", "fork() = 300", FORK.format(300), "clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD}, 88) = 300"],
)
def test_what_is_no_raw_clone(call: str) -> None:
    text = f"strace: Process 100 attached\n{call}\n[pid 300] {WAIT}\n[pid 100] wait4(300,  <unfinished ...>\n"
    child = read(text).processes[1]
    assert child.pid == 300
    assert child.capture is not None
    assert not any("raw clone" in note for note in child.capture.notes)


def test_a_clone_that_another_thread_interrupted() -> None:
    text = (
        "[pid 100] clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>\n[pid 101] getpid() = 100\n"
        f"[pid 100] <... clone resumed>) = 300\n[pid 300] {WAIT}\n"
    )
    child = next(process for process in read(text).processes if process.pid == 300)
    assert child.capture is not None
    assert any("raw clone" in note for note in child.capture.notes)


def test_plain_ids_and_times_in_front() -> None:
    text = f"1800904 10:11:12.123456 {WAIT}\n1800902 10:11:13.000000 <... futex resumed>) = 0\n1800902 10:11:14.000000 pause(\n"
    assert [(thread.tid, thread.wait.kind if thread.wait else None) for thread in only_process(read(text)).threads] == [
        (1800904, "futex"),
        (1800902, "pause"),
    ]


def test_stacks_below_calls() -> None:
    text = (
        "1800904 futex(0x73a144000030, FUTEX_WAIT_PRIVATE, 2, NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)\n"
        " > /usr/lib/libc.so.6(__lll_lock_wait_private+0x2b) [0x98feb]\n > /usr/lib/libc.so.6(malloc+0x2d0) [0xada20]\n"
        " > .../prog(segv_handler+0x35) [0x201ca5]\n"
    )
    thread = only_thread(read(text))
    assert [(frame.function, frame.module) for frame in thread.frames] == [
        ("__lll_lock_wait_private", "/usr/lib/libc.so.6"),
        ("malloc", "/usr/lib/libc.so.6"),
        ("segv_handler", ".../prog"),
    ]
    assert thread.wait is not None


def test_a_trace_of_a_healthy_process_is_recognised() -> None:
    snapshot = read(
        "futex(0x1b2b430, FUTEX_WAKE_PRIVATE, 1) = 1\nread(4, 0x7fffac0f7d10, 16) = -1 EAGAIN (Resource temporarily unavailable)\n"
    )
    assert only_thread(snapshot).wait is None
    assert any("strace" in note for note in snapshot.notes)
