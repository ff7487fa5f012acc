"""Runs in the guest: the project's command with its imports done once, because under emulation they are most of its time.

A request is one line of JSON on the pipe that the agent writes to; each is a fork of this process that runs
``analyzer.cli.main`` with the arguments of a command line. What it leaves is what a step leaves (see ``agent``).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import pwd
import selectors
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REQUESTS = Path("/run/warm")
RESULTS = Path("/share/results")
PR_SET_DUMPABLE = 4
ALSO = ("cattrs", "elftools.elf.elffile", "jinja2", "psutil", "pygdbmi.gdbmiparser")
NOT_ASKED_FOR = ("batch", "capture.trace", "fleet", "scan", "signature_commands", "ticket")
"""Rooms that no command in the guest enters: importing everything takes half a minute."""


@dataclass
class Running:
    """A fork that works on a request."""

    name: str
    pid: int
    started: float
    deadline: float
    late: bool = False


def main() -> None:
    preload()
    requests = os.open(REQUESTS, os.O_RDWR)  # for writing too: so it never ends
    waiting = selectors.DefaultSelector()
    waiting.register(requests, selectors.EVENT_READ)
    unread = b""
    while True:
        running = [key.data for key in waiting.get_map().values() if key.data is not None]
        soonest = min((one.deadline for one in running if not one.late), default=None)
        ready = waiting.select(None if soonest is None else max(0.0, soonest - time.monotonic()))
        for key, _ in ready:
            if key.data is not None:
                waiting.unregister(key.fd)
                os.close(key.fd)
                answer(key.data)
                continue
            *lines, unread = (unread + os.read(requests, 65536)).split(b"\n")
            for line in lines:
                request = json.loads(line)
                pid = start(request)
                one = Running(request["name"], pid, time.monotonic(), time.monotonic() + request["seconds"])
                waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, one)
        for one in running:
            if not one.late and time.monotonic() > one.deadline:
                one.late = True
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(one.pid, signal.SIGKILL)


def preload() -> None:
    """Import what is asked for of the project, as far as it can be: what cannot is for whoever needs it to complain about."""
    import analyzer

    for module in pkgutil.walk_packages(analyzer.__path__, "analyzer.", onerror=lambda _: None):
        name = module.name.removeprefix("analyzer.")
        if name != "__main__" and not name.startswith(NOT_ASKED_FOR):
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)
    for name in ALSO:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def start(request: dict[str, Any]) -> int:
    """Fork, become the request's user, run; the pid."""
    pid = os.fork()
    if pid == 0:
        code = 255
        try:
            os.setsid()
            for number, (suffix, flags) in enumerate((("stdout", os.O_RDWR), ("stderr", os.O_RDWR)), start=1):
                os.dup2(os.open(RESULTS / f"{request['name']}.{suffix}", flags | os.O_CREAT | os.O_TRUNC), number)
            become(request["user"], request["environment"])
            from analyzer.cli import main as command

            code = command(request["argv"])
            sys.stdout.flush()
        except BaseException as failure:
            print(f"the preloaded command failed: {failure!r}", file=sys.stderr)
        finally:
            sys.stderr.flush()
            os._exit(code)
    return pid


def become(user: str, environment: dict[str, str]) -> None:
    account = pwd.getpwnam(user)
    os.environ.clear()
    os.environ.update(environment)
    if account.pw_uid != 0:
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
        # A change of user without exec closes /proc/PID to the new one; a debugger of its own reads photographs from there.
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    os.chdir(account.pw_dir)


def answer(one: Running) -> None:
    """The result file of a fork that has ended."""
    _, status = os.waitpid(one.pid, 0)
    code = None if one.late else os.waitstatus_to_exitcode(status)
    unfinished = RESULTS / f"{one.name}.unfinished"
    unfinished.write_text(json.dumps({"exit_code": code, "seconds": round(time.monotonic() - one.started, 3)}))
    unfinished.rename(RESULTS / f"{one.name}.json")


if __name__ == "__main__":
    main()
