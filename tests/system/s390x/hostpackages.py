"""The host programs the guests need, installed by apt when they are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterable

from .errors import CannotRunHere

PACKAGE_OF = {
    "qemu-system-s390x": "qemu-system-misc",
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-system-aarch64": "qemu-system-arm",
    "qemu-system-ppc64": "qemu-system-ppc",
    "s390x-linux-gnu-gcc": "gcc-s390x-linux-gnu libc6-dev-s390x-cross",
    "x86_64-linux-gnu-gcc": "gcc libc6-dev",
    "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
    "powerpc64le-linux-gnu-gcc": "gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross",
    "gdb-multiarch": "gdb-multiarch",
    "mke2fs": "e2fsprogs",
    "xz": "xz-utils",
    "zstd": "zstd",
}
"""Debian package (or packages) that bring a command."""

INSTALL_SECONDS = 300.0


def require(commands: Iterable[str]) -> None:
    """Make every command in `commands` available, or raise `CannotRunHere` saying what would.

    A held package lock is waited for: other installations on the same machine are no failure of ours.
    """
    missing = [command for command in commands if shutil.which(command) is None]
    if not missing:
        return
    packages = sorted({name for command in missing for name in PACKAGE_OF[command].split()})
    advice = f"missing {', '.join(missing)}; mend with: apt-get install {' '.join(packages)}"
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise CannotRunHere(advice)
    install = ["apt-get", "-o", "DPkg::Lock::Timeout=120", "install", "-y", "-q", "--no-install-recommends", *packages]
    if _apt(install) != 0:
        # Lists may be absent (fresh container) or older than the mirror's pool.
        _apt(["apt-get", "-o", "DPkg::Lock::Timeout=120", "update", "-q"])
        _apt(install)
    still_missing = [command for command in missing if shutil.which(command) is None]
    if still_missing:
        raise CannotRunHere(advice)


def _apt(argv: list[str]) -> int:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    started = time.monotonic()
    try:
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired as late:
        seconds = time.monotonic() - started
        raise CannotRunHere(f"{' '.join(argv)} did not end within {seconds:.0f} s") from late
    return done.returncode
