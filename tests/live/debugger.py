"""gdb beside hanganalyze, as a person would run it: that of the system, else that of the [gdb] extra, wherever there is one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from analyzer.capture import gdb
from analyzer.errors import DebuggerMissing

WITHIN_S = 60.0


def _there_is_one() -> bool:
    try:
        gdb.find()
    except DebuggerMissing:
        return False
    return True


needs_gdb = pytest.mark.skipif(not _there_is_one(), reason="no gdb: apt-get install gdb, or the [gdb] extra")


def command(*arguments: str) -> list[str]:
    """gdb with these arguments, to be run in ``environment()``."""
    path = gdb.find()
    own_data = [f"--data-directory={Path(path).parents[1] / 'share' / 'gdb'}"] if path == gdb.bundled_path() else []
    return [path, *own_data, *arguments]


def environment() -> dict[str, str]:
    """What gdb needs to start; the extra's is linked to a library that lies beside our interpreter."""
    return gdb.environment(gdb.find())


def backtrace(pid: int, *options: str) -> str:
    """What ``bt`` prints of the main thread."""
    return _batch("-p", str(pid), "-ex", " ".join(["bt", *options])).stdout


def write_core(pid: int, folder: Path) -> Path:
    """A core as the script ``gcore`` writes it, which the extra does not have."""
    core = folder / f"core.{pid}"
    _batch("-p", str(pid), "-ex", "set use-coredump-filter on", "-ex", f"gcore {core}")
    assert core.exists()
    return core


def _batch(*arguments: str) -> subprocess.CompletedProcess[str]:
    quiet = command("--nx", "-batch", "-iex", "set auto-load no", "-iex", "set debuginfod enabled off", *arguments)
    return subprocess.run(quiet, env=environment(), capture_output=True, text=True, check=True, timeout=WITHIN_S)
