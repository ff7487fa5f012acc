"""The real podman 4.3.1 in the guest, run as the original report did: an ordinary user's first `podman image load`.

What it needs there, found by trial: conmon and crun must exist (never run), newuidmap set-uid, /etc/subuid,
XDG_RUNTIME_DIR and a writable home; storage falls to vfs by itself (no fuse-overlayfs), so no kernel module. The child
that hangs has every signal blocked that would dump core, so the kernel makes no core of it.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from .guest import Guest, StepResult
from .imagetar import image_tar
from .rootimage import ORDINARY_UID, ORDINARY_USER

PROGRAMS = Path(__file__).with_name("programs")
LOAD = "podman image load --input /share/image.tar"
PLAIN_SECONDS = 60.0
HANG_SECONDS = 60.0

_FORGET = (
    f"pkill -9 -u {ORDINARY_USER}; rm -rf /run/user/{ORDINARY_UID}/* /run/user/{ORDINARY_UID}/.??* "
    f"/home/{ORDINARY_USER}/.local; true"
)

# Hung: podman's child stands in the same futex wait at two looks with no context switch between them.
_WAIT_UNTIL_HUNG = """\
look() { cat /proc/$1/syscall; grep ctxt /proc/$1/status; }
while [ -d /proc/PARENT ]; do
    for child in $(pgrep -P PARENT -x podman); do
        before=$(look $child); sleep 0.5; after=$(look $child)
        case $before in '238 '*' 0x80 0x2 '*) [ "$before" = "$after" ] && echo $child && exit 0 ;; esac
    done
    sleep 0.1
done
exit 9
"""


@dataclass(frozen=True)
class HungPodman:
    """Two processes: what the user sees, and what hangs."""

    parent: int
    child: int


def prepare(guest: Guest) -> None:
    """Put the image file and the stdio widener into the share."""
    (guest.share / "image.tar").write_bytes(image_tar("s390x"))
    library, source = guest.share / "stdio_widener.so", PROGRAMS / "stdio_widener.c"
    compile_command = ["s390x-linux-gnu-gcc", "-shared", "-fPIC", "-g", "-O1", "-pthread", "-o", library, source]
    subprocess.run([str(word) for word in compile_command], check=True, timeout=60)


def forget(guest: Guest) -> None:
    """Make the next run a first run again: end the user's processes, drop podman's state."""
    guest.run("podman-forget", _FORGET, 20)


def plain_run(guest: Guest) -> StepResult:
    """A first run without a widener; 4 to 6 s. `exit_code` None: it was late, which is a hang or a slow machine."""
    forget(guest)
    return guest.run("podman-plain", LOAD, PLAIN_SECONDS, ORDINARY_USER)


def hang(guest: Guest, attempts: int = 4) -> HungPodman:
    """First runs with the stdio widener until one hangs (the first one, every time so far); leaves it hanging."""
    for _ in range(attempts):
        forget(guest)
        start = f"LD_PRELOAD=/share/stdio_widener.so {LOAD} > /tmp/podman.log 2>&1 & echo $!"
        started = guest.run("podman-widened", start, 20, ORDINARY_USER, leave_running=True, check=True)
        parent = int(started.stdout)
        seen = guest.run("podman-hung", _WAIT_UNTIL_HUNG.replace("PARENT", str(parent)), HANG_SECONDS)
        if seen.exit_code == 0:
            return HungPodman(parent, int(seen.stdout))
    raise AssertionError(f"podman did not hang in {attempts} widened runs")
