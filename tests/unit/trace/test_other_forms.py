# ruff: noqa: E501 - the lines are as long as tools print them
"""Forms that are not gdb's, as people paste them: crash collectors, kernels, profilers, other debuggers, sentences."""

from __future__ import annotations

import pytest

from analyzer.model import Frame, Module
from tests.unit.trace.samples import names, only_process, only_thread, read

COREDUMPCTL = """\
           PID: 17732 (loader)
           UID: 1000 (user)
        Signal: 6 (ABRT)
     Timestamp: Tue 2024-11-05 10:12:13 CET (5min ago)
  Command Line: loader --token secret
    Executable: /usr/bin/loader
       Message: Process 17732 (loader) of user 1000 dumped core.

                Module libc.so.6 with build-id 93ac61ec5a8eb1396f9fbd350e3169a558528a40
                Module loader without build-id.
                Stack trace of thread 17732:
                #0  0x00007f471f0a90d6 __lll_lock_wait_private (libc.so.6 + 0x860d6)
                #1  0x00007f471f0a7464 _IO_list_lock (libc.so.6 + 0x84464)
                #2  0x00007f471f0f7170 fork (libc.so.6 + 0xd4170)
                #3  0x000055c5e612f2db n/a (loader + 0x12db)

                Stack trace of thread 17733:
                #0  0x00007f471f0f6df2 pause (libc.so.6 + 0xd3df2)
                ELF object binary architecture: IBM S/390
"""


def test_coredumpctl() -> None:
    process = only_process(read(COREDUMPCTL))
    assert (process.pid, process.name, process.executable, process.architecture) == (17732, "loader", "/usr/bin/loader", "s390x")
    assert process.modules == (Module("libc.so.6", "93ac61ec5a8eb1396f9fbd350e3169a558528a40"),)
    main, other = process.threads
    assert names(main) == ["__lll_lock_wait_private", "_IO_list_lock", "fork", None]
    assert main.frames[3] == Frame(3, None, "loader", "0x12db")
    assert (other.tid, names(other)) == (17733, ["pause"])
    assert "secret" not in repr(process)


def test_the_same_from_the_journal() -> None:
    lines = COREDUMPCTL[COREDUMPCTL.index("Process 17732") :].splitlines()
    journal = "".join(f"Nov 05 10:12:13 host systemd-coredump[99]: {line.strip()}\n" for line in lines)
    assert [len(thread.frames) for thread in only_process(read(journal)).threads] == [4, 1]


def test_a_list_that_begins_in_the_middle_belongs_to_what_follows() -> None:
    text = COREDUMPCTL[COREDUMPCTL.index("#2") :]
    process = only_process(read(text))
    assert [(thread.tid, thread.cut) for thread in process.threads] == [(0, True), (17733, False)]


KERNEL = ["futex_wait_queue", "futex_wait", "do_futex", "__x64_sys_futex", "do_syscall_64", "entry_SYSCALL_64_after_hwframe"]


@pytest.mark.parametrize(
    "layout",
    [
        "==> /proc/100/task/101/stack <==\n{0}\n==> /proc/100/task/102/stack <==\n{0}",
        "/proc/100/task/101/stack:\n{0}\n/proc/100/task/102/stack:\n{0}",
        "$ cat /proc/100/task/101/stack\n{0}$ cat /proc/100/task/102/stack\n{0}",
    ],
)
def test_stacks_of_the_kernel_with_their_paths(layout: str) -> None:
    stack = "".join(f"[<0>] {name}+0x64/0x90\n" for name in KERNEL)
    process = only_process(read(layout.format(stack)))
    assert process.pid == 100
    assert [(thread.tid, names(thread), thread.wchan) for thread in process.threads] == [
        (101, KERNEL, KERNEL[0]),
        (102, KERNEL, KERNEL[0]),
    ]


@pytest.mark.parametrize("heading", ["{0}", "TID {0}:", "=== {0} ===", "thread: {0}"])
def test_stacks_of_the_kernel_in_a_loop_that_prints_ids(heading: str) -> None:
    stack = "".join(f"[<0>] {name}+0x64/0x90\n" for name in KERNEL)
    process = only_process(read("".join(f"{heading.format(tid)}\n{stack}" for tid in (101, 102))))
    assert [(thread.tid, names(thread)) for thread in process.threads] == [(101, KERNEL), (102, KERNEL)]


def test_stacks_of_the_kernel_from_grep() -> None:
    text = "".join(f"/proc/100/task/{tid}/stack:[<0>] {name}+0x64/0x90\n" for tid in (101, 102) for name in KERNEL)
    assert [names(thread) for thread in only_process(read(text)).threads] == [KERNEL, KERNEL]


def test_stacks_of_the_kernel_with_nothing_between() -> None:
    stack = "".join(f"[<0>] {name}+0x64/0x90\n" for name in KERNEL)
    process = only_process(read("$ cat /proc/100/task/*/stack\n" + stack * 3))
    assert [names(thread) for thread in process.threads] == [KERNEL] * 3


def test_an_old_kernels_stack_with_doubtful_entries() -> None:
    text = (
        "[<ffffffff98112436>] futex_wait_queue_me+0xc6/0x130\n[<ffffffff980b049b>] ? recalc_sigpending+0x1b/0x70\n"
        "[<ffffffff981131db>] futex_wait+0x17b/0x280 [ext4]\n[<ffffffffffffffff>] 0xffffffffffffffff\n"
    )
    frames = only_thread(read(text)).frames
    assert frames == (Frame(0, "futex_wait_queue_me", "[kernel]"), Frame(1, "futex_wait", "[ext4]"))


def test_the_kernels_report_of_a_hung_task() -> None:
    text = (
        "[1234.567890] INFO: task podman:4242 blocked for more than 120 seconds.\n"
        "[1234.567891]       Not tainted 6.1.0\n"
        "[1234.567892] task:podman          state:D stack:    0 pid: 4242 ppid:     1 flags:0x00004000\n"
        "[1234.567893] Call Trace:\n[1234.567894]  <TASK>\n[1234.567895]  __schedule+0x34d/0x9e0\n"
        "[1234.567896]  ? sched_clock+0x1/0x2\n[1234.567897]  futex_wait+0x10/0x20\n[1234.567898]  </TASK>\n"
    )
    thread = only_thread(read(text))
    assert (thread.tid, thread.name, thread.state, names(thread)) == (4242, "podman", "D", ["__schedule", "futex_wait"])


def test_the_crash_utility() -> None:
    text = (
        'PID: 4242   TASK: ffff88003d5c2f70  CPU: 1   COMMAND: "podman"\n'
        " #0 [ffff88003d5c3b38] __schedule at ffffffff816096d2\n #1 [ffff88003d5c3bc0] futex_wait_queue_me at ffffffff810f5c26\n"
    )
    thread = only_thread(read(text))
    assert (thread.tid, thread.name, names(thread)) == (4242, "podman", ["__schedule", "futex_wait_queue_me"])
    assert thread.frames[0].module == "[kernel]"


def test_wchan_in_one_line() -> None:
    text = "== pid 15887 (child)   State: S   Threads: 1   wchan: futex_do_wait   PPid: 15881\n"
    process = only_process(read(text))
    assert (process.pid, process.ppid, process.threads[0].wchan, process.threads[0].state) == (15887, 15881, "futex_do_wait", "S")


def test_perf_script_of_two_threads() -> None:
    text = (
        "podman 4241/4242 [001] 1234.567890: sched:sched_switch: prev_comm=podman\n"
        "\tffffffff810 __schedule+0x5b ([kernel.kallsyms])\n"
        "\t    7f12345 __lll_lock_wait_private+0x2b (/usr/lib64/libc.so.6)\n\t     55d [unknown] (/usr/bin/podman)\n\n"
        "podman 4241/4241 [000] 1234.667890: cycles:u:\n\t7f12 __poll+0x1 (/usr/lib64/libc.so.6 (deleted))\n\n"
    )
    main, other = only_process(read(text)).threads
    assert names(other) == ["__schedule", "__lll_lock_wait_private", None]
    assert [frame.module for frame in other.frames] == ["[kernel]", "/usr/lib64/libc.so.6", "/usr/bin/podman"]
    assert (main.tid, main.frames[0].module) == (4241, "/usr/lib64/libc.so.6 (deleted)")


def test_systemtap() -> None:
    text = (
        " 0x7f88a68d858c : __lll_lock_wait_private+0x1c/0x30 [/usr/lib64/libc-2.23.so]\n"
        " 0x7f88a68487da : __libc_malloc+0xba/0x140 [/usr/lib64/libc-2.23.so]\n"
    )
    thread = only_thread(read(text))
    assert names(thread) == ["__lll_lock_wait_private", "__libc_malloc"]
    assert thread.frames[0].module == "/usr/lib64/libc-2.23.so"


def test_gdbs_info_line_as_a_list() -> None:
    text = (
        "0x560ed is in je_malloc_mutex_lock_slow (include/atomic.h:69).\n0x4aca0 is in extent_split_impl (include/mutex.h:205).\n"
    )
    assert only_thread(read(text)).frames == (
        Frame(0, "je_malloc_mutex_lock_slow", file="include/atomic.h", line=69),
        Frame(1, "extent_split_impl", file="include/mutex.h", line=205),
    )


def test_jstack_with_native_frames() -> None:
    text = (
        "Attaching to process ID 1234, please wait...\nDebugger attached successfully.\n"
        "----------------- 1235 -----------------\n0x00007f0000000001\t__pthread_cond_wait + 0xc0\n"
        "0x00007f0000000002\t* java.lang.Object.wait(long) bci:0 (Interpreted frame)\n0x00007f0000000003\t????????\n"
        "----------------- 1234 -----------------\n0x00007f0000000001\tpthread_join + 0xaa\n"
    )
    first, second = sorted(only_process(read(text)).threads, key=lambda thread: thread.tid, reverse=True)
    assert (first.tid, names(first)) == (1235, ["__pthread_cond_wait", "java.lang.Object.wait(long)", None])
    assert (second.tid, names(second)) == (1234, ["pthread_join"])


def test_the_old_pstack() -> None:
    text = "0x7f6e8e9b7d3d: __poll + 2d (1, 2, 3, 4)\n0x401136: main + 16 (0, 0)\n"
    assert names(only_thread(read(text))) == ["__poll", "main"]


@pytest.mark.parametrize(
    ("text", "functions"),
    [
        ("All 8 block in `futex_wait` ← `__lll_lock_wait_private` ← `__check_pf` (`check_pf.c:307`) ← `getaddrinfo`", ["futex_wait", "__lll_lock_wait_private", "__check_pf", "getaddrinfo"]),
        ("main thread: `rb_fork_ruby → rb_thread_acquire_fork_lock → pthread_rwlock_wrlock` (a `Kernel#fork`)", ["pthread_rwlock_wrlock", "rb_thread_acquire_fork_lock", "rb_fork_ruby"]),
        ("futex_wait <- lll_lock_wait <- malloc()", ["futex_wait", "lll_lock_wait", "malloc"]),
    ],
)  # fmt: skip
def test_a_stack_in_a_sentence(text: str, functions: list[str]) -> None:
    thread = only_thread(read(text + "\n"))
    assert names(thread) == functions
    assert thread.cut


@pytest.mark.parametrize("text", ["a -> b -> c", "x = p->next->prev; y", "This -> is -> prose that goes on", "the lock -> freed"])
def test_other_arrows(text: str) -> None:
    assert read(text + "\n").processes == ()


def test_go_left_frames_out() -> None:
    text = "goroutine 1 [running]:\nmain.f(0x1)\n\t/src/main.go:3 +0x1\n...additional frames elided...\ncreated by main.g\n\t/src/main.go:9 +0x2\n"
    thread = only_thread(read(text))
    assert (names(thread), thread.cut) == (["main.f"], True)


def test_a_goroutine_that_go_could_not_print() -> None:
    text = "goroutine 7 [running]:\n\tgoroutine running on other thread; stack unavailable\ncreated by main.main\n\ngoroutine 8 [select, 3 minutes]:\nmain.f()\n\t/a.go:1\n"
    unknown, waiting = only_process(read(text)).threads
    assert (unknown.tid, unknown.frames, unknown.problem) == (
        7,
        (),
        "Go could not print it: the goroutine was running on another thread",
    )
    assert waiting.wait is not None
    assert waiting.wait.text == "in Go: select, 3 minutes"


def test_two_go_dumps_are_two_processes() -> None:
    dump = "SIGQUIT: quit\nPC=0x46d7e1 m=0 sigcode=0\n\ngoroutine 1 [select]:\nmain.main()\n\t/src/main.go:3 +0x1\n\n"
    assert len(read(dump * 2).processes) == 2


def test_threads_of_one_go_dump_stay_together() -> None:
    part = "SIGQUIT: quit\nPC=0x46d7e1 m={0} sigcode=0\n\ngoroutine 0 [idle]:\nruntime.futex()\n\t/src/sys.s:3 +0x1\n\n-----\n\n"
    process = only_process(read(part.format(0) + part.format(1)))
    assert len(process.threads) == 2
