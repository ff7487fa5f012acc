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
