"""Catalogues that are made to take for ever: each is refused, with a line, or judged. A test that hangs shows one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analyzer.data import folder
from analyzer.diagnose import diagnose
from analyzer.diagnose.read_catalogue import read_catalogue
from tests.unit.diagnose.build import snapshot, thread, write_catalogue

HEAD = """revision = 1
status = "experimental"
title = "A stranger's hang"
summary = "s"
remedy = "r"
references = []
[match]
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[" + ".".join(["a"] * 200_000) + "]\n", "more than 100 dots"),
        ("\n".join(f"k{number} = 1" for number in range(80_000)), "and more mistakes, which are not listed"),
        ("\n".join(f"[[t{number}]]" for number in range(60_000)), "and more mistakes, which are not listed"),
        ("id = 3\na" + " " * 900_000 + "= 1\n", "unknown key 'a'"),
        ("id = 3\n# " + "x" * 2_000_000, "larger than"),
        ("a = " + "[" * 100_000, "nested too deeply"),
    ],
    ids=["a key of many parts", "many keys", "many tables", "blanks", "large", "deep"],
)
def test_a_file_that_would_take_for_ever_is_refused(text: str, told: str, tmp_path: Path) -> None:
    write_catalogue(tmp_path, {"stranger.toml": text})
    _, problems = read_catalogue([tmp_path])
    assert any(told in problem for problem in problems)
    assert all(problem.startswith(f"{tmp_path.name}/stranger.toml:") for problem in problems)
    assert len(problems) < 300


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.toml")
    (tmp_path / "device.toml").symlink_to("/dev/zero")
    (tmp_path / "gone.toml").symlink_to("nowhere")
    (tmp_path / "circle.toml").symlink_to("circle.toml")
    (tmp_path / "not-text.toml").write_bytes(b"id = '\xff\xfe'")
    _, problems = read_catalogue([tmp_path])
    assert len(problems) == 5
    assert all(f"{name}.toml:1: " in "\n".join(problems) for name in ("fifo", "device", "gone", "circle", "not-text"))


def test_patterns_of_thousands_of_gaps_are_judged_in_linear_time(tmp_path: Path) -> None:
    """A regular expression of this shape would not end before the universe does."""
    elements = ", ".join(['"..."', '"a*"', '"a+"'] * 2_000)
    write_catalogue(tmp_path, {"gaps.toml": f'id = "gaps"\n{HEAD}frames = [{elements}, "never"]\n'})
    catalogue, problems = read_catalogue([folder("signatures"), tmp_path])
    assert not problems
    found = diagnose(snapshot(thread(" <- ".join(["a"] * 5_000))), catalogue)
    assert "gaps" not in {one.signature for one in found.findings}
