"""A core of the live test suite in the guest: target programs that hang in other ways than the loader, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests import targets
from tests.live.analysing import hanganalyze
from tests.targets.building import FLAGS, LIBRARIES, SOURCES

from .cases import ANALYSE_SECONDS, HANG_SECONDS, MAX_PAUSE, told_by
from .crossbuilt import compile_source
from .guest import Guest

TARGETS: dict[str, tuple[str, ...]] = {
    "raw_clone_lock setenv": ("stop",),
    "owner_alive": ("attach",),
    "two_lock_cycle": ("stop",),
    "cond_wait_pool": ("no-stop",),
}
"""With the ways they are looked at."""


@dataclass(frozen=True)
class Seen:
    """One target by one way of looking."""

    name: str
    method: str
    code: int | None
    result: dict[str, Any]
    seconds: float


def look(guest: Guest, name: str) -> list[Seen]:
    """Start a target in the guest, analyse it in its ways, end it."""
    program, *arguments = name.split()
    place = compile_source(guest, SOURCES / f"{program}.c", [*FLAGS, *LIBRARIES])
    started = guest.start(f"target-{program}", f"exec /share/{place.name} {' '.join(arguments)}", ANALYSE_SECONDS)
    pid = int(guest.wait_for_output(started, r"^ready pid=(\d+) .*\n", HANG_SECONDS)[1])
    seen = []
    for method in TARGETS[name]:
        argv = [str(pid), "--json", "--no-reference", "--max-pause", MAX_PAUSE, "--capture", method]
        step = guest.command(f"{program}-{method}", argv, ANALYSE_SECONDS)
        told = told_by(step)
        seen.append(Seen(name, method, told.code, told.result, told.seconds))
    guest.run(f"end-{program}", f"kill -9 {pid} || true", 20)
    return seen


def on_this_machine(name: str, method: str) -> dict[str, Any]:
    """The same target, looked at in the same way, here."""
    with targets.running(*name.split()) as target:
        return hanganalyze(target.pid, "--json", "--no-reference", "--capture", method).result
