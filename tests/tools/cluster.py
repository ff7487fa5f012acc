"""A Dask scheduler and workers for tests, on this host or inside network namespaces; all of it ends with the block."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.tools.certificates import Certificates

TIMEOUT = 120.0
# A host that is cut off is missed after this long; eleven seconds are the least that distributed takes.
_QUICK = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "11s", "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "20s"}


@dataclass
class Daemon:
    """A scheduler, or the nanny of a worker."""

    process: subprocess.Popen[bytes]
    log: Path

    def children(self) -> list[psutil.Process]:
        """The processes that do the work: of a nanny its worker."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return [
                one
                for one in psutil.Process(self.process.pid).children(recursive=True)
                if "spawn_main" in " ".join(one.cmdline())
            ]
        return []

    def signal(self, number: signal.Signals) -> None:
        """To the worker, not its nanny."""
        for one in self.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(number)

    def kill(self) -> None:
        """With everything it started, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)

    def said(self, text: str) -> int:
        """How often its log says this."""
        return self.log.read_text(errors="replace").count(text)


@dataclass
class Cluster:
    """A scheduler and its workers."""

    folder: Path
    address: str
    certificates: Certificates | None = None
    daemons: list[Daemon] = field(default_factory=list)
    scheduler: Daemon | None = None

    def start(self, name: str, arguments: Sequence[str], inside: str | None, **environment: str) -> Daemon:
        """Start a Dask daemon; ``inside``: the network namespace."""
        prefix = ["ip", "netns", "exec", inside] if inside else []
        tls = self.certificates.for_dask if self.certificates else ()
        log = self.folder / f"{name}.log"
        command = [*prefix, sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:], *tls, "--no-dashboard"]
        with log.open("ab") as file:
            surroundings = {**os.environ, **_QUICK, **environment}
            process = subprocess.Popen(
                command,
                stdout=file,
                stderr=file,
                start_new_session=True,
                env=surroundings,
                cwd=self.folder,
            )
        daemon = Daemon(process, log)
        self.daemons.append(daemon)
        return daemon

    def worker(self, name: str, *options: str, inside: str | None = None, **environment: str) -> Daemon:
        """One worker of one thread, with its nanny."""
        place = ["--local-directory", str(self.folder / name)]
        return self.start(name, ["worker", self.address, "--nthreads", "1", *place, *options], inside, **environment)


@contextlib.contextmanager
def cluster(
    folder: Path, host: str, port: int, *, certificates: Certificates | None = None, inside: str | None = None
) -> Iterator[Cluster]:
    """A scheduler that answers; workers are started by the caller."""
    protocol = "tls" if certificates else "tcp"
    made = Cluster(folder, f"{protocol}://{host}:{port}", certificates)
    try:
        made.scheduler = made.start(
            "scheduler", ["scheduler", "--host", host, "--port", str(port), "--protocol", protocol], inside
        )
        wait_until(lambda: made.scheduler is not None and made.scheduler.said("Scheduler at"), "the scheduler")
        yield made
    finally:
        for one in reversed(made.daemons):
            one.kill()


def wait_until(reached: object, what: str, timeout: float = TIMEOUT) -> None:
    """Until ``reached()`` is true."""
    assert callable(reached)
    end = time.monotonic() + timeout
    while not reached():
        assert time.monotonic() < end, f"{what}: not within {timeout:g} s"
        time.sleep(0.02)
