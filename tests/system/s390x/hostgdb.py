"""gdb on the host over a core of another architecture."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path


def ask_about_core(sysroot: Path, program: Path, core: Path, commands: Sequence[str]) -> str:
    """What gdb-multiarch prints for `commands`. libthread_db stays out: on a core it invents the parent's threads."""
    settings = [
        "set auto-load no",
        "set libthread-db-search-path /nonexistent",
        f"set sysroot {sysroot}",
        f"set debug-file-directory {sysroot}/usr/lib/debug",
    ]
    # -iex comes before the files are opened, so the guest's libc is found at once.
    before = [word for setting in settings for word in ("-iex", setting)]
    after = [word for command in commands for word in ("-ex", command)]
    argv = ["gdb-multiarch", "--nx", "-batch", *before, str(program), str(core), *after]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout
