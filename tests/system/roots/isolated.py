"""Runs a command that mounts and forks, and leaves no mount and no process of it behind, whatever ends the wait."""

from __future__ import annotations

import os
import signal
import subprocess

# Killed in the middle, mmdebstrap leaves /proc, /sys and /dev mounted in the half-made root: in a namespace they vanish.
_NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc")


def run_isolated(command: list[str], *, timeout: float, held: int) -> subprocess.CompletedProcess[str]:
    """Needs root. Standard output is thrown away; being late reads like a failure: status 1 and the reason on stderr.

    `held` is the descriptor of a lock that the command shares: should this process be killed, the lock is free only
    when the command, which goes on, has ended too.
    """
    with subprocess.Popen(
        [*_NAMESPACES, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        start_new_session=True,
        pass_fds=[held],
    ) as process:
        try:
            _, complaint = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            return subprocess.CompletedProcess(command, 1, "", f"not done after {timeout:.0f} s")
        except BaseException:
            _end(process)
            raise
    return subprocess.CompletedProcess(command, process.returncode, "", complaint)


def _end(process: subprocess.Popen[str]) -> None:
    if process.returncode is None:  # not reaped, so the number is still this group's
        os.killpg(process.pid, signal.SIGKILL)
    # To the end of stderr, which comes when the last process of the namespace is gone.
    process.communicate()
