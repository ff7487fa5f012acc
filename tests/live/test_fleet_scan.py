"""``fleet scan`` through a scheduler and workers: every hung process found, one cluster a bug, healthy ones left alone."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests import targets
from tests.tools.cluster import cluster
from tests.tools.validate import check_schema

pytestmark = pytest.mark.live
HEALTHY = (("sleeper",), ("cond_wait_pool",), ("pipe_read",), ("pause_process",))


def test_all_that_hang_are_found_and_nobody_else(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(cluster(tmp_path, "127.0.0.1", 18950))
        made.worker("one")
        made.worker("two")
        hung = {
            call: [stack.enter_context(targets.running("raw_clone_lock", call)).pid for _ in range(3)]
            for call in ("fork", "malloc")
        }
        healthy = [stack.enter_context(targets.running(*case)).pid for case in HEALTHY]
        out = tmp_path / "out"
        found = fleet(made.address, out, "scan")
        ours = {pid for pids in hung.values() for pid in pids}
        seen = members(out)
        assert ours <= set(seen)
        assert not set(healthy) & set(seen)
        for call, pids in hung.items():
            assert len({seen[pid] for pid in pids}) == 1, call
        assert seen[hung["fork"][0]] != seen[hung["malloc"][0]]
        assert found["hosts"] == 1
        assert all(one["certainty"] == "proven" for one in found["clusters"] if one["cluster"] in {seen[pid] for pid in ours})
        # A second look stops nobody again; a process that is named is looked at all the same.
        when = {name: row for name, row in names(out).items() if row[1] in seen}
        assert fleet(made.address, out, "scan")["inputs"] >= found["inputs"]
        assert {name: names(out)[name] for name in when} == when
        again = fleet(made.address, tmp_path / "named", str(hung["fork"][0]), "4194303")
        assert again["inputs"] == 1


def fleet(address: str, out: Path, *arguments: str) -> dict[str, Any]:
    """The overview."""
    command = [sys.executable, "-m", "analyzer", "fleet", *arguments, "--scheduler", address, "-o", str(out), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert ran.returncode in {0, 1}, ran.stderr
    return check_schema(json.loads(ran.stdout), "hanganalyze-batch-1.schema.json")


def names(out: Path) -> dict[str, tuple[str, int]]:
    """Key -> when it was analysed, and the process id."""
    with closing(sqlite3.connect(out / "hanganalyze.sqlite")) as db:
        rows = db.execute("SELECT key, seen_at, name FROM items WHERE kind = 'process'").fetchall()
    return {key: (seen_at, int(name.rsplit(":", 1)[1].split()[0])) for key, seen_at, name in rows}


def members(out: Path) -> dict[int, str]:
    """Process id -> cluster, of all processes that were analysed."""
    with closing(sqlite3.connect(out / "hanganalyze.sqlite")) as db:
        rows = db.execute("SELECT name, cluster FROM items WHERE kind = 'process' AND outcome = 'analysed'").fetchall()
    return {int(name.rsplit(":", 1)[1].split()[0]): cluster for name, cluster in rows}
