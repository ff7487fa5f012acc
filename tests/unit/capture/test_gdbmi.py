"""The MI channel against a gdb that misbehaves. How it works with a real one is seen in tests/live."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from analyzer.capture.gdbmi import MiSession, parse
from analyzer.errors import DebuggerDied, DebuggerFailed


@contextmanager
def gdb(script: str) -> Iterator[MiSession]:
    session = MiSession([sys.executable, "-u", "-c", script], {})
    try:
        yield session
    finally:
        session.close(timeout=0.2)


def soon(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


ECHO = """
import sys
for line in sys.stdin:
    token = line[: len(line) - len(line.lstrip("0123456789"))]
    print(f'{token}^done,value="{line.strip()[len(token):]}"')
"""


def test_answers_belong_to_their_commands_whatever_the_order() -> None:
    reverse = """
import sys
sys.stdin.readline(), sys.stdin.readline()
print('2^done,value="b"')
print('1^done,value="a"')
sys.stdin.read()
"""
    with gdb(reverse) as session:
        first, second = session.send("-one", "-two")
        assert session.wait(first, soon(), "").payload() == {"value": "a"}
        assert session.wait(second, soon(), "").payload() == {"value": "b"}


def test_a_large_batch_does_not_block_both_sides() -> None:
    with gdb(ECHO) as session:
        commands = [f"-data-evaluate-expression {'x' * 300}{number}" for number in range(3000)]
        answers = session.batch(commands, soon(30), "many")
    assert [answer.payload()["value"] for answer in answers] == commands


def test_console_output_belongs_to_the_answer_after_it() -> None:
    with gdb("import sys\nsys.stdin.readline()\nprint('~\"GNU gdb 13.1\\\\n\"')\nprint('1^done')\nsys.stdin.read()") as session:
        assert b"GNU gdb 13.1" in session.ask("-gdb-version", soon()).console


def test_a_full_stderr_blocks_nobody() -> None:
    noisy = (
        "import sys\nsys.stderr.write('x' * 300000)\nsys.stderr.flush()\nsys.stdin.readline()\nprint('1^done')\nsys.stdin.read()"
    )
    with gdb(noisy) as session:
        assert not session.ask("-x", soon()).failed


def test_death_is_noticed_at_once_and_named() -> None:
    with gdb("import sys\nsys.stdin.readline()\nsys.exit(9)") as session:
        began = time.monotonic()
        with pytest.raises(DebuggerDied, match="exit code 9"):
            session.ask("-x", soon(60))
        assert time.monotonic() - began < 30
    with (
        gdb("import os, sys\nsys.stdin.readline()\nos.kill(os.getpid(), 11)") as session,
        pytest.raises(DebuggerDied, match="SIGSEGV"),
    ):
        session.ask("-x", soon(60))


def test_silence_ends_at_the_deadline() -> None:
    with gdb("import sys\nsys.stdin.read()") as session, pytest.raises(DebuggerFailed, match=r"did not answer in time \(listing"):
        session.ask("-x", soon(0.05), "listing")


def test_stopped_may_come_before_it_is_waited_for() -> None:
    with gdb("import sys\nsys.stdin.readline()\nprint('*stopped,reason=\"x\"')\nprint('1^done')\nsys.stdin.read()") as session:
        session.ask("-target-attach 1", soon())
        session.wait_stopped(soon())


def test_a_command_is_one_line() -> None:
    with gdb(ECHO) as session, pytest.raises(ValueError, match="one line"):
        session.send("-x\n-target-kill")


def test_closing_ends_a_gdb_that_does_not_want_to() -> None:
    stubborn = (
        "import signal, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('1^done')\nwhile True: time.sleep(1)"
    )
    with gdb(stubborn) as session:
        session.ask("-x", soon())
    assert session._process.returncode is not None


@pytest.mark.parametrize(
    "line", [b'^done,stack=[frame={level="0"', b'^done,a="', b"^done,a=[[[", b'^done,a={b="c"', b"^done,\xff\xfe", b'^done,a="\\']
)
def test_cut_off_records_mean_nothing_and_end(line: bytes) -> None:
    assert parse(line) == {}


def test_brackets_and_quotes_in_names_are_names() -> None:
    assert parse(b'^done,func="operator[] {\\"x\\"}"') == {"func": 'operator[] {"x"}'}
