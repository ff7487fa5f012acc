"""Talking to gdb over its machine interface (MI). The only importer of pygdbmi.

pygdbmi's parser is used; the waiting is our own, because its ``write()`` returns after a time of quiet instead of at the
result, its stderr pipe is drained by nobody, a dead gdb goes unnoticed, and its parser does not end on cut-off records.
Lines are kept as text and parsed when they are asked for: parsing is slow, and the target may be standing still.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import IO, Any

from analyzer.errors import DebuggerDied, DebuggerFailed
from analyzer.lean_dataclass import dataclass

_RECORD = re.compile(rb"^(\d{0,18})([\^*=+~@&])(.*)$", re.DOTALL)
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
# A string shrinks to one quotation mark, then a group of results or values to one as well, from the innermost outwards.
_PAIR = rb'[\w-]++="'
_GROUP = re.compile(rb'\{(?:%b(?:,%b)*+)?\}|\[(?:(?:%b|")(?:,(?:%b|"))*+)?\]' % ((_PAIR,) * 4))
_WHOLE = re.compile(rb"[*^=][\w-]++(?:,%b)*+\s*" % _PAIR)
_DEEPEST = 16
"""Groups inside groups; the records that we ask for have three."""
_MAX_PENDING = 64 << 20
"""A single line longer than this is not an answer to anything that we ask."""
_MAX_STDERR = 1 << 16
_DEAF_TO = {
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE, signal.SIGUSR1, signal.SIGUSR2,
    signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
}  # fmt: skip
"""Signals that gdb inherits as blocked. Told by SIGTERM or SIGHUP to end in the middle of an attach, gdb 13.1 does not detach: it
*kills* the target. It ends with its input."""


@dataclass(frozen=True)
class Answer:
    """The result record of one command, unparsed."""

    token: int
    kind: str
    """done, running, connected, error or exit."""
    line: bytes
    console: bytes = b""
    """Console output that came before the result."""

    @property
    def failed(self) -> bool:
        """gdb refused the command."""
        return self.kind == "error"

    def payload(self) -> dict[str, Any]:
        """The record's results, parsed; empty when there are none or they make no sense."""
        return parse(self.line)

    def message(self) -> str:
        """gdb's own words of an error."""
        return str(self.payload().get("msg", "")) if self.failed else ""


def import_parser() -> None:
    """What ``parse`` imports when it is first called: better while gdb works than while somebody waits."""
    import_module("pygdbmi.gdbmiparser")


def parse(line: bytes) -> dict[str, Any]:
    """The results of a record through pygdbmi's parser; empty where it is none.

    That parser goes on for ever over text that is not of MI's grammar, so only records that are reach it.
    """
    if not _well_formed(line):
        return {}
    from pygdbmi import gdbmiparser

    try:
        payload = gdbmiparser.parse_response(line.decode("utf-8", "backslashreplace"))["payload"]
    except Exception:
        return {}
    return payload if isinstance(payload, dict) else {}


def _well_formed(line: bytes) -> bool:
    """Whether a record is of the grammar of gdb's manual («GDB/MI Output Syntax»); takes time in proportion to its length."""
    rest = _STRING.sub(b'"', line)
    for _ in range(_DEEPEST):
        shorter = _GROUP.sub(b'"', rest)
        if shorter == rest:
            break
        rest = shorter
    return _WHOLE.fullmatch(rest) is not None


class MiSession:
    """One running gdb. Every wait has a deadline (``time.monotonic()``); ``close`` always ends the process."""

    def __init__(
        self,
        command: Sequence[str],
        environment: dict[str, str],
        *,
        limit: Callable[[], None] | None = None,
        inherited: Sequence[int] = (),
        scratch: Sequence[int] = (),
    ) -> None:
        """``limit`` is called in the new process before gdb is there. ``inherited`` descriptors have the same numbers there, and
        so have ``scratch``: empty files in memory, ours to close, for what a gdb of another user could not open otherwise."""
        self.scratch = list(scratch)
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _DEAF_TO)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                # A session of its own: Ctrl-C in the terminal must reach us, not gdb in the middle of an attach.
                start_new_session=True,
                restore_signals=False,  # it goes on to its end of input where nobody reads any more (SIGPIPE is ignored)
                preexec_fn=limit,  # noqa: PLW1509 # it takes no lock of ours and imports nothing
                pass_fds=(*inherited, *scratch),
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise DebuggerFailed(f"{command[0]} does not start: {error}") from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        self._input, self._output, self._errors = self._process.stdin, self._process.stdout, self._process.stderr
        self._selector = selectors.DefaultSelector()
        for stream in (self._output, self._errors):
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ)
        # What gdb has forked may keep its output open after its death. Where the kernel has no pidfds, a wait has its deadline.
        self._life: int | None = None
        with contextlib.suppress(OSError):
            self._life = os.pidfd_open(self._process.pid)
            self._selector.register(self._life, selectors.EVENT_READ)
        self._token = 0
        self._pending: list[bytes] = []
        self._answers: dict[int, Answer] = {}
        self._console: list[bytes] = []
        self._stops = 0
        self._last_error = b""
        self._ended = False

    @property
    def pid(self) -> int:
        """gdb's own process id."""
        return self._process.pid

    def send(self, *commands: str) -> list[int]:
        """Queue MI commands without waiting; returns their tokens. Raises DebuggerDied."""
        tokens = []
        lines = []
        for command in commands:
            if "\n" in command or "\r" in command:
                raise ValueError("an MI command is one line")
            self._token += 1
            tokens.append(self._token)
            lines.append(f"{self._token}{command}\n".encode())
        try:
            # gdb reads while it works only in part: a large batch must not block us, so read while writing.
            self._write(b"".join(lines))
        except (OSError, ValueError) as error:  # ValueError: closed meanwhile, by whoever gave up waiting for us
            raise self._death() from error
        return tokens

    def _write(self, data: bytes) -> None:
        descriptor = self._input.fileno()
        os.set_blocking(descriptor, False)
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(descriptor, view) :]
            except BlockingIOError:
                if self._ended:  # what it has forked keeps its input open, too
                    raise BrokenPipeError from None
                self._read(time.monotonic() + 0.05)

    def wait(self, token: int, deadline: float, doing: str) -> Answer:
        """The result of one command. Raises DebuggerDied, or DebuggerFailed past the deadline."""
        while token not in self._answers:
            self._read_until(deadline, doing)
        return self._answers.pop(token)

    def ask(self, command: str, deadline: float, doing: str = "") -> Answer:
        """Send one command and wait for its result."""
        return self.wait(self.send(command)[0], deadline, doing or command.split(maxsplit=1)[0])

    def batch(self, commands: Sequence[str], deadline: float, doing: str) -> list[Answer]:
        """Send all commands at once, then collect all results: one round trip for the whole batch."""
        return [self.wait(token, deadline, doing) for token in self.send(*commands)]

    def wait_stopped(self, deadline: float) -> None:
        """Until gdb reports the next ``*stopped``: ``-target-attach`` says ^done before the target stands still."""
        while not self._stops:
            self._read_until(deadline, "waiting for the target to stop")
        self._stops -= 1

    def said(self) -> str:
        """The last error text that gdb wrote, for messages to a person."""
        return self._last_error.decode("utf-8", "backslashreplace").strip()

    def _read_until(self, deadline: float, doing: str) -> None:
        if self._ended:
            raise self._death()
        if time.monotonic() >= deadline:
            raise DebuggerFailed(f"gdb did not answer in time ({doing})")
        self._read(deadline)

    def _read(self, deadline: float) -> None:
        try:
            self._read_ready(deadline)
        except (OSError, ValueError, KeyError):  # closed, or read to its end, by another thread that gave up waiting for us
            self._ended = True

    def _read_ready(self, deadline: float) -> None:
        ready = [key.fileobj for key, _ in self._selector.select(max(0.0, deadline - time.monotonic()))]
        if self._life is not None and ready == [self._life]:  # all that it said has been read
            self._selector.unregister(self._life)
            self._ended = True
        for stream in (self._output, self._errors):
            if stream in ready:
                self._read_from(stream)

    def _read_from(self, stream: IO[bytes]) -> None:
        try:
            data = os.read(stream.fileno(), 1 << 16)
        except BlockingIOError:
            return
        if not data:
            self._selector.unregister(stream)
            self._ended = self._ended or stream is self._output
        elif stream is self._errors:
            self._last_error = (self._last_error + data)[-_MAX_STDERR:]
        else:
            self._take(data)

    def _take(self, data: bytes) -> None:
        if b"\n" not in data:
            self._pending.append(data)
            if sum(map(len, self._pending)) > _MAX_PENDING:
                self._ended = True
            return
        *lines, rest = b"".join([*self._pending, data]).split(b"\n")
        self._pending = [rest] if rest else []
        for line in lines:
            self._dispatch(line.rstrip(b"\r"))

    def _dispatch(self, line: bytes) -> None:
        match = _RECORD.match(line)
        if match is None:
            return
        token, mark, rest = match.groups()
        if mark == b"^":
            kind = rest.split(b",", 1)[0].decode("ascii", "replace")
            if token:
                self._answers[int(token)] = Answer(int(token), kind, b"^" + rest, b"".join(self._console))
            self._console.clear()
        elif mark == b"*" and rest.startswith(b"stopped"):
            self._stops += 1
        elif mark == b"~":
            self._console.append(rest)
        elif mark == b"&":
            self._last_error = (self._last_error + rest)[-_MAX_STDERR:]

    def _death(self) -> DebuggerDied:
        self._ended = True
        deadline = time.monotonic() + 1
        while self._runs() and time.monotonic() < deadline:
            time.sleep(0.002)
        if self._runs():
            return DebuggerDied("it closed its output")
        self._kill_session()
        code = self._process.wait()
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
            return DebuggerDied(f"killed by {name}")
        return DebuggerDied(f"exit code {code}. {self.said()[-300:]}".strip())

    def close(self, timeout: float = 2.0) -> None:
        """End gdb: politely by end of input (it detaches by itself), then by SIGKILL. Bounded; never raises; harmless again."""
        if self._output.closed:
            return
        self._ended = True
        with contextlib.suppress(OSError):
            self._input.close()
        deadline = time.monotonic() + timeout
        while self._runs() and time.monotonic() < deadline:
            if self._selector.get_map():
                self._read(min(deadline, time.monotonic() + 0.02))
            else:
                time.sleep(0.002)
        self.kill()
        while self.scratch:
            os.close(self.scratch.pop())
        self._selector.close()
        if self._life is not None:
            os.close(self._life)
        self._output.close()
        self._errors.close()

    def dismiss(self) -> None:
        """End of input: gdb detaches and ends by itself, while we go on. ``close`` waits for it. Safe while another thread
        waits for its answers, which then raises DebuggerDied."""
        with contextlib.suppress(OSError, ValueError):
            # In place of a close: another thread may be writing, and must not write into somebody else's new file.
            null = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.dup2(null, self._input.fileno(), inheritable=False)
            finally:
                os.close(null)

    def abort(self) -> None:
        """Kill gdb and do not wait: safe while another thread waits for its answers, which then raises DebuggerDied."""
        self._kill_session()

    def kill(self) -> None:
        """End gdb at once; the kernel then releases what it traced."""
        self._kill_session()
        self._process.wait()

    def _runs(self) -> bool:
        """gdb has not ended. It is not collected: its pid stays its own until ``kill``."""
        if self._process.returncode is not None:
            return False
        try:
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:  # collected by somebody who collects every child
            return False

    def _kill_session(self) -> None:
        """gdb and what it has forked: before its first attach it forks a child that stops itself, to find out what this
        kernel's ptrace can do, and where gdb is killed at that moment that child would stay, stopped for ever."""
        with contextlib.suppress(ProcessLookupError, PermissionError, ChildProcessError):
            if self._process.returncode is None:
                os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)  # raises where it is ours no more
                os.killpg(self._process.pid, signal.SIGKILL)
