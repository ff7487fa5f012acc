"""This project in the guest, from its wheel, without a slow pip there: everything in it is pure Python."""

from __future__ import annotations

import compileall
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from py_compile import PycInvalidationMode

from .guest import Guest

SITE = "/opt/site"
"""Set PYTHONPATH to it in steps, or call /usr/local/bin/hanganalyze, which does."""

_COMMAND = f"""\
#!/bin/sh
PYTHONPATH={SITE} exec python3 -m analyzer "$@"
"""


def install(guest: Guest, wheels: Sequence[Path]) -> None:
    """Unpack `wheels` (no dependencies are looked for) to `SITE` on the guest's own disk.

    As one tar: hundreds of small files over 9p cost half a minute on a busy machine, and imports from there as much.
    """
    with tempfile.TemporaryDirectory(prefix="hanganalyze-site-") as scratch:
        site = Path(scratch) / "site"
        command = [
            "install",
            "--quiet",
            "--root-user-action=ignore",
            "--no-deps",
            "--no-index",
            "--no-compile",
            "--target",
            str(site),
        ]
        subprocess.run([sys.executable, "-m", "pip", *command, *map(str, wheels)], check=True, timeout=120)
        if sys.version_info[:2] == (3, 11):  # the guest's bytecode format
            mode = PycInvalidationMode.UNCHECKED_HASH
            compileall.compile_dir(site, stripdir=str(site), prependdir=SITE, quiet=1, invalidation_mode=mode)
        with tarfile.open(guest.share / "site.tar", "w") as tar:
            tar.add(site, arcname="site")
    command_file = guest.share / "hanganalyze"
    command_file.write_text(_COMMAND, "utf-8")
    unpack = "mkdir -p /opt /usr/local/bin && busybox tar -xf /share/site.tar -C /opt"
    guest.run("install", f"{unpack} && install -m 755 /share/hanganalyze /usr/local/bin/", 60, check=True)
