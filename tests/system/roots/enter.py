"""Runs a program inside a root, visible from outside under the same process id, and leaves nothing behind.

>>> with start_in_root(root.path, ["podman", "info"], files={"/tmp/x.tar": content}) as process:
...     status = process.wait(30)
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .keeper import END_LIMIT_S, descendants
from .make import ORDINARY_UID, ORDINARY_USER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

START_LIMIT_S = 30.0
HOME = f"/home/{ORDINARY_USER}"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class RootEntryFailed(Exception):
    """The program could not be started inside the root, or not everything could be ended; the text says why."""


@dataclass(frozen=True)
class Bind:
    """A host path shown inside the root."""

    source: str
    target: str
    """Absolute, inside the root. If it does not exist there, it must lie below /tmp, /var/tmp, /run or the home."""
    writable: bool = False


class RootProcess:
    """A program running inside a root. Made by `start_in_root`."""

    def __init__(self, keeper: subprocess.Popen[bytes], output: Any) -> None:
        self._keeper, self._output = keeper, output
        self._unread = b""
        self._status: int | None = None
        self.pid = int(self._next_message(START_LIMIT_S)["started"])
        """The program's process id, the same inside and outside the root."""

    def poll(self) -> int | None:
        """The exit status if the program has ended (negative: the signal), else None. Its descendants may still run."""
        return self._wait(0.0)

    def wait(self, timeout: float) -> int:
        """The exit status; raises TimeoutError after `timeout` seconds, and the program runs on."""
        status = self._wait(timeout)
        if status is None:
            raise TimeoutError(f"process {self.pid} has not ended after {timeout} s")
        return status

    def output(self) -> str:
        """What the program has written so far, both streams together."""
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), size, 0).decode(errors="replace")

    def family(self) -> list[int]:
        """Every process that came from the program, itself included, also those that left it by setsid."""
        return descendants(self._keeper.pid)

    def close(self) -> None:
        """Ends the program and all its descendants, whatever they do. May be called twice.

        Raises RootEntryFailed, with the ids, where something cannot be ended.
        """
        if self._keeper.stdin is None or self._keeper.stdin.closed:
            return
        self._keeper.stdin.close()
        try:
            self._keeper.wait(END_LIMIT_S + 5)
        except subprocess.TimeoutExpired:
            remaining = self.family()
            self._keeper.kill()
            self._keeper.wait()
            raise RootEntryFailed(f"cannot end {remaining}") from None
        finally:
            assert self._keeper.stdout is not None
            self._keeper.stdout.close()
            self._output.close()
        if self._keeper.returncode != 0:
            raise RootEntryFailed(f"the keeper ended with {self._keeper.returncode}: something may be left running")

    def _wait(self, timeout: float) -> int | None:
        if self._status is None:
            with contextlib.suppress(TimeoutError):
                self._status = os.waitstatus_to_exitcode(self._next_message(timeout)["ended"])
        return self._status

    def _next_message(self, timeout: float) -> dict[str, Any]:
        assert self._keeper.stdout is not None
        deadline = time.monotonic() + timeout
        while b"\n" not in self._unread:
            if not select.select([self._keeper.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError("no word from the keeper")
            received = os.read(self._keeper.stdout.fileno(), 65536)
            if not received:
                raise RootEntryFailed(f"the keeper died: {self.output()[-800:]}")
            self._unread += received
        line, self._unread = self._unread.split(b"\n", 1)
        message: dict[str, Any] = json.loads(line)
        if "failed" in message:
            raise RootEntryFailed(message["failed"])
        return message


@contextlib.contextmanager
def start_in_root(
    root: Path,
    argv: Sequence[str],
    *,
    uid: int = ORDINARY_UID,
    gid: int | None = None,
    env: Mapping[str, str] | None = None,
    binds: Sequence[Bind] = (),
    files: Mapping[str, bytes] | None = None,
    home: str = HOME,
) -> Iterator[RootProcess]:
    """Starts `argv` in a fresh view of `root`, as an ordinary user unless told otherwise; leaving the block ends all.

    Home, /tmp, /var/tmp and /run are new and empty each time. `env` is added to HOME, USER, PATH, LANG and
    XDG_RUNTIME_DIR; nothing of the caller's environment is passed on. `files` are written before the start, owned by
    the user, executable if they begin with an ELF or script header; they go where `Bind.target` may. Standard input is
    empty. Raises RootEntryFailed.
    """
    gid = uid if gid is None else gid
    runtime = f"/run/user/{uid}"
    base = {"HOME": home, "USER": ORDINARY_USER if uid else "root", "PATH": PATH, "LANG": "C.UTF-8"}
    with tempfile.TemporaryFile() as output:
        plan = {
            "root": str(root),
            "argv": list(argv),
            "uid": uid,
            "gid": gid,
            "home": home,
            "runtime": runtime,
            "env": {**base, "XDG_RUNTIME_DIR": runtime, **(env or {})},
            "binds": [asdict(bind) for bind in binds],
            "files": [_file(target, content) for target, content in (files or {}).items()],
            "output": output.fileno(),
        }
        keeper = _start_keeper(output.fileno())
        try:
            assert keeper.stdin is not None
            keeper.stdin.write((json.dumps(plan) + "\n").encode())
            keeper.stdin.flush()
            process = RootProcess(keeper, output)
        except BaseException:
            keeper.communicate()
            raise
        try:
            yield process
        finally:
            process.close()


def _file(target: str, content: bytes) -> dict[str, Any]:
    mode = 0o755 if content.startswith((b"\x7fELF", b"#!")) else 0o644
    return {"target": target, "content": base64.b64encode(content).decode(), "mode": mode}


def _start_keeper(output: int) -> subprocess.Popen[bytes]:
    """In a session of its own, so that Ctrl-C reaches only the caller, who then closes in order."""
    import_root = Path(__file__).resolve().parents[__name__.count(".")]
    return subprocess.Popen(
        [sys.executable, "-m", f"{__package__}.keeper"],
        env={"PYTHONPATH": str(import_root), "PATH": PATH},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=output,
        pass_fds=[output],
        start_new_session=True,
    )
