"""A real target full of secrets: in its arguments, its environment, the paths it reads from and the names of its threads.

None of them may be in any format, and no path of the system may be harmed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.analysing import hanganalyze
from tests.unit.redact.planted import PLANTED, core

pytestmark = pytest.mark.live
DEADLINE_S = 20.0
COMM = 15
PROGRAM = """
import os, sys, threading, time
names, fifos = sys.stdin.read().split("\\0\\0")
def work(name, fifo):
    with open(f"/proc/self/task/{threading.get_native_id()}/comm", "wb") as comm:
        comm.write(os.fsencode(name)[:15])
    descriptor = os.open(fifo, os.O_RDWR)
    arrived.release()
    os.read(descriptor, 1)
arrived = threading.Semaphore(0)
pairs = list(zip(names.split("\\0"), fifos.split("\\0")))
for name, fifo in pairs:
    threading.Thread(target=work, args=(name, fifo), daemon=True).start()
for _ in pairs:
    arrived.acquire()
print("ready", flush=True)
time.sleep(3600)
"""


@contextlib.contextmanager
def target(folder: Path) -> Iterator[int]:
    """A Python program whose threads are called like the secrets, and read from pipes that are called like them too."""
    texts = [one.text for one in PLANTED]
    fifos = []
    for number, text in enumerate(texts):
        place = folder / "home" / "mirabella" / str(number) / text.replace("/", "_").replace("\n", "_")[:200]
        place.parent.mkdir(parents=True)
        os.mkfifo(place)
        fifos.append(str(place))
    kinds = {"user": "USER", "host": "HOSTNAME", "home": "HOME"}
    environment = {f"{kinds.get(one.kind, 'SETTING')}{'' if n < 1 else n}": one.text for n, one in enumerate(PLANTED)}
    named = {kind: one.text for one in reversed(PLANTED) if (kind := kinds.get(one.kind))}
    arguments = [text if n % 2 else f"--setting={text}" for n, text in enumerate(texts)]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **environment, **named},
        text=True,
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\0".join(texts) + "\0\0" + "\0".join(fifos))
        process.stdin.close()
        assert process.stdout.readline() == "ready\n"
        deadline = time.monotonic() + DEADLINE_S
        while len(list(Path(f"/proc/{process.pid}/task").iterdir())) < len(texts) + 1:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield process.pid
    finally:
        process.kill()
        process.wait(DEADLINE_S)
        if process.stdout is not None:
            process.stdout.close()


def test_no_secret_of_a_real_target_is_in_any_format(tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    with target(tmp_path) as pid:
        common = (pid, "--no-family", "--no-reference", "--max-pause", 60)
        ran = hanganalyze(*common, "--format", "json", "-o", str(saved), "--show-redacted")
        assert ran.code in {0, 1}, ran.stderr
        shown = hanganalyze(*common, "--json", "--include-values")
    reports = {"json": saved.read_text(), "terminal": ran.stdout}
    for format in ("html", "markdown", "text"):
        made = hanganalyze("render", str(saved), "--format", format, "-o", "-")
        assert made.code == ran.code, made.stderr
        reports[format] = made.stdout
    found = {
        name: [one.text for one in PLANTED if core(one) in report or core(one).encode()[:COMM].decode() in report]
        for name, report in reports.items()
    }
    assert found == {name: [] for name in reports}
    document = json.loads(reports["json"])
    threads = document["snapshot"]["processes"][0]["threads"]
    assert len(threads) == len(PLANTED) + 1
    assert {one["kind"] for one in document["redactions"]} >= {"user", "host", "home", "environment", "token", "e-mail"}
    assert "<user-1>" in ran.stderr
    assert "mirabella" in ran.stderr, "the preview on the terminal says what the placeholders stand for"
    assert not [one.text for one in PLANTED if one.kind == "token" and one.text in ran.stderr]

    # What is known of the system stays as it was.
    open_values = shown.result
    assert open_values["redactions"] is None
    assert any("mirabella" in (thread["name"] or "") for thread in open_values["snapshot"]["processes"][0]["threads"])
    assert any("projectnightjar" in argument for argument in open_values["snapshot"]["processes"][0]["command_line"])
    system = re.compile(r'"(/(?:usr/lib|lib)[^"]*)"')
    assert set(system.findall(reports["json"])) == set(system.findall(shown.stdout))
    assert set(system.findall(reports["json"]))
