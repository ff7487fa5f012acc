"""This project in the guest, from its wheel, without a slow pip there: everything in it is pure Python.

It goes on a disk of its own, made here: hundreds of small files over 9p cost half a minute on a busy machine, and unpacking
an archive in the guest a quarter of one.
"""

from __future__ import annotations

import compileall
import subprocess
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

from .errors import CannotRunHere

ROOT = Path(__file__).parents[3]
SITE = "/opt/site"
"""In the guest: PYTHONPATH for what imports the project, and the folder of `COMMAND`."""
COMMAND = "/opt/bin/hanganalyze"
WITH_IT = ("pygdbmi",)
"""What it needs and Debian has no package of."""

_COMMAND = f"""\
#!/bin/sh
PYTHONPATH={SITE} exec python3 -P -m analyzer "$@"
"""


def project_disk(scratch: Path) -> Path:
    """An ext4 image with the project, built as a wheel from this checkout, in bin/ and site/. About 8 s.

    `CannotRunHere` when pip can neither build the wheel nor fetch what goes with it.
    """
    wheels, tree, disk = scratch / "wheels", scratch / "opt", scratch / "opt.ext4"
    site = tree / "site"
    quiet = ["--quiet", "--disable-pip-version-check", "--no-deps"]
    _pip("wheel", *quiet, "--wheel-dir", str(wheels), str(ROOT), *WITH_IT)
    found = sorted(map(str, wheels.glob("*.whl")))
    _pip("install", *quiet, "--root-user-action=ignore", "--no-index", "--no-compile", "--target", str(site), *found)
    if sys.version_info[:2] == (3, 11):  # the guest's bytecode format
        mode = PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(site, stripdir=str(site), prependdir=SITE, quiet=1, invalidation_mode=mode)
    command = tree / "bin/hanganalyze"
    command.parent.mkdir()
    command.write_text(_COMMAND, "utf-8")
    command.chmod(0o755)
    with disk.open("wb") as handle:
        handle.truncate(64 << 20)
    options = ["-O", "^has_journal", "-E", "lazy_itable_init=0,nodiscard", "-m", "0"]
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", *options, "-d", tree, disk], check=True, timeout=60)
    return disk


def _pip(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *arguments], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise CannotRunHere(f"pip {arguments[0]} failed: {done.stderr.strip()}")
