"""Run a target: start it, wait until it really stands where it should, end everything it made."""

from __future__ import annotations

import contextlib
import os
import pwd
import select
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from .building import build
from .procs import Sample, parent_of, sample, session_members, session_of, stat_of, threads_of
from .subreaper import subreaper

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SAMPLES_APART = 0.01
END_TIMEOUT = 10.0


class NotReadyError(Exception):
    """The target ended, or did not reach its state in time. The message says how far it got, and its stderr."""


@dataclass(frozen=True)
class Wait:
    """Where one thread is meant to stand still."""

    tid: int
    where: str
    """The number of a system call, the letter of a state (T, Z) where there is none, or "gone"."""

    def reached(self, seen: Sample | None) -> bool:
        """The thread was there when it was seen. Says nothing about whether it stays."""
        if seen is None:
            return self.where == "gone"
        if self.where.isdecimal():
            return seen.state in "SD" and seen.number == int(self.where)
        return seen.state == self.where


@dataclass(frozen=True)
class Target:
    """A target program that has reached its state."""

    name: str
    pid: int
    """The process to analyse; often a child of the one that was started."""
    started: int
    """The process that was started; everything else descends from it. It may be gone (`parent_gone`)."""
    facts: Mapping[str, str]
    """What the program said about itself when it was ready; the keys are explained in its source."""
    waits: tuple[Wait, ...]
    """The threads that stand still, in any of its processes. Those not named here may move."""
    _process: subprocess.Popen[bytes]

    @property
    def pids(self) -> tuple[int, ...]:
        """All processes of the target that exist now, without those that are nothing but a zombie."""
        members = session_members(self.started)
        return tuple(pid for pid in members if len(threads_of(pid)) > 1 or stat_of(pid)[:1] not in ([], ["Z"], ["X"]))

    def number(self, key: str) -> int:
        """A fact that is a number, an id or an address."""
        return int(self.facts[key], 0)

    def ask(self, timeout: float = 5.0) -> dict[str, int]:
        """Send an empty line to a target that answers such (`clock_thread`, `dying_threads`) and read its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        words = _read_line(self._process, time.monotonic() + timeout).split()
        return {key: int(value) for key, _, value in (word.partition("=") for word in words)}


@contextlib.contextmanager
def running(
    name: str,
    *arguments: str | int,
    ready_timeout: float = 10.0,
    user: str | int | None = None,
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
    static: bool = False,
    cc: str | None = None,
) -> Iterator[Target]:
    """Start target `name` and yield it once every thread has arrived in its final wait.

    `user` (name or uid; needs root) runs it as somebody else. `env` is added to this process's environment. `static`
    and `cc` are those of `build`. The thread that enters must live until the block is left: the kernel ends a target
    together with the thread that started it. Meanwhile this process adopts orphans (see `subreaper`), so a daemon that
    a test starts inside the block becomes its child.
    Raises `NotReadyError`, `CannotBuildError`, and `AssertionError` if something is left.
    """
    program = build(name, static=static, cc=cc)
    account = _account(user)
    with subreaper(), tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [program, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=cwd,
            env={**os.environ, **(env or {}), "TARGET_HARNESS": str(os.getpid())},
            start_new_session=True,
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=None if account is None else [],
        )
        try:
            deadline = time.monotonic() + ready_timeout
            try:
                target = _ready(name, process, _read_line(process, deadline))
                _until_standing(target, deadline)
            except NotReadyError as error:
                raise NotReadyError(f"{name} {arguments}: {error}; it said: {_text(errors)!r}") from None
            yield target
        finally:
            _end(name, process)


def _account(user: str | int | None) -> pwd.struct_passwd | None:
    if user is None:
        return None
    return pwd.getpwuid(user) if isinstance(user, int) else pwd.getpwnam(user)


def _text(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read().decode(errors="replace")


def _read_line(process: subprocess.Popen[bytes], deadline: float) -> str:
    """Byte by byte, so that nothing of the next line is taken; the lines are short and few."""
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    line = bytearray()
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            raise NotReadyError(f"no line in time, only {bytes(line)!r}")
        byte = os.read(descriptor, 1)
        if not byte:
            raise NotReadyError(f"ended with status {process.poll()}")
        line += byte
    return line.decode()


def _ready(name: str, process: subprocess.Popen[bytes], line: str) -> Target:
    words = line.split()
    if words[:1] != ["ready"]:
        raise NotReadyError(f"not a ready line: {line!r}")
    pairs = [word.partition("=")[::2] for word in words[1:]]
    waits = tuple(Wait(int(value.partition(":")[0]), value.partition(":")[2]) for key, value in pairs if key == "wait")
    facts = {key: value for key, value in pairs if key != "wait"}
    return Target(name, int(facts["pid"]), process.pid, facts, waits, process)


def _until_standing(target: Target, deadline: float) -> None:
    """Every wait is reached, and two samples taken apart show that nothing moved in between."""
    before = None
    while True:
        target._process.poll()  # a started process that has ended should be gone, not a zombie
        now = [sample(wait.tid) for wait in target.waits]
        missing = [pair for pair in zip(target.waits, now, strict=True) if not pair[0].reached(pair[1])]
        if not missing and now == before:
            return
        if time.monotonic() > deadline:
            count = f"{len(missing)} of {len(target.waits)}"
            raise NotReadyError(f"{count} threads not in their waits (or moving), the first: {missing[:5]}")
        before = now
        time.sleep(SAMPLES_APART)


def _end(name: str, process: subprocess.Popen[bytes]) -> None:
    """Kill by pid until no process of the session is left, and wait for those that have become our children."""
    deadline = time.monotonic() + END_TIMEOUT
    while True:
        process.poll()
        left = session_members(process.pid)
        if not left and process.returncode is not None:
            break
        if time.monotonic() > deadline:
            states = [(pid, sample(pid)) for pid in left]
            raise AssertionError(f"left of {name}: {states}")
        for pid in left:
            _kill(pid, process.pid)
            if pid != process.pid and parent_of(pid) == os.getpid():
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
        time.sleep(0.002)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()


def _kill(pid: int, session: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            if session_of(pid) == session:  # not a stranger who got the number meanwhile
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)
