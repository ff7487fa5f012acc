"""Equal stacks, folded runtime frames, marked frames."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.model import Finding, Frame, Thread
from analyzer.render.frames import as_call, is_runtime, is_wait, normalised, spoken
from analyzer.render.groups import groups, stack_lines
from tests.unit.render import fixtures


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("__GI___libc_fork", "__libc_fork"),
        ("___pthread_mutex_lock", "pthread_mutex_lock"),
        ("fork@@GLIBC_2.34", "fork"),
        ("read@GLIBC_2.2.5", "read"),
        ("step.isra.0.part.3", "step"),
        ("work.constprop.0.cold", "work"),
        ("operator<<", "operator<<"),
        ("main", "main"),
        ("_cgo_6d2e_Cfunc_reexec", "_cgo_6d2e_Cfunc_reexec"),
        (None, None),
    ],
)
def test_names_are_normalised(name: str | None, plain: str | None) -> None:
    assert normalised(name) == plain


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("__libc_fork", "fork"),
        ("__GI___libc_malloc", "malloc"),
        ("_IO_new_proc_open", "proc_open"),
        ("__setenv", "setenv"),
        ("main", "main"),
        ("__", "__"),
        (None, None),
    ],
)
def test_a_function_is_called_as_a_programmer_calls_it(name: str | None, said: str | None) -> None:
    assert spoken(name) == said


def test_only_plain_names_get_parentheses() -> None:
    assert [as_call(name) for name in ("fork", "a::b", "f(int)", "x y")] == ["fork()", "a::b()", "f(int)", "x y"]


@pytest.mark.parametrize(
    "name", ["__GI___lll_lock_wait_private", "futex_wait", "__GI___libc_read", "pthread_cond_timedwait@@GLIBC_2.3.2"]
)
def test_waiting_code(name: str | None) -> None:
    assert is_wait(Frame(0, name))


@pytest.mark.parametrize("name", ["read_config", "reexec", "__libc_fork", "lll_lock_waiter", None, "semaphore"])
def test_code_that_does_more_than_wait(name: str | None) -> None:
    assert not is_wait(Frame(0, name))


@pytest.mark.parametrize(
    "name", ["start_thread", "__GI___clone3", "__libc_start_call_main", "_start", "runtime.goexit", "_PyEval_EvalFrameDefault"]
)
def test_runtime_code(name: str | None) -> None:
    assert is_runtime(Frame(0, name))


@pytest.mark.parametrize("name", ["main", "start_threads", "my_clone", "runtime_check", None, "restart"])
def test_code_of_the_program(name: str | None) -> None:
    assert not is_runtime(Frame(0, name))


def test_equal_stacks_are_one_group_whatever_their_lines() -> None:
    diagnosis = fixtures.hung_unknown(threads=90, different=9)
    process = diagnosis.snapshot.processes[0]
    moved = tuple(
        replace(thread, frames=tuple(replace(one, line=thread.tid + one.level, offset="0x1") for one in thread.frames))
        for thread in process.threads
    )
    moved_diagnosis = replace(diagnosis, snapshot=replace(diagnosis.snapshot, processes=(replace(process, threads=moved),)))
    for one in (diagnosis, moved_diagnosis):
        assert [len(group.threads) for group in groups(one)] == [10] * 9


def test_nameless_frames_at_different_places_are_not_equal() -> None:
    threads = tuple(
        Thread(tid, frames=(Frame(0, None, "/bin/x", offset),)) for tid, offset in ((1, "0x10"), (2, "0x20"), (3, "0x10"))
    )
    diagnosis = fixtures.healthy()
    process = replace(diagnosis.snapshot.processes[0], threads=threads)
    made = groups(replace(diagnosis, snapshot=replace(diagnosis.snapshot, processes=(process,))))
    assert [[thread.tid for thread in group.threads] for group in made] == [[2], [1, 3]]


def test_the_thread_with_the_finding_stands_first_and_alone() -> None:
    diagnosis = fixtures.proven()
    first, *others = groups(diagnosis)
    assert (first.process.pid, [thread.tid for thread in first.threads]) == (2560, [2560])
    assert first.finding is diagnosis.findings[0]
    assert all(group.finding is None for group in others)


def told(thread: Thread, finding: Finding | None = None) -> list[object]:
    lines: list[object] = []
    for line in stack_lines(thread, finding):
        mark = "!" if line.guilty else "+" if line.matched else ""
        if line.folded:
            lines.append([frame.level for frame in line.folded])
        elif line.frame is None:
            lines.append(f"cut {line.missing}")
        else:
            lines.append(f"{line.frame.level}{mark}")
    return lines


def test_runtime_frames_are_folded_and_marked_ones_never() -> None:
    diagnosis = fixtures.proven()
    finding = diagnosis.findings[0]
    thread = diagnosis.snapshot.processes[1].threads[0]
    assert told(thread, finding) == ["0+", "1+", "2+", "3+", "4!", "5", "6", [7, 8, 9, 10]]
    assert told(thread, replace(finding, guilty_level=8, matched_levels=(9,))) == [*map(str, range(8)), "8!", "9+", "10"]


def test_one_runtime_frame_alone_is_not_folded() -> None:
    frames = fixtures.stack(("main", "/bin/x"), ("_start", "/bin/x"))
    assert told(Thread(1, frames=frames)) == ["0", "1"]


def test_missing_frames_are_told_where_they_are_missing() -> None:
    frames = fixtures.stack(*[(f"f{n}", "/bin/x") for n in range(100)])
    middle = Thread(1, frames=(*frames[:3], *frames[98:]), frames_total=100, cut=True)
    assert told(middle) == ["0", "1", "2", "cut 95", "98", "99"]
    assert told(Thread(1, frames=frames[:2], frames_total=100, cut=True)) == ["0", "1", "cut 98"]
    assert told(Thread(1, frames=frames[:2], cut=True)) == ["0", "1", "cut -1"]
    assert told(Thread(1, frames=frames[:2])) == ["0", "1"]
