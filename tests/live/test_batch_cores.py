"""Cores in a pile: plain, packed, in an archive, five gigabytes of nearly nothing, damaged; and their process, alive."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests import targets
from tests.live.analysing import hanganalyze
from tests.unit.batch.running import batch

pytestmark = pytest.mark.live
MEMORY_MB = 250
# By way of a small process: the kernel counts what a process was before exec, too, and here that is a copy of all these tests.
MEASURED = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_cores_of_all_kinds(tmp_path: Path) -> None:
    pile = tmp_path / "pile"
    pile.mkdir()
    with targets.running("raw_clone_lock", "fork") as target:
        saved = hanganalyze(
            str(target.pid), "--save-core", str(pile / "plain"), "--capture", "no-stop", "--json", "--no-reference"
        )
        assert saved.code == 0, saved.stderr
        (pile / "alive.json").write_text(json.dumps(saved.result))
    core = (pile / "plain").read_bytes()
    (pile / "packed").write_bytes(gzip.compress(core))
    with tarfile.open(pile / "all.tgz", "w:gz") as archive:
        archive.add(pile / "plain", "deep/core.1")
    with (pile / "huge").open("wb") as file:
        file.write(core)
        file.truncate(5 << 30)
    assert (pile / "huge").stat().st_blocks * 512 < 100 << 20
    (pile / "cut").write_bytes(core[:2000])
    (pile / "noise").write_bytes(core[:64] + os.urandom(5000))
    command = [sys.executable, "-m", "analyzer", "batch", str(pile), "-o", str(tmp_path / "out"), "-v"]
    done = subprocess.run([sys.executable, "-S", "-c", MEASURED, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) / 1024 < MEMORY_MB
    ran = batch(pile, output=tmp_path / "out")
    assert ran.done == 0
    assert ran.overview["inputs"] == 7
    assert "core" in ran.because("cut")
    assert "core" in ran.because("noise")
    (one,) = ran.overview["clusters"]
    assert (one["members"], one["certainty"]) == (5, "proven")
    assert {share["value"] for trait in one["differs"] if trait["name"] == "capture" for share in trait["shares"]} == {
        "core",
        "no-stop",
    }
    (spilled,) = (row for name, row in ran.rows.items() if name.endswith("!deep/core.1"))
    text = next((tmp_path / "out").glob(f"results/*/{spilled['key']}.json")).read_text()
    assert "hanganalyze-scratch-" not in text  # where it was unpacked for a while is nobody's business
