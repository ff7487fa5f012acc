"""The real systemd-coredump, journald and coredumpctl of the distribution, without a systemd that runs and without the kernel:
a core goes to the handler by hand, with the arguments that the kernel gives it.

The packages are only unpacked. Installing systemd-coredump sets the machine's core_pattern, which is everybody's.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("systemd", "libsystemd-shared", "systemd-coredump")
STORE = Path("/var/lib/systemd/coredump")
WITHIN_S = 60.0
SIGABRT = 6
_LISTENING_AT = Path("/run/systemd/coredump")
_FIRST_PASSED_FD = 3
# Not set, journald would switch the kernel's auditing on, for the whole machine.
_JOURNALD_CONF = "[Journal]\nAudit=\nReadKMsg=no\nForwardToSyslog=no\nForwardToWall=no\n"


class Unavailable(Exception):
    """Why the packages cannot be had here."""


@dataclass(frozen=True)
class Kept:
    """What systemd-coredump made of a core."""

    core: Path
    """The packed core, under the name that it got."""
    info: str
    """What ``coredumpctl info`` prints of it."""


def unpacked(folder: Path) -> Path:
    """The root of the three packages, unpacked in a new folder below FOLDER. Raises Unavailable."""
    if os.geteuid() != 0:
        raise Unavailable("mounts need root")
    if shutil.which("apt-get") is None:
        raise Unavailable("the packages are Debian's: no apt-get")
    root = folder / "systemd"
    root.mkdir()
    fetched = subprocess.run(["apt-get", "download", "-q", *PACKAGES], cwd=folder, capture_output=True, text=True, check=False)
    if fetched.returncode != 0:
        raise Unavailable(f"apt-get download: {fetched.stderr.strip()}")
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(root)], check=True)
    return root


def keep(root: Path, core: Path, pid: int, into: Path) -> Kept:
    """Hand the CORE of the process PID, which must still be there, to systemd-coredump. INTO: an empty folder."""
    command = ["unshare", "-m", sys.executable, __file__, str(root), str(core), str(pid), str(into)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=2 * WITHIN_S, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    (kept,) = into.glob("core.*")
    return Kept(kept, done.stdout)


def _inside(root: Path, core: Path, pid: int, into: Path) -> None:
    """In a mount namespace of our own, where folders of systemd's are ours."""
    for place in ("/run", "/var/lib/systemd", "/var/log", "/etc/systemd"):
        Path(place).mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", place], check=True)
    for folder in (STORE, Path("/run/systemd/journal"), Path("/var/log/journal")):
        folder.mkdir(parents=True)
    Path("/etc/systemd/journald.conf").write_text(_JOURNALD_CONF)
    os.environ["LD_LIBRARY_PATH"] = str(root / f"usr/lib/{platform.machine()}-linux-gnu/systemd")
    journald = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", str(root / "lib/systemd/systemd-journald")])
    try:
        _wait_for(Path("/run/systemd/journal/socket"))
        _hand_over(root / "lib/systemd/systemd-coredump", core, pid)
        for kept in STORE.iterdir():
            shutil.copy(kept, into)
        print(_coredumpctl_info(root, pid), end="")
    finally:
        journald.terminate()
        journald.wait()


def _hand_over(handler: Path, core: Path, pid: int) -> None:
    """What the kernel and then systemd's socket unit do: the first handler passes the core on, the second one stores it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening, core.open("rb") as content:
        listening.bind(str(_LISTENING_AT))
        listening.listen(1)
        listening.settimeout(WITHIN_S)
        # core_pattern's %P %u %g %s %t %c %h.
        seen = [pid, os.getuid(), os.getgid(), SIGABRT, int(time.time()), 2**64 - 1, socket.gethostname()]
        with subprocess.Popen([handler, *map(str, seen)], stdin=content) as first:
            passed, _ = listening.accept()
            with passed:
                # The shell has the number that LISTEN_PID must name, and so has the program it becomes.
                take_over = f'exec {_FIRST_PASSED_FD}<&"$1"; LISTEN_FDS=1 LISTEN_PID=$$ exec "$2"'
                argv = ["sh", "-c", take_over, "sh", str(passed.fileno()), str(handler)]
                subprocess.run(argv, pass_fds=[passed.fileno()], timeout=WITHIN_S, check=True)
            first.wait(WITHIN_S)


def _coredumpctl_info(root: Path, pid: int) -> str:
    """Once journald has written the entry."""
    deadline = time.monotonic() + WITHIN_S
    while True:
        command = [str(root / "usr/bin/coredumpctl"), "--no-pager", "info", str(pid)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0 or time.monotonic() >= deadline:
            done.check_returncode()
            return done.stdout
        time.sleep(0.05)


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not path.exists():
        if time.monotonic() >= deadline:
            raise AssertionError(f"no {path} after {WITHIN_S:.0f} s")
        time.sleep(0.02)


if __name__ == "__main__":
    _inside(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
