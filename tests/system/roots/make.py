"""Makes Debian roots with the C libraries and podman versions under test, or reuses the ones made earlier this week.

A root is a directory, built by mmdebstrap and never written to afterwards: `enter` mounts it read-only, so any number
of tests share one copy and a warm start costs nothing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .isolated import run_isolated

if TYPE_CHECKING:
    from collections.abc import Iterator

# Not 1000: the processes live in the host's pid namespace, and the kernel counts a user's processes and keys by number.
ORDINARY_USER = "tester"
ORDINARY_UID = 24184
FIRST_SUBORDINATE_ID = 2_000_000
SUBORDINATE_IDS = 65536
KEEP_OLD_ROOTS_FOR = datetime.timedelta(days=21)
BUILD_LIMIT_S = 900.0
_PODMAN = ("ca-certificates", "podman", "uidmap")
_NEVER_EXPIRES = ('--aptopt=Acquire::Check-Valid-Until "false"',)


class RootUnavailable(Exception):
    """This machine cannot have the root; the text holds the reason and the command that mends it."""

    def __init__(self, suite: str, reason: str, mend: str) -> None:
        super().__init__(f"no Debian root {suite}: {reason}\nto mend it: {mend}")


@dataclasses.dataclass(frozen=True)
class Suite:
    """What goes into a root."""

    packages: tuple[str, ...]
    """Debian packages beside the essential ones."""
    options: tuple[str, ...] = ()
    """Further arguments of mmdebstrap."""


SUITES = {
    # glibc 2.31: libpthread still apart from libc. The oldest, so this one holds the compiler (`compile`).
    "bullseye": Suite(("python3", "gcc", "libc6-dev")),
    "bookworm": Suite(("python3", *_PODMAN)),  # glibc 2.36, podman 4.3.1: before the fix
    "trixie": Suite(("python3", *_PODMAN)),  # glibc 2.41, podman 5.4.2: after the fix
    # glibc 2.43, the newest podman. Its index expires within days, and a host whose clock runs ahead must read it too.
    "sid": Suite(("python3", *_PODMAN), _NEVER_EXPIRES),
}


@dataclasses.dataclass(frozen=True)
class Root:
    """A finished root directory. Do not write to it: it is shared."""

    suite: str
    path: Path
    seconds: float
    """What it took to get it: making it, waiting for another process that made it, or next to nothing."""
    stale_because: str | None = None
    """Why an earlier week's root was taken, where this week's could not be made."""

    def package_version(self, package: str) -> str | None:
        """The Debian version of an installed package, from the root's own dpkg database; None if not installed."""
        status = (self.path / "var/lib/dpkg/status").read_text(encoding="utf-8", errors="replace")
        for paragraph in status.split("\n\n"):
            if paragraph.startswith(f"Package: {package}\n") and "\nStatus: install ok installed\n" in paragraph:
                found = re.search(r"^Version: (\S+)$", paragraph, re.MULTILINE)
                return found.group(1) if found else None
        return None


def require_root(suite: str, *, debug_symbols: bool = False) -> Root:
    """`make_root`, but the running test is skipped with the reason where the root cannot be had."""
    import pytest

    try:
        return make_root(suite, debug_symbols=debug_symbols)
    except RootUnavailable as error:
        pytest.skip(str(error))


def make_root(suite: str, *, debug_symbols: bool = False) -> Root:
    """This week's root of a suite; `debug_symbols` adds libc6-dbg. Whichever process comes first makes it, others wait.

    Raises RootUnavailable. Where this week's cannot be made (no network), an earlier one of the same packages serves.
    """
    began = time.monotonic()
    plan = SUITES[suite]
    if debug_symbols:
        plan = dataclasses.replace(plan, packages=(*plan.packages, "libc6-dbg"))
    if os.geteuid() != 0:
        raise RootUnavailable(suite, "mount namespaces and another user's processes need root", "run the tests as root")
    store = root_store()
    family = f"{suite}-{hashlib.sha256(repr(plan).encode()).hexdigest()[:10]}"
    year, week, _ = datetime.date.today().isocalendar()
    path = store / f"{family}-{year}w{week:02}"
    stale_because = None
    with _locked(store / f"{family}.lock") as lock:
        if not path.is_dir():
            try:
                _build(suite, plan, path, lock)
                _drop_old(store, family, keep=path)
            except RootUnavailable as error:
                earlier = _finished_roots(store, family)
                if not earlier:
                    raise
                path, stale_because = earlier[-1], str(error)
    return Root(suite, path, time.monotonic() - began, stale_because)


def root_store() -> Path:
    """The directory that holds the roots; closed to other users, as old roots hold old setuid programs."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    store = cache / "hanganalyze-tests" / "roots"
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    store.chmod(0o700)
    return store


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield held.fileno()


def _finished_roots(store: Path, family: str) -> list[Path]:
    return sorted(path for path in store.glob(f"{family}-*w[0-9][0-9]") if path.is_dir())


def _build(suite: str, plan: Suite, path: Path, lock: int) -> None:
    """Builds under another name and renames, so that a root with its final name is always a whole one."""
    _need_mmdebstrap(suite)
    partial = path.with_name(path.name + ".partial")
    _remove(partial)
    command = ["mmdebstrap", "--quiet", "--variant=minbase", "--format=directory", *plan.options]
    command += [f"--include={','.join(plan.packages)}", suite, str(partial)]
    try:
        done = run_isolated(command, timeout=BUILD_LIMIT_S, held=lock)
        if done.returncode != 0:
            raise RootUnavailable(suite, f"mmdebstrap failed: {done.stderr.strip()[-800:]}", " ".join(command))
        _add_ordinary_user(partial)
        partial.chmod(0o755)
        os.utime(partial)  # its age is that of the build, not of the packages inside
        partial.rename(path)
    finally:
        _remove(partial)


def _need_mmdebstrap(suite: str) -> None:
    if shutil.which("mmdebstrap"):
        return
    if not shutil.which("apt-get"):
        raise RootUnavailable(suite, "mmdebstrap is not installed and this is not a Debian", "install mmdebstrap")
    # Without its recommended packages; and another apt-get may be at work.
    options = ["--yes", "--quiet", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", *options, "mmdebstrap"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
    if done.returncode != 0 or not shutil.which("mmdebstrap"):
        reason = f"mmdebstrap cannot be installed: {done.stderr.strip()[-400:]}"
        raise RootUnavailable(suite, reason, "apt-get update && apt-get install mmdebstrap")


def _add_ordinary_user(root: Path) -> None:
    """By hand, as not every suite's bare root has useradd; the subordinate ids are what newuidmap asks for."""
    lines = {
        "passwd": f"{ORDINARY_USER}:x:{ORDINARY_UID}:{ORDINARY_UID}::/home/{ORDINARY_USER}:/bin/sh",
        "group": f"{ORDINARY_USER}:x:{ORDINARY_UID}:",
        "subuid": f"{ORDINARY_USER}:{FIRST_SUBORDINATE_ID}:{SUBORDINATE_IDS}",
        "subgid": f"{ORDINARY_USER}:{FIRST_SUBORDINATE_ID}:{SUBORDINATE_IDS}",
    }
    for name, line in lines.items():
        with (root / "etc" / name).open("a") as file:
            file.write(line + "\n")
    home = root / "home" / ORDINARY_USER
    home.mkdir(parents=True)
    os.chown(home, ORDINARY_UID, ORDINARY_UID)


def _drop_old(store: Path, family: str, keep: Path) -> None:
    """Only those no running test can still be in."""
    oldest = time.time() - KEEP_OLD_ROOTS_FOR.total_seconds()
    for path in _finished_roots(store, family):
        if path != keep and path.stat().st_mtime < oldest:
            _remove(path)


def _remove(path: Path) -> None:
    if path.exists():
        # --one-file-system: should a mount have been left inside, the host's files behind it stay.
        subprocess.run(["rm", "-rf", "--one-file-system", str(path)], check=True)
