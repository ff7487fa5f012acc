"""A process that is held, so that its pid cannot come to mean another one: a pidfd, or what older kernels have instead.

A pidfd (Linux 5.3) is told when the process ends, and signals sent through it reach that process or nobody. Where there is
none, the process's folder in /proc is held open: nothing can be read from it once the process has been collected, whoever has
the pid then. Between looking there and sending a signal a moment remains, too short for all other pids to be used up.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal


class ProcessHandle:
    """Raises ProcessLookupError where there is no such process, OSError where it cannot be held."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.told = True
        """Whether ``descriptor`` becomes readable when the process ends."""
        try:
            self.descriptor = os.pidfd_open(pid)
        except OSError as error:
            # EPERM: a filter of system calls that is older than this one, as in containers.
            if error.errno not in {errno.ENOSYS, errno.EPERM}:
                raise
            self.told = False
            try:
                self.descriptor = os.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except FileNotFoundError as gone:
                raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH)) from gone

    def ended(self) -> bool:
        """It has ended, collected or not; so has one that was let go of, for all that we know."""
        if self.descriptor < 0:
            return True
        if self.told:
            return bool(select.select([self.descriptor], [], [], 0)[0])
        try:
            stat = os.open("stat", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self.descriptor)
            with open(stat, "rb") as file:
                state, threads = _state_and_threads(file.read())
        except (OSError, IndexError, ValueError):
            return True
        # A main thread that has ended alone shows as a zombie, too.
        return state in {b"Z", b"X"} and threads <= 1

    def send(self, number: signal.Signals) -> None:
        """Never to another process that got its pid. Raises ProcessLookupError, PermissionError.

        Nothing where it was let go of meanwhile: an analysis that is interrupted does not wait for ever for a thread that still
        restores a target, and the guard goes on with that.
        """
        try:
            if self.told:
                signal.pidfd_send_signal(self.descriptor, number)
            elif not self.ended():
                os.kill(self.pid, number)
        except OSError as error:
            if error.errno != errno.EBADF:
                raise

    def close(self) -> None:
        """Let go; again is harmless."""
        if self.descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self.descriptor)
            self.descriptor = -1


def _state_and_threads(stat: bytes) -> tuple[bytes, int]:
    fields = stat[stat.rindex(b")") + 1 :].split()
    return fields[0], int(fields[17])
