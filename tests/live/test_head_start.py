"""gdb started before the command line is read: only ever for the process that is meant, and it never stays."""

from __future__ import annotations

import pytest

from analyzer.head_start import HeadStart, _only_pid
from tests import targets
from tests.live.analysing import hanganalyze
from tests.live.test_guard import gone, runs, wait_until

pytestmark = pytest.mark.live

COMMANDS = ("scan", "run", "core")


@pytest.mark.parametrize(
    ("words", "pid"),
    [
        ("17", 17),
        ("--json 17", 17),
        ("17 --capture stop -o x", 17),
        ("-o x 17", 17),
        ("", None),
        ("--help", None),
        ("17 18", None),
        ("17 --max-pause 5", None),
        ("--json 17 -o x", None),
        ("run --repeat 5", None),
        ("-v run --repeat 5", None),
        ("17 --gdb /usr/bin/gdb", None),
        ("17 --gdb=/usr/bin/gdb", None),
        ("core 17", None),
        ("\u0661\u0667", None),
    ],
)
def test_which_process_the_words_mean(words: str, pid: int | None) -> None:
    assert _only_pid(words.split(), COMMANDS) == pid


def test_it_is_taken_for_its_process_alone_and_ends() -> None:
    with targets.running("sleeper") as target:
        head_start = HeadStart([str(target.pid)], COMMANDS)
        started = head_start.take(target.pid, None)
        assert started is not None
        assert head_start.take(target.pid, "/usr/bin/gdb") is None
        assert head_start.take(target.pid + 1, None) is None
        head_start.close()
        wait_until(lambda: gone(started.session.pid), "gdb is left")
        head_start.close()
        assert runs(target.pid)


def test_no_such_process_no_gdb(monkeypatch: pytest.MonkeyPatch) -> None:
    assert HeadStart(["4194304"], COMMANDS).take(4194304, None) is None
    with targets.running("sleeper") as target:
        monkeypatch.setenv("HANGANALYZE_GDB", "/does/not/exist")
        head_start = HeadStart([str(target.pid)], COMMANDS)
        assert head_start.take(target.pid, None) is None
        head_start.close()


@pytest.mark.parametrize("words", [["--capture", "never"], ["--no-such-option"]])
def test_wrong_usage_ends_it_again(words: list[str]) -> None:
    with targets.running("sleeper") as target:
        ran = hanganalyze(*words, target.pid)
        assert ran.code == 2
        assert runs(target.pid)
