"""The bundled loader, hung in its fork, as every tool here printed it: each print is enough for the family's answer."""

from __future__ import annotations

import json

import pytest

from analyzer.analyse import catalogue
from analyzer.capture.trace import parse_trace
from analyzer.diagnose import diagnose
from analyzer.model import Diagnosis
from tests.unit.trace.noises import NOISES
from tests.unit.trace.samples import RECORDED, names, only_process, recorded

FAMILY = "glibc-fork-lock-after-raw-clone"
OF_THE_CHILD = [
    "coredumpctl", "eu-stack-build-ids", "eu-stack-v", "gdb-mi-console", "gdb-no-debug-info", "gdb-raw-clone-child",
    "gdb-target-sysroot", "lldb-linux", "pstack-parent-and-child",
]  # fmt: skip


def found(diagnosis: Diagnosis) -> dict[str, str]:
    return {finding.signature: finding.certainty for finding in diagnosis.findings}


@pytest.mark.parametrize("form", OF_THE_CHILD)
def test_every_print_of_the_child_is_possible(form: str) -> None:
    diagnosis = diagnose(recorded(form), catalogue())
    assert found(diagnosis) == {FAMILY: "possible"}
    assert diagnosis.status == "unclear"  # a text proves nothing


def test_several_forms_in_one_ticket() -> None:
    """Of the same hang: every one is a process of its own, and none hides another."""
    texts = [(RECORDED / f"{form}.txt").read_text() for form in ("coredumpctl", "eu-stack-v", "proc-stack-loop", "strace-attach")]
    ticket = "Please look at this:\n\n" + "\n\nand\n\n".join(NOISES["fence"](NOISES["crlf"](text)) for text in texts)
    diagnosis = diagnose(parse_trace(ticket), catalogue())
    assert [process.pid for process in diagnosis.snapshot.processes] == [24167, 17732, 24161, 17730, 0]
    assert [finding.signature for finding in diagnosis.findings] == [FAMILY, FAMILY]


def test_coredumpctl_tells_the_process_and_its_program() -> None:
    process = only_process(recorded("coredumpctl"))
    assert (process.pid, process.name, process.executable) == (24167, "loader", "/usr/bin/loader")
    assert process.architecture == "x86_64"
    assert names(process.threads[0])[:3] == ["futex_wait", "__GI__IO_list_lock", "__libc_fork"]


def test_a_frame_that_a_debugger_shows_again_is_no_second_process() -> None:
    """gdb's input was not echoed, so nothing says that ``frame 2`` and ``up`` were asked for."""
    process = only_process(recorded("gdb-target-sysroot"))
    assert (process.pid, process.executable) == (24167, "/usr/bin/loader")
    assert len(process.threads[0].frames) == 7


def test_a_loop_over_the_threads_names_them() -> None:
    process = only_process(recorded("proc-stack-loop"))
    assert [thread.tid for thread in process.threads] == [24161, 24164, 24165, 24166]
    assert names(process.threads[1])[:3] == ["futex_do_wait", "__futex_wait", "futex_wait"]


def test_a_log_of_json_records_one_a_line() -> None:
    lines = (RECORDED / "gdb-raw-clone-child.txt").read_text().splitlines()
    records = [json.dumps({"log": f"{line}\n", "stream": "stderr"}).replace("<", "\\u003c") for line in lines]
    text = "\n".join(records)
    assert names(only_process(parse_trace(text)).threads[0]) == names(only_process(recorded("gdb-raw-clone-child")).threads[0])
