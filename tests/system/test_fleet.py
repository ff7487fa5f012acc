"""Three hosts, workers over TLS: one worker killed, one host cut off and back, and nothing lost or counted twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.system.network import hosts
from tests.tools.certificates import make
from tests.tools.cluster import TIMEOUT, cluster, wait_until
from tests.tools.pile import traces
from tests.tools.same_store import contents

pytestmark = [pytest.mark.system, pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")]
COUNT = 1200


def test_a_worker_killed_and_a_host_cut_off(tmp_path: Path) -> None:
    pile, out = traces(tmp_path / "pile", COUNT), tmp_path / "out"
    files = make(tmp_path)
    with (
        hosts(3) as (first, second, third),
        cluster(tmp_path, first.address, 8786, certificates=files, inside=first.name) as made,
    ):
        scheduler = made.scheduler
        assert scheduler is not None
        workers = [made.worker(one.name, "--host", one.address, inside=one.name) for one in (first, second, third)]
        wait_until(lambda: scheduler.said("Register worker") == 3, "three workers")
        address = f"tls://{first.address}:8786"
        command = ["batch", str(pile), "-o", str(out), "--scheduler", address, *files.for_us, "-v"]
        client = subprocess.Popen(
            ["ip", "netns", "exec", first.name, sys.executable, "-m", "analyzer", *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            wait_until(lambda: rows(out) > 0 or client.poll() is not None, "the first rows")
            # Everybody stands still while the accident happens, so that it happens in mid-run on any machine.
            for one in workers:
                one.signal(signal.SIGSTOP)
            before = rows(out)
            workers[1].kill()
            third.cut_off()
            workers[2].signal(signal.SIGCONT)  # it goes on in the dark, and nobody will hear of it
            removed, registered = (f"{what} worker addr: tls://{third.address}" for what in ("Remove", "Register"))
            wait_until(lambda: scheduler.said(removed) > 0, "the host is missed")
            third.bring_back()
            # Worker and nanny end when they lose their scheduler; whoever keeps them (systemd, Kubernetes) starts them again.
            wait_until(lambda: workers[2].process.poll() is not None, "the worker of the host has ended")
            made.worker(f"{third.name}-again", "--host", third.address, inside=third.name)
            wait_until(lambda: scheduler.said(registered) > 1, "the host is back")
            assert client.poll() is None, client.communicate()[1].decode()
            workers[0].signal(signal.SIGCONT)
            _, said = client.communicate(timeout=TIMEOUT)
        finally:
            client.kill()
            client.wait(30)
    assert client.returncode == 1, said.decode()
    assert before < COUNT
    assert f"{COUNT} done in this run, {COUNT} in all" in said.decode()
    alone = subprocess.run(
        [sys.executable, "-m", "analyzer", "batch", str(pile), "-o", str(tmp_path / "alone")], capture_output=True, check=False
    )
    assert alone.returncode == 1, alone.stderr.decode()
    assert contents(out) == contents(tmp_path / "alone")
    for name in ("overview.json", "overview.html"):
        mine, theirs = ((folder / name).read_bytes().replace(bytes(folder), b"") for folder in (out, tmp_path / "alone"))
        assert mine == theirs


def rows(out: Path) -> int:
    """How many there are; 0 while there is no file."""
    try:
        with closing(sqlite3.connect(f"file:{out}/hanganalyze.sqlite?mode=ro", uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM items").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
