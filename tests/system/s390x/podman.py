"""The real podman 4.3.1 in the guest, run as the original report did: an ordinary user's first `podman image load`.

What it needs there, found by trial: conmon and crun must exist (never run), newuidmap set-uid, /etc/subuid,
XDG_RUNTIME_DIR and a writable home; storage falls to vfs by itself (no fuse-overlayfs), so no kernel module. The child
that hangs has every signal blocked that would dump core, so the kernel makes no core of it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from analyzer.model import TrialResult
from analyzer.render.json import any_from_json

from .crossbuilt import compile_program
from .errors import GuestError
from .guest import Guest
from .imagetar import image_tar
from .rootimage import ORDINARY_UID, ORDINARY_USER

LOAD = "podman image load --input /share/image.tar"
PLAIN_SECONDS = 90.0
RUNS = int(os.environ.get("HANGANALYZE_PODMAN_RUNS", "2"))
"""Plain runs; 4 to 10 s each."""
HANG_SECONDS = 180.0

_FORGET = (
    # Others of the same user may be at work; what podman leaves running is called «podman pause».
    f"pkill -9 -u {ORDINARY_USER} '^podman'; rm -rf /run/user/{ORDINARY_UID}/* /run/user/{ORDINARY_UID}/.??* "
    f"/home/{ORDINARY_USER}/.local; true"
)

# Hung: podman's child has one thread, which stands in the same futex wait at two looks with no context switch between them.
# Nothing but what the shell does by itself: a process for each look would keep one of the guest's two processors busy.
_WAIT_UNTIL_HUNG = """\
fifo=/tmp/never-written.PARENT; mkfifo $fifo && exec 3<> $fifo && rm $fifo || exit 8
look() {
    read -r seen < /proc/$1/syscall
    while read -r name count; do case $name in *ctxt_switches:) seen="$seen $count" ;; esac; done < /proc/$1/status
}
while [ -d /proc/PARENT ]; do
    for list in /proc/PARENT/task/*/children; do
        read -r children < $list
        for child in $children; do
            # What a raw clone made has one thread; a podman that was executed anew may wait for its own widener.
            set -- /proc/$child/task/*; read -r name < /proc/$child/comm; [ "$# $name" = "1 podman" ] || continue
            seen=; look $child; before=$seen; read -rt 2 -u 3; seen=; look $child
            case $before in '238 '*' 0x80 0x2 '*) [ "$before" = "$seen" ] && echo $child && exit 0 ;; esac
        done
    done 2>/dev/null
    read -rt 0.2 -u 3
done
exit 9
"""


@dataclass(frozen=True)
class HungPodman:
    """Two processes: what the user sees, and what hangs."""

    parent: int
    child: int


def prepare(guest: Guest) -> None:
    """Put the image file and the stdio widener into the share, and bring podman's program home."""
    (guest.share / "image.tar").write_bytes(image_tar("s390x"))
    compile_program(guest, "stdio_widener", "-shared", "-fPIC")
    guest.run("podman-program", "cp /usr/bin/podman /share/podman", 30, check=True)


def forget(guest: Guest) -> None:
    """Make the next run a first run again: end the user's processes, drop podman's state."""
    guest.run("podman-forget", _FORGET, 20)


def plain_runs(guest: Guest) -> TrialResult:
    """First runs without a widener, `RUNS` of them, counted by the project's own `run` as the ordinary user."""
    script = guest.share / "forget.sh"
    script.write_text(f"#!/bin/sh\n{_FORGET}\n", "utf-8")
    script.chmod(0o755)
    counted = ["run", "--repeat", str(RUNS), "--timeout", str(PLAIN_SECONDS), "--setup", "/share/forget.sh", "--json"]
    step = guest.command("podman-plain", [*counted, "--", *LOAD.split()], 30 + RUNS * PLAIN_SECONDS, ORDINARY_USER)
    if not step.stdout:
        raise GuestError(f"no result of podman's plain runs: {step.stderr}")
    result = any_from_json(step.stdout)
    assert isinstance(result, TrialResult)
    return result


def hang(guest: Guest, attempts: int = 8) -> HungPodman:
    """First runs with the stdio widener until one hangs (the first one, nearly always); leaves it hanging."""
    ends = []
    for _ in range(attempts):
        forget(guest)
        start = f"LD_PRELOAD=/share/stdio_widener {LOAD} > /tmp/podman.log 2>&1 & echo $!"
        started = guest.run("podman-widened", start, 20, ORDINARY_USER, leave_running=True, check=True)
        parent = int(started.stdout)
        seen = guest.run("podman-hung", _WAIT_UNTIL_HUNG.replace("PARENT", str(parent)), HANG_SECONDS)
        if seen.exit_code == 0:
            return HungPodman(parent, int(seen.stdout))
        said = guest.run("podman-said", "cat /tmp/podman.log", 20).stdout
        ends.append(f"watch ended with {seen.exit_code} after {seen.seconds:.1f} s {seen.stderr[-300:]}; podman: {said[-300:]}")
    raise AssertionError("\n".join([f"podman did not hang in {attempts} widened runs", *ends]))
