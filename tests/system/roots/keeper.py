"""The helper process that `enter` starts: it enters the root, runs the program there and outlives all its descendants.

It is a child subreaper, so a descendant that calls setsid and loses its parent (podman's pause process) becomes its
child instead of init's. When the control pipe closes, by `close()` or because the caller died, it ends them all by
pidfd.

Control pipe (stdin): one line of JSON, the plan; its end means: end everything. Status pipe (stdout): lines of JSON,
{"started": pid}, {"ended": wait status} or {"failed": text}.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

from . import mounts

PR_SET_CHILD_SUBREAPER = 36
END_LIMIT_S = 20.0


def main() -> int:
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        _say({"failed": "this kernel has no child subreaper"})
        return 1
    woken, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    plan = json.loads(sys.stdin.readline())
    try:
        _enter(plan)
        program = _start(plan)
    except (OSError, ValueError) as error:
        _say({"failed": str(error)})
        return 1
    _say({"started": program})
    try:
        _keep(program, woken)
    finally:
        remaining = end_descendants(os.getpid())
    return 1 if remaining else 0


def _say(message: dict[str, Any]) -> None:
    # The caller may be gone; ending the descendants still has to happen.
    with contextlib.suppress(BrokenPipeError):
        os.write(1, (json.dumps(message) + "\n").encode())


def _enter(plan: dict[str, Any]) -> None:
    root, uid, gid = Path(plan["root"]), plan["uid"], plan["gid"]
    mounts.own_namespace()
    mounts.mount_root(root, uid, gid, plan["home"], plan["runtime"])
    for bind in plan["binds"]:
        mounts.bind(root, bind["source"], bind["target"], writable=bind["writable"])
    for file in plan["files"]:
        mounts.write_file(root, file["target"], base64.b64decode(file["content"]), mode=file["mode"], uid=uid, gid=gid)
    mounts.pivot_into(root)


def _start(plan: dict[str, Any]) -> int:
    """Forks the program; returns once it runs. A failed exec comes back through a pipe that a successful one closes."""
    failed, fail = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        try:
            _become(plan)
        except BaseException as error:  # whatever happened, the fork child must not run on as a second keeper
            os.write(fail, f"{plan['argv'][0]}: {error}".encode())
        os._exit(127)
    os.close(fail)
    with os.fdopen(failed, "rb") as reasons:
        reason = reasons.read().decode(errors="replace")
    if reason:
        os.waitpid(child, 0)
        raise OSError(reason)
    return child


def _become(plan: dict[str, Any]) -> None:
    os.setsid()
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(plan["output"], 1)
    os.dup2(plan["output"], 2)
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    os.set_inheritable(plan["output"], False)
    os.setgroups([])
    os.setresgid(plan["gid"], plan["gid"], plan["gid"])
    os.setresuid(plan["uid"], plan["uid"], plan["uid"])
    os.chdir(plan["home"])
    os.execvpe(plan["argv"][0], plan["argv"], plan["env"])


def _keep(program: int, woken: int) -> None:
    """Reaps until the control pipe closes; says so when the program itself has ended."""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
        for pid, status in _reap():
            if pid == program:
                _say({"ended": status})
        if 0 in ready:
            return


def _reap() -> list[tuple[int, int]]:
    ended = []
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0] != 0:
            ended.append(found)
    return ended


def descendants(ancestor: int) -> list[int]:
    """All processes below `ancestor`, parents first, zombies too. Reads /proc once, so that forks can be missed."""
    children: dict[int, list[int]] = {}
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            with contextlib.suppress(OSError, ValueError, IndexError):
                stat = (process / "stat").read_bytes()
                # The name in brackets may hold spaces and brackets: what counts stands behind the last bracket.
                children.setdefault(int(stat[stat.rindex(b")") + 1 :].split()[1]), []).append(int(process.name))
    found, todo = [], [ancestor]
    while todo:
        below = children.get(todo.pop(0), [])
        found += below
        todo += below
    return found


def end_descendants(ancestor: int) -> list[int]:
    """Kills everything below this process until nothing is left; returns what was left at the limit.

    Children stay zombies until they are reaped here, so no number can be another's before the kill arrives.
    """
    deadline = time.monotonic() + END_LIMIT_S
    while True:
        _reap()
        remaining = descendants(ancestor)
        if not remaining or time.monotonic() > deadline:
            return remaining
        for pid in remaining:
            _end(pid, ancestor)
        time.sleep(0.005)


def _end(pid: int, ancestor: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        try:
            # Between listing and opening, a grandchild's number may have gone to a stranger.
            if pid in descendants(ancestor):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)


if __name__ == "__main__":
    sys.exit(main())
