"""From a line of /proc/PID/task/TID/syscall to what the thread waits for."""

from __future__ import annotations

import pytest

from analyzer.capture.architecture import ARCHITECTURES
from analyzer.capture.waits import describe, futex_wait, parse_syscall

X86 = ARCHITECTURES["x86_64"]


def line(number: int, *arguments: int) -> str:
    values = [*arguments, *[0] * (6 - len(arguments)), 0x7FFE0000, 0x7F000000]
    return " ".join([str(number), *map(hex, values)])


def test_the_wait_of_facts_section_two() -> None:
    syscall = parse_syscall("202 0x7f3614ee69f0 0x80 0x2 0x0 0x0 0x0 0x7ffdcd1e4ff8 0x7f3614d970d6", X86)
    assert syscall is not None
    assert (syscall.name, syscall.stack_pointer, syscall.program_counter) == ("futex", "0x7ffdcd1e4ff8", "0x7f3614d970d6")
    futex = futex_wait(syscall)
    assert futex is not None
    assert (futex.address, futex.expected, futex.timed) == (0x7F3614EE69F0, 2, False)


@pytest.mark.parametrize("text", [None, "", "running", "-1 0x7ffe 0x7f", "202 0x1", "x" * 100, "202 a b c d e f g h"])
def test_what_is_no_call(text: str | None) -> None:
    assert parse_syscall(text, X86) is None


@pytest.mark.parametrize(
    ("operation", "timeout", "waits", "timed"),
    [(0, 0, True, False), (0x80, 0, True, False), (0x189, 0x7FFE, True, True), (1, 0, False, False), (0x81, 0, False, False)],
)
def test_futex_operations(operation: int, timeout: int, waits: bool, timed: bool) -> None:
    futex = futex_wait(parse_syscall(line(202, 0x1000, operation, 2, timeout), X86))
    assert (futex is not None) == waits
    if futex is not None:
        assert futex.timed == timed


@pytest.mark.parametrize(
    ("call", "kind", "timed"),
    [
        (line(0, 7), "read", False),
        (line(34), "pause", False),
        (line(35), "sleep", True),
        (line(61, 0xFFFFFFFF), "wait", False),
        (line(7, 0x1000, 1, 0xFFFFFFFF), "poll", False),
        (line(7, 0x1000, 1, 500), "poll", True),
        (line(271, 0x1000, 1, 0), "poll", False),
        (line(271, 0x1000, 1, 0x7FFE), "poll", True),
        (line(73, 3), "lock", False),
    ],
)
def test_words_for_calls(call: str, kind: str, timed: bool) -> None:
    wait = describe(parse_syscall(call, X86), "S")
    assert wait is not None
    assert (wait.kind, wait.timed) == (kind, timed)


def test_a_stop_hides_the_call() -> None:
    wait = describe(parse_syscall(line(0, 7), X86), "T")
    assert wait is not None
    assert wait.kind == "stopped"


def test_the_futex_call_is_known_on_every_architecture() -> None:
    numbers = {"x86_64": 202, "s390x": 238, "aarch64": 98, "ppc64le": 221}
    for name, number in numbers.items():
        assert ARCHITECTURES[name].syscalls[number] == "futex"


RESTART = {"x86_64": 219, "s390x": 7, "aarch64": 128, "ppc64le": 0}
TIME, NAMES = 0x7FFE8BF06CC0, "hrtimer_nanosleep"


@pytest.mark.parametrize(
    ("arguments", "wchan", "name", "kind", "timed"),
    [
        # As seen after gdb had let go; with the kernel's word for where it sleeps, and without.
        ((0x7FFDBD2F7CE0, 1, 0xFFFFFFFF, 0x7FA9151B38D0, 0, 0x64), "poll_schedule_timeout.constprop.0", "poll", "poll", False),
        ((0x7FFDBD2F7CE0, 1, 0xFFFFFFFF, 0x7FA9151B38D0, 0, 0x64), None, "poll", "poll", False),
        ((0x7FFDBD2F7CE0, 3, 5000, 0, 0, 0), "do_syscall_64", "poll", "poll", True),
        ((0, 0, 100, 0x7FD8689B68D0, 0, 0), None, "poll", "poll", True),
        ((0x561CE37B9168, 0x189, 0, TIME, 0, 0xFFFFFFFF), "futex_do_wait", "futex", "futex", True),
        ((0x561CE37B9168, 0x89, 0, TIME, 0, 0xFFFFFFFF), None, "futex", "futex", True),
        ((0, 0, TIME, 0, 0, 0x64), "do_syscall_64", "clock_nanosleep", "sleep", True),
        ((1, 0, TIME, TIME, 0, 0), NAMES, "clock_nanosleep", "sleep", True),
        ((TIME, 0, 0, 0, 0, 0), NAMES, "nanosleep", "sleep", True),
        ((TIME, TIME, 1, 0, 0, 0), None, "nanosleep", "sleep", True),
        # Two answers fit: none is given.
        ((TIME, 0, 0, 0, 0, 0), None, "restart_syscall", "resumed", None),
        ((TIME, 0x80, 2, TIME, 0, 0), None, "restart_syscall", "resumed", None),
        ((TIME, 0x89, 5000, 0, 0, 0), None, "restart_syscall", "resumed", None),
        ((7, 3, 1, 0, 0, 0), None, "restart_syscall", "resumed", None),
    ],
)
@pytest.mark.parametrize("machine", RESTART)
def test_a_call_that_the_kernel_resumes(
    machine: str, arguments: tuple[int, ...], wchan: str | None, name: str, kind: str, timed: bool | None
) -> None:
    architecture = ARCHITECTURES[machine]
    call = parse_syscall(line(RESTART[machine], *arguments), architecture, wchan)
    assert call is not None
    assert call.name == name
    wait = describe(call, "S")
    assert wait is not None
    assert (wait.kind, wait.timed) == (kind, timed)


@pytest.mark.parametrize("machine", RESTART)
def test_the_number_of_a_resumed_call_is_no_other_calls(machine: str) -> None:
    assert RESTART[machine] not in ARCHITECTURES[machine].syscalls
