"""What gdb may not do while it looks at a process, and that nothing a hostile target lays out for it is executed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.capture.gdb import find
from analyzer.capture.least_rights import raises_privileges
from analyzer.capture.same_user import user_for
from tests import targets
from tests.live import debugger
from tests.live.analysing import ORDINARY_USER, hanganalyze

pytestmark = pytest.mark.live

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter and write to; pytest's own is closed to others."""
    with tempfile.TemporaryDirectory(prefix="least-rights-") as name:
        folder = Path(name)
        folder.chmod(0o1777)
        yield folder


def telling_gdb(folder: Path) -> tuple[Path, Path]:
    """(a gdb that first writes down what it may do, and where it does)."""
    told, gdb = folder / "told.json", folder / "gdb"
    probe = folder / "probe.py"
    probe.write_text(
        "import json, os, resource, socket, sys\n"
        "def attempt(make):\n"
        "    try: make(); return 'possible'\n"
        "    except OSError as error: return error.strerror\n"
        "status = dict(line.split(':\\t', 1) for line in open('/proc/self/status').read().splitlines() if ':\\t' in line)\n"
        "limit = lambda name: resource.getrlimit(getattr(resource, name))\n"
        "told = {'uid': os.getresuid(), 'groups': os.getgroups(), 'no_new_privileges': status['NoNewPrivs'],\n"
        "    'inet': attempt(lambda: socket.socket(socket.AF_INET)), 'unix': attempt(lambda: socket.socket(socket.AF_UNIX)),\n"
        "    'oom': open('/proc/self/oom_score_adj').read().strip(), 'environment': sorted(os.environ),\n"
        "    'limits': {name: limit(name) for name in ('RLIMIT_DATA', 'RLIMIT_CPU', 'RLIMIT_CORE', 'RLIMIT_FSIZE')}}\n"
        f"open({str(told)!r}, 'w').write(json.dumps(told))\n"
        "os.execv(sys.argv[1], sys.argv[1:])\n"
    )
    python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
    gdb.write_text(f'#!/bin/sh\nexec {python} {probe} {find()} "$@"\n')
    gdb.chmod(0o755)
    return gdb, told


def test_bounds(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_CALLER", "1")
    socket.socket(socket.AF_INET).close()  # it is possible here, so what gdb is refused is refused to gdb
    gdb, told = telling_gdb(open_folder)
    with targets.running("sleeper") as target:
        ran = hanganalyze(target.pid, "--gdb", gdb, "--no-reference", "-o", open_folder / "report.html")
    assert ran.code == 1, ran.stderr
    found = json.loads(told.read_text())
    assert found["no_new_privileges"] == "1"
    assert (found["inet"], found["unix"]) == ("Permission denied", "Permission denied")
    assert found["oom"] == "1000"
    assert found["limits"]["RLIMIT_CORE"] == [0, 0]
    assert all(0 < found["limits"][name][1] < 1 << 50 for name in ("RLIMIT_DATA", "RLIMIT_CPU", "RLIMIT_FSIZE"))
    assert "SECRET_OF_THE_CALLER" not in found["environment"]


@needs_root
@pytest.mark.parametrize("method", ["attach", "stop", "no-stop"])
def test_roots_gdb_is_the_targets_user(open_folder: Path, method: str) -> None:
    gdb, told = telling_gdb(open_folder)
    with targets.running("many_threads", 3, user=ORDINARY_USER) as target:
        ran = hanganalyze(target.pid, "--gdb", gdb, "--no-reference", "--json", "--capture", method)
    assert ran.code == 1, ran.stderr
    found = json.loads(told.read_text())
    assert found["uid"] == [ORDINARY_USER] * 3
    assert found["groups"] == []
    process = ran.result["snapshot"]["processes"][0]
    assert all(thread["frames"][-1]["function"] for thread in process["threads"])
    assert not any("as root" in note for note in process["capture"]["notes"])


@needs_root
def test_where_the_users_rights_do_not_suffice_the_notes_say_so(open_folder: Path) -> None:
    gdb, told = telling_gdb(open_folder)
    own = open_folder / "closed"
    with targets.running("sleeper", user=ORDINARY_USER) as before:
        shutil.copy(f"/proc/{before.pid}/exe", own)
    own.chmod(0o711)  # may be run by others, but not read
    process = subprocess.Popen(["setpriv", f"--reuid={ORDINARY_USER}", "--clear-groups", "--", str(own)], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"ready")
        ran = hanganalyze(process.pid, "--gdb", gdb, "--no-reference", "--json")
    finally:
        process.kill()
        process.communicate()
    assert ran.code == 1, ran.stderr
    assert json.loads(told.read_text())["uid"] == [0] * 3
    assert any(note.startswith("gdb ran as root: ") for note in ran.result["snapshot"]["processes"][0]["capture"]["notes"])


@needs_root
def test_a_root_that_may_not_become_others_goes_on_as_root(open_folder: Path) -> None:
    gdb, told = telling_gdb(open_folder)
    without = ("setpriv", "--bounding-set=-setuid,-setgid", "--inh-caps=-setuid,-setgid", "--")
    with targets.running("sleeper", user=ORDINARY_USER) as target:
        ran = hanganalyze(target.pid, "--gdb", gdb, "--no-reference", "--json", wrapper=without)
    assert ran.code == 1, ran.stderr
    assert json.loads(told.read_text())["uid"] == [0] * 3
    notes = ran.result["snapshot"]["processes"][0]["capture"]["notes"]
    assert "gdb ran as root: its user's rights did not suffice" in notes


@needs_root
def test_whose_rights(tmp_path: Path) -> None:
    closed = tmp_path / "gdb"
    closed.touch(0o755)
    tmp_path.chmod(0o700)
    with targets.running("sleeper") as ours, targets.running("sleeper", user=ORDINARY_USER) as theirs:
        assert user_for(ours.pid, find()) == (None, None)
        user, why_not = user_for(theirs.pid, find())
        assert (user and user.uid, why_not) == (ORDINARY_USER, None)
        assert user_for(theirs.pid, str(closed)) == (None, f"its user may not run {closed}")


def test_a_gdb_that_has_rights_of_its_own_keeps_them(tmp_path: Path) -> None:
    plain = tmp_path / "gdb"
    plain.write_text("")
    plain.chmod(0o755)
    assert not raises_privileges(str(plain))
    plain.chmod(0o2755)
    assert stat.S_IMODE(plain.stat().st_mode) == 0o2755
    assert raises_privileges(str(plain))


HOSTILE = r"""
#include <unistd.h>
#include <stdio.h>
/* gdb/section-scripts.h: 1 a file, 4 text, of Python. */
__asm__(".pushsection \".debug_gdb_scripts\", \"MS\",@progbits,1\n"
        ".byte 4\n.ascii \"gdb.inlined-script\\n\"\n.ascii \"open('MARKS/section', 'w')\\n\"\n.byte 0\n"
        ".byte 1\n.asciz \"MARKS/script.py\"\n.popsection\n");
int main(void) { puts("ready"); fflush(stdout); for (;;) pause(); }
"""


@pytest.fixture
def hostile(open_folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path, Path]]:
    """(a process whose files hold scripts for gdb everywhere where gdb looks for such, its folder, the folder where they would
    leave a mark)."""
    marks, home = open_folder / "marks", open_folder / "home"
    for folder in (marks, home):
        folder.mkdir()
        folder.chmod(0o777)
    source, program = open_folder / "hostile.c", home / "hostile"
    source.write_text(HOSTILE.replace("MARKS", str(marks)))
    subprocess.run([*targets.compiler(), "-g", "-o", str(program), str(source)], check=True)
    (marks / "script.py").write_text(f"open({str(marks / 'script')!r}, 'w')\n")
    (home / "hostile-gdb.py").write_text(f"open({str(marks / 'beside')!r}, 'w')\n")
    (home / "hostile-gdb.gdb").write_text(f"shell touch {marks / 'beside-gdb'}\n")
    for name in (".gdbinit", ".gdbearlyinit"):
        (home / name).write_text(f"shell touch {marks / name[1:]}\n")
    process = subprocess.Popen([str(program)], cwd=home, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process, home, marks
    finally:
        process.kill()
        process.communicate()


def left(marks: Path) -> list[str]:
    return sorted(entry.name for entry in marks.iterdir() if entry.name != "script.py")


def test_nothing_of_the_targets_is_executed(hostile: tuple[subprocess.Popen[bytes], Path, Path]) -> None:
    process, home, marks = hostile
    before = sorted(entry.name for entry in home.iterdir())
    for method in ("attach", "stop", "no-stop"):
        ran = hanganalyze(process.pid, "--no-reference", "--capture", method, "--format", "text", cwd=home, HOME=str(home))
        assert ran.code == 1, ran.stderr
        assert left(marks) == []
    assert sorted(entry.name for entry in home.iterdir()) == before
    # The same scripts do run in a gdb that trusts them: the test could fail.
    subprocess.run(
        debugger.command("--batch", "-iex", "set auto-load safe-path /", "-p", str(process.pid)),
        cwd=home,
        env={**debugger.environment(), "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert "gdbinit" in left(marks)
    assert {"section", "beside", "beside-gdb"} & set(left(marks))
