"""What a person hands over: text, saved results and cores are told apart, and a text without a stack gets an answer, too."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from analyzer.cli import main
from analyzer.errors import UsageError
from analyzer.given_file import kind_of, read_trace

STACK = """\
#0  0x1 in __lll_lock_wait_private () from /lib64/libc.so.6
#1  0x2 in fork () from /lib64/libc.so.6
#2  0x3 in main ()
"""
CORE = b"\x7fELF\x02\x01\x01" + bytes(64)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (CORE, "core"),
        (b"\x28\xb5\x2f\xfd\x04", "packed"),
        (b'\n{ "schema": 1', "saved"),
        (b"<!DOCTYPE html>", "saved"),
        (STACK.encode(), "text"),
        (b"{fork (), main ()}", "text"),
        (b"", "text"),
    ],
)
def test_kinds(data: bytes, kind: str) -> None:
    assert kind_of(data) == kind


def test_a_core_is_no_text_and_the_next_command_is_named(tmp_path: Path) -> None:
    core = tmp_path / "core"
    core.write_bytes(CORE)
    with pytest.raises(UsageError) as refused:
        read_trace(str(core))
    assert refused.value.next_command == f"hanganalyze core {core}"


def test_a_core_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CORE)))
    with pytest.raises(UsageError, match="standard input is"):
        read_trace("-")


@pytest.mark.parametrize("format", ["html", "json", "markdown", "text"])
def test_a_text_without_a_stack_is_answered_in_every_format(
    format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ticket").write_text("It hangs. Please help.\n")
    monkeypatch.chdir(tmp_path)
    assert main(["trace", "ticket", "--format", format, "-o", str(tmp_path)]) == 1
    (report,) = tmp_path.glob("hanganalyze-nothing.*")
    assert "No stack was recognised in the text." in report.read_text()
    shown = capsys.readouterr().out
    assert shown.startswith("No stack was recognised in the text.")
    assert "Next gdb -p PID -batch -ex 'thread apply all bt'" in shown


def test_a_signature_is_explained_of_text_and_of_saved_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pasted, saved = tmp_path / "pasted", tmp_path / "saved"
    pasted.write_text(STACK)
    assert main(["trace", str(pasted), "--format", "json", "-o", str(saved)]) == 1
    assert json.loads(saved.read_text())["status"] == "unclear"
    answers = []
    for given in (pasted, saved):
        capsys.readouterr()
        assert main(["signatures", "explain", "glibc-fork-lock-after-raw-clone", str(given)]) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1]
    assert answers[0].startswith("glibc-fork-lock-after-raw-clone: possible, thread 0 of process 0")
