"""The same as ``against_gdb`` on a Python program, where pystack and py-spy apply. They are used where they are installed
(``pip install pystack py-spy``), beside this interpreter or on PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.against_gdb import Subject, gdb, ours, show, take_turns

HERE = Path(__file__).parent


def _find(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


def _subjects(pid: int) -> list[Subject]:
    found = [gdb(pid)]
    if shutil.which("eu-stack"):
        found.append(Subject("eu-stack -p", ["eu-stack", "-p", str(pid)]))
    for name, rest in (("pystack", ["remote", "--native-all"]), ("py-spy", ["dump", "--native", "--pid"])):
        path = _find(name)
        if path is None:
            print(f"{name}: not installed, so not in the table")
        else:
            found.append(Subject(" ".join([name, *rest]), [path, *rest, str(pid)]))
    found += [Subject(f"hanganalyze --capture {method}", ours(method, pid)) for method in ("stop", "no-stop")]
    return [*found, Subject("no tool", None)]


def bench(rounds: dict[int, int]) -> None:
    """Print one table for each number of threads, of so many rounds."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        print("Python target: no C compiler for its clock, so not measured")
        return
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "clock.so")
        subprocess.run([compiler, "-shared", "-fPIC", "-pthread", str(HERE / "python_clock.c"), "-o", str(library)], check=True)
        for count, turns in rounds.items():
            _measure(library, count, turns)


def _measure(library: Path, count: int, rounds: int) -> None:
    fifo = "1" if os.geteuid() == 0 else "0"
    command = [sys.executable, str(HERE / "python_target.py"), str(library), str(count), fifo]
    target = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert target.stdin is not None
    assert target.stdout is not None
    stdin, stdout = target.stdin, target.stdout

    def gap_ms() -> float:
        stdin.write(b"\n")
        stdin.flush()
        words = dict(word.partition("=")[::2] for word in stdout.readline().decode().split())
        return int(words["gap_us"]) / 1000

    try:
        if stdout.readline() != b"ready\n":
            raise RuntimeError("the Python target did not start")
        competitors = _subjects(target.pid)
        take_turns(competitors, rounds, gap_ms)
    finally:
        target.kill()
        target.wait()
        stdin.close()
        stdout.close()
    print(f"\nPython program, {count} idle threads and a clock; medians of {rounds} rounds")
    show(competitors)
