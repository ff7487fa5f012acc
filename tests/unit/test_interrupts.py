"""A signal that comes in the middle of an import waits for its end: otherwise the import's locks stay taken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import signal, sys, threading
from analyzer import interrupts

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever started the tests may ignore it
interrupts.listen()
sys.path.insert(0, sys.argv[1])
try:
    import struck
    while True:
        pass
except interrupts.Interrupted as interrupted:
    imported = sys.modules.get("struck")
    other = threading.Thread(target=__import__, args=("struck_too",), daemon=True)
    other.start()
    other.join(20)
    print(interrupted.number, getattr(imported, "whole", False), other.is_alive())
"""
STRUCK = """
import os, signal, sys, time
os.kill(os.getpid(), signal.Signals[sys.argv[2]])
import struck_too
end = time.monotonic() + 0.05  # longer than the handler waits
while time.monotonic() < end:
    pass
whole = True
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_import_is_not_torn(tmp_path: Path, name: str) -> None:
    (tmp_path / "struck.py").write_text(STRUCK)
    (tmp_path / "struck_too.py").write_text("")
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[2])
    number = {"SIGINT": 2, "SIGTERM": 15, "SIGHUP": 1}[name]
    assert (done.stdout, done.stderr) == (f"{number} True False\n", "")


def test_elsewhere_it_is_raised_at_once() -> None:
    script = """
import os, signal
from analyzer import interrupts

interrupts.listen()
try:
    os.kill(os.getpid(), signal.SIGTERM)
    print("went on")
except interrupts.Interrupted as interrupted:
    print(interrupted.number)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout == "15\n"


def test_nohup_is_respected() -> None:
    script = """
import os, signal
from analyzer import interrupts

signal.signal(signal.SIGHUP, signal.SIG_IGN)
interrupts.listen()
os.kill(os.getpid(), signal.SIGHUP)
print("went on")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout == "went on\n"
