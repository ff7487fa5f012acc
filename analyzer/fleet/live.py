"""What runs on a worker to look at the live processes of its own host. Rows and JSON leave it; nothing private does."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from analyzer.batch.item import Done, Item, key_of
from analyzer.batch.judging import finished, unread
from analyzer.errors import HangAnalyzeError
from analyzer.fleet.task import setup_of
from analyzer.lean_dataclass import dataclass


@dataclass(frozen=True)
class HostSeen:
    """A worker's host, as far as its processes can be seen from there."""

    identity: str
    """Equal for two workers that see the same processes: the kernel's boot id and the pid namespace."""
    name: str
    root: bool
    """It may look into every process it sees."""


@dataclass(frozen=True)
class Wish:
    """How processes are to be looked at."""

    capture: str
    max_pause: float
    suspects: bool


@dataclass(frozen=True)
class Seen:
    """What a scan of one host found."""

    items: tuple[Item, ...]
    processes: int
    not_seen: int
    problem: str | None = None


def look() -> HostSeen:
    """This host."""
    from analyzer.capture.admission import CAP_SYS_PTRACE, has_capability

    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return HostSeen(f"{boot} {os.readlink('/proc/self/ns/pid')}", socket.gethostname(), has_capability(CAP_SYS_PTRACE))


def find(run: str, wish: Wish) -> Seen:
    """The processes of this host that look hung; with ``suspects`` also those that may be."""
    from analyzer.scan import scan

    del run
    here = look()
    try:
        found = scan()
    except HangAnalyzeError as error:
        return Seen((), 0, 0, error.what)
    chosen = (*found.ranked("hung"), *(found.ranked("suspect") if wish.suspects else ()))
    items = tuple(item for one in chosen if (item := _item(here, one.pid)) is not None)
    return Seen(items, found.processes, found.not_seen)


def named(run: str, pids: tuple[int, ...]) -> Seen:
    """Those of these processes that are on this host."""
    del run
    here = look()
    return Seen(tuple(item for pid in pids if (item := _item(here, pid)) is not None), 0, 0)


def analyse(run: str, item: Item, wish: Wish) -> Done:
    """One process of this host."""
    from analyzer.capture.live import Options, capture
    from analyzer.capture.private import private_here
    from analyzer.diagnose import diagnose
    from analyzer.model import ThreadRef
    from analyzer.redact import redact

    setup = setup_of(run)
    pid = int(item.path or 0)
    began = time.perf_counter()
    try:
        options = Options(method=wish.capture, max_pause=wish.max_pause, debugger=setup.debugger)  # type: ignore[arg-type]
        diagnosis = diagnose(capture(pid, options), setup.catalogue, ThreadRef(pid))
        host = item.host
        if setup.redacted:
            known = private_here(one.pid for one in diagnosis.snapshot.processes)
            diagnosis, _ = redact(diagnosis, known, setup.naming)
            host = setup.naming("host", item.host or "")
    except HangAnalyzeError as error:
        return Done(unread(item, error.what, setup, again=True), None, time.perf_counter() - began)
    except Exception as error:  # one odd process must not hide the others
        return Done(unread(item, f"a mistake in hanganalyze itself: {error!r}; please report it", setup), None, 0.0)
    return finished(item, diagnosis, host, setup, began)


def _item(here: HostSeen, pid: int) -> Item | None:
    """The item of a process; None when it is gone."""
    from analyzer.capture.procfs import sample

    try:
        found = sample(pid)
    except HangAnalyzeError:
        return None
    started = str(found.start_ticks)
    return Item(
        key=key_of("process", here.identity, str(pid), started),
        name=f"{here.name}:{pid} ({found.name})",
        kind="process",
        stamp=started,
        host=here.name,
        path=str(pid),
    )
