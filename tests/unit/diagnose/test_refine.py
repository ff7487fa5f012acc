"""A signature that refines another: its program's hang told once, with the better words; everybody else's as before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.data import folder
from analyzer.diagnose import diagnose
from analyzer.diagnose.read_catalogue import read_catalogue
from analyzer.model import Package, Snapshot

from .build import ORPHANED, RAW_CLONE, shipped, snapshot, thread, write_catalogue

GENERAL, PODMAN = "glibc-lock-after-raw-clone", "podman-libc-lock-after-raw-clone"
STACK = "__lll_lock_wait_private libc.so.6 <- malloc libc.so.6 <- ?? /usr/bin/podman"


def hung(executable: str | None, package: Package | None = None, raw_clone: str = "yes") -> Snapshot:
    made = snapshot(thread(STACK), answers={**RAW_CLONE, **ORPHANED, "created-by-raw-clone": raw_clone})
    return replace(made, processes=(replace(made.processes[0], executable=executable, package=package),))


@pytest.mark.parametrize(
    ("executable", "package", "expected"),
    [
        ("/usr/bin/podman", None, PODMAN),
        ("/usr/local/bin/podman (deleted)", None, PODMAN),
        ("/opt/bin/p", Package("dpkg", "podman", "5.4.2"), PODMAN),
        ("/usr/bin/loader", None, GENERAL),
        ("/usr/bin/podman-compose", None, GENERAL),
        (None, None, PODMAN),  # only the file on the stack is known
    ],
)
def test_found_once(executable: str | None, package: Package | None, expected: str) -> None:
    told = diagnose(hung(executable, package), shipped())
    assert [(one.signature, one.certainty) for one in told.findings] == [(expected, "proven")]
    assert not {GENERAL, PODMAN} & {near.signature for near in told.near_misses}


def test_a_near_miss_is_told_once_too() -> None:
    told = diagnose(hung("/usr/bin/podman", raw_clone="no"), shipped())
    near = [one.signature for one in told.near_misses]
    assert PODMAN in near
    assert GENERAL not in near


def test_it_has_every_clause_of_the_general_one() -> None:
    general, own = shipped().by_id[GENERAL], shipped().by_id[PODMAN]
    assert own.match.frames == general.match.frames
    assert (own.veto, own.likely, own.proven) == (general.veto, general.likely, general.proven)
    assert own.proven


HEAD = 'revision = 1\nstatus = "stable"\ntitle = "t"\nsummary = "s"\nremedy = "r"\n'


def own(refines: str, match: str) -> str:
    return f'id = "own"\n{HEAD}refines = "{refines}"\n[match]\n{match}\n'


GENERAL_FILE = f'id = "general"\n{HEAD}[match]\nframes = ["main"]\n'


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        (own("nobody", 'programs = ["p"]'), "own.toml:7: cannot refine 'nobody': there is no such signature"),
        (own("own", 'programs = ["p"]'), "that one refines another itself"),
        (own("general", 'frames = ["main"]\nprograms = ["p"]'), "says «programs» and nothing else"),
        (own("general", ""), "says «programs» and nothing else"),
        (own("general", 'programs = ["p"]\n[likely]\nall = ["no-progress"]'), "leave it out"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, file: str, complaint: str) -> None:
    write_catalogue(tmp_path, {"general.toml": GENERAL_FILE, "own.toml": file})
    _, problems = read_catalogue([tmp_path])
    assert [problem for problem in problems if complaint in problem], problems


def test_the_patch_description_that_the_remedy_names_is_there() -> None:
    named = shipped().by_id[PODMAN].remedy.split("patches/")[1].split(".md")[0]
    text = (folder("signatures") / "patches" / f"{named}.md").read_text()
    assert "rootless_linux.c" in text
