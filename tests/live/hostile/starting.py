"""Starting a target in a place of its own: other namespaces, another root, through another loader."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.targets.procs import session_members, stat_of, threads_of

READY_S, END_S = 60.0, 20.0


@contextlib.contextmanager
def started(
    command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, pass_fds: Sequence[int] = ()
) -> Iterator[int]:
    """The pid, as we see it, of the innermost process that ``command`` made, once it has said that it is ready and stands still.

    Everything of its session is ended by pid.
    """
    process = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**os.environ, "TARGET_HARNESS": str(os.getpid()), **(env or {})},
        start_new_session=True,
        pass_fds=pass_fds,
    )
    assert process.stdout is not None
    try:
        line = _line(process)
        assert line.startswith(b"ready "), line
        pid = max(session_members(process.pid), key=lambda member: (depth(member), member))
        until_still(pid)
        yield pid
    finally:
        end(process)


def _line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    deadline, line = time.monotonic() + READY_S, b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        byte = os.read(process.stdout.fileno(), 1) if ready else b""
        assert byte, f"not ready: {line!r}, status {process.poll()}"
        line += byte
    return line


def depth(pid: int) -> int:
    """How many processes of this chain lie above it."""
    count = 0
    while (fields := stat_of(pid)) and pid > 1 and count < 64:
        pid, count = int(fields[1]), count + 1
    return count


def until_still(pid: int) -> None:
    """Until every thread of the process sleeps."""
    deadline = time.monotonic() + READY_S
    while True:
        states = {stat_of_thread(pid, tid) for tid in threads_of(pid)}
        if states <= {"S", "D", "T", "Z"}:
            return
        assert time.monotonic() < deadline, states
        time.sleep(0.01)


def stat_of_thread(pid: int, tid: int) -> str:
    """The letter of a thread's state."""
    try:
        return Path(f"/proc/{pid}/task/{tid}/stat").read_bytes().rpartition(b")")[2].split()[0].decode()
    except OSError:
        return "Z"


def end(process: subprocess.Popen[bytes]) -> None:
    """End its whole session."""
    deadline = time.monotonic() + END_S
    while left := [pid for pid in session_members(process.pid) if pid != process.pid or process.poll() is None]:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.poll()
        left = [pid for pid in left if stat_of(pid)[:1] not in ([], ["Z"])]
        assert time.monotonic() < deadline, left
        if not left and process.returncode is not None:
            break
        time.sleep(0.01)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def runs_on(pid: int) -> None:
    """The process stands as it did: not traced, not stopped."""
    deadline = time.monotonic() + 30
    while True:
        texts = [text for tid in threads_of(pid) if (text := _status(pid, tid))]
        traced = [text for text in texts if "TracerPid:\t0\n" not in text]
        stopped = [text for text in texts if "State:\tT" in text or "State:\tt" in text]
        if texts and not traced and not stopped:
            return
        assert time.monotonic() < deadline, (traced or stopped or ["gone"])[0]
        time.sleep(0.01)


def _status(pid: int, tid: int) -> str:
    try:
        return Path(f"/proc/{pid}/task/{tid}/status").read_text(errors="replace")
    except OSError:
        return ""
