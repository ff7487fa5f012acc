"""What real tools printed on real processes: gdb, eu-stack, strace, perf, addr2line, Delve, Go, the kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.capture.trace import parse
from analyzer.model import Frame, ThreadRef
from tests.unit.trace.samples import RECORDED, all_frames, names, only_process, only_thread, recorded

FORK_WAIT = ["futex_wait", "__GI___lll_lock_wait_private", "__GI__IO_list_lock", "__libc_fork", "start_helper", "main"]
HOLDER = [
    "__libc_pause", "hold", "_IO_cookie_write", "new_do_write", "_IO_new_do_write", "_IO_flush_all_lockp", "__GI__IO_flush_all",
    "__GI__IO_fflush", "flusher", "start_thread", "clone3",
]  # fmt: skip
WAITS_FOR_CHILD = ["__GI___wait4", "__GI___waitpid", "main"]


@pytest.mark.parametrize("name", ["gdb-raw-clone-child", "gdb-mi-console"])
def test_the_hung_child_with_debug_information(name: str) -> None:
    process = only_process(recorded(name))
    thread = only_thread(recorded(name))
    assert (process.pid, process.name, thread.tid) == (17732, "loader", 17732)
    assert names(thread) == FORK_WAIT
    assert thread.frames[2] == Frame(2, "__GI__IO_list_lock", None, None, "./libio/genops.c", 1102)
    assert not thread.cut
    assert thread.frames_total == 6
    assert thread.wait is not None
    assert (thread.wait.kind, thread.wait.address) == ("futex", "0x7f471f1f89f0")
    (lock,) = process.locks
    assert (lock.symbol, lock.address, lock.named_by, lock.waiters) == (
        "list_all_lock", "0x7f471f1f89f0", "printed in the trace", (17732,),
    )  # fmt: skip


def test_the_hung_child_without_debug_information() -> None:
    snapshot = recorded("gdb-no-debug-info")
    thread = only_thread(snapshot)
    assert only_process(snapshot).pid == 17732
    assert names(thread) == ["__lll_lock_wait_private", "_IO_list_lock", "fork", "start_helper", "main"]
    assert {frame.module for frame in thread.frames[:3]} == {"/lib/x86_64-linux-gnu/libc.so.6"}
    assert thread.wait is None
    assert only_process(snapshot).locks == ()


@pytest.mark.parametrize("name", ["gdb-bt-full", "gdb-mi", "gdb-terminal"])
def test_the_parent_and_its_threads(name: str) -> None:
    """With all local variables; as machine interface records out of order; from a terminal with a pager and colours."""
    process = only_process(recorded(name))
    assert process.pid == 17730
    assert [(thread.tid, names(thread), thread.cut) for thread in process.threads] == [
        (17730, WAITS_FOR_CHILD, False),
        (17731, HOLDER, False),
    ]
    assert process.threads[0].wait is not None
    assert process.threads[0].wait.peers == (ThreadRef(17732),)
    assert process.locks == ()


def test_every_way_of_gdb_tells_the_same() -> None:
    assert all_frames(recorded("gdb-bt-full")) == all_frames(recorded("gdb-terminal")) == all_frames(recorded("gdb-mi"))


def test_info_threads_before_one_backtrace() -> None:
    main, other = only_process(recorded("gdb-info-threads")).threads
    assert (main.tid, names(main), main.cut) == (17730, WAITS_FOR_CHILD, False)
    assert (other.tid, names(other), other.cut, other.problem) == (
        17731, ["__libc_pause"], True, "only the innermost frame was listed",
    )  # fmt: skip


def test_eu_stack() -> None:
    main, other = only_process(recorded("eu-stack")).threads
    assert names(main) == ["wait4", "main", "__libc_start_call_main", "__libc_start_main@@GLIBC_2.34", "_start"]
    assert (other.tid, names(other)[:3]) == (17731, ["pause", "hold", "_IO_cookie_write"])


def test_eu_stack_with_sources_and_libraries() -> None:
    thread = only_thread(recorded("eu-stack-v"))
    assert names(thread)[:6] == FORK_WAIT
    assert thread.frames[1] == Frame(
        1, "__GI___lll_lock_wait_private", "/usr/lib/x86_64-linux-gnu/libc.so.6", None, "./nptl/lowlevellock.c", 34
    )


def test_eu_stack_with_build_ids() -> None:
    snapshot = recorded("eu-stack-build-ids")
    assert only_thread(snapshot).frames[2] == Frame(
        2, "__GI__IO_list_lock", "/usr/lib/x86_64-linux-gnu/libc.so.6", "0x84463", "./libio/genops.c", 1102
    )
    assert [(module.path, module.build_id) for module in only_process(snapshot).modules] == [
        ("/usr/lib/x86_64-linux-gnu/libc.so.6", "93ac61ec5a8eb1396f9fbd350e3169a558528a40"),
        ("/src/loader", "1144f46c8bca03bc3753d37c4ac0c8b0ebc60156"),
    ]


def test_strace_attached_to_two_processes() -> None:
    parent, child = recorded("strace-attach").processes
    assert [(thread.tid, thread.wait.kind if thread.wait else None) for thread in parent.threads] == [
        (17730, "wait"),
        (17731, "pause"),
    ]
    (waiting,) = child.threads
    assert (child.pid, waiting.tid, waiting.frames) == (17732, 17732, ())
    assert waiting.wait is not None
    assert (waiting.wait.kind, waiting.wait.address, waiting.wait.timed) == ("futex", "0x7f471f1f89f0", False)


def test_strace_that_saw_the_raw_clone() -> None:
    parent, child = recorded("strace-run").processes
    assert [thread.tid for thread in parent.threads] == [18075, 18076]
    assert (child.pid, child.ppid) == (18077, 18075)
    assert child.capture is not None
    assert any("raw clone" in note for note in child.capture.notes)
    assert parent.capture is not None
    assert not any("raw clone" in note for note in parent.capture.notes)


def test_proc_stack() -> None:
    process = only_process(recorded("proc-stack"))
    assert process.pid == 17730
    main, other = process.threads
    assert names(main) == ["do_wait", "kernel_wait4", "do_syscall_64", "entry_SYSCALL_64_after_hwframe"]
    assert {frame.module for frame in main.frames} == {"[kernel]"}
    assert (other.tid, other.wchan, names(other)[0]) == (17731, "__do_sys_pause", "__do_sys_pause")


def test_proc_syscall_and_wchan() -> None:
    thread = only_thread(recorded("proc-syscall"))
    assert (thread.tid, thread.wchan) == (17732, "futex_do_wait")
    assert thread.syscall is not None
    assert (thread.syscall.number, thread.syscall.name, thread.syscall.arguments[:3]) == (
        202, "futex", ("0x7f471f1f89f0", "0x80", "0x2"),
    )  # fmt: skip
    assert thread.wait is not None
    assert thread.wait.address == "0x7f471f1f89f0"


def test_perf_script_shows_the_last_sample_of_a_thread() -> None:
    thread = only_thread(recorded("perf-script"))
    assert (thread.tid, thread.name) == (19603, "loader")
    assert names(thread) == [
        "smp_call_function_many_cond", "on_each_cpu_cond_mask", "flush_tlb_mm_range", "dup_mmap", "copy_process", "kernel_clone",
        "__do_sys_clone", "do_syscall_64", "entry_SYSCALL_64_after_hwframe", "syscall",
    ]  # fmt: skip
    assert thread.frames[0].module == "[kernel]"


def test_addr2line() -> None:
    pretty, plain = only_thread(recorded("addr2line-pretty")), only_thread(recorded("addr2line-plain"))
    assert pretty.frames == (Frame(0, "take", file="/src/h.c", line=6), Frame(1, "h", file="/src/h.c", line=8))
    assert plain.frames == (*pretty.frames, Frame(2, None))


def test_backtrace_symbols() -> None:
    thread = only_thread(recorded("backtrace-symbols"))
    assert names(thread) == ["inner", "main", None, "__libc_start_main", "_start"]
    assert thread.frames[2] == Frame(2, None, "/lib/x86_64-linux-gnu/libc.so.6", "0x2724a")


def test_go_sigquit() -> None:
    process = only_process(recorded("go-sigquit"))
    threads = {thread.name: thread for thread in process.threads}
    assert next(iter(threads)) == "goroutine 0"
    assert names(threads["goroutine 1"]) == [
        "runtime.gopark", "runtime.chanrecv", "runtime.chanrecv1", "main.main", "runtime.main", "runtime.goexit",
    ]  # fmt: skip
    locked = threads["goroutine 18"]
    assert locked.wait is not None
    assert (locked.wait.kind, locked.wait.text) == ("lock", "in Go: semacquire")
    assert locked.frames[4] == Frame(4, "sync.(*Mutex).lockSlow", file="/usr/lib/go-1.19/src/sync/mutex.go", line=171)
    assert names(locked)[6] == "main.(*server).handle"
    assert process.capture is not None
    assert any("goroutines" in note for note in process.capture.notes)


def test_delve_goroutines() -> None:
    threads = {thread.name: thread for thread in only_process(recorded("delve-goroutines")).threads}
    assert len(threads) == 8
    assert not any(thread.cut for thread in threads.values())
    assert names(threads["goroutine 18"])[5:8] == ["sync.(*Mutex).Lock", "main.(*server).handle", "main.main.func2"]


def test_delve_threads_and_the_selected_ones_stack() -> None:
    selected, *others = only_process(recorded("delve-bt")).threads
    assert (selected.tid, len(selected.frames), selected.cut) == (19519, 9, False)
    assert [(thread.tid, thread.cut) for thread in others] == [(19524, True), (19525, True), (19526, True)]


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.txt")), ids=lambda path: path.stem)
def test_nothing_recorded_is_unreadable(path: Path) -> None:
    assert parse(path.read_bytes().decode()).quality.unreadable == 0
