"""What a run writes: counted to the last byte, kept only at its end, read as fast as it comes."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager

KEPT = 64 * 1024
"""Bytes of the end that are kept, however much a run writes."""
_PIECE = 1 << 18


class Tail:
    """The reading end of a pipe that takes standard output and standard error of a run."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self.reader, False)
        self.total = 0
        """Bytes read so far."""
        self.ended = False
        """Everybody who could write has gone."""
        self._kept = bytearray()

    def started(self) -> None:
        """The run has its own copy of the writing end."""
        os.close(self.writer)
        self.writer = -1

    def read(self, most: int = 8) -> None:
        """Take what is there, at most so many pieces: a flood must not keep us from looking at the clock."""
        for _ in range(most):
            try:
                piece = os.read(self.reader, _PIECE)
            except BlockingIOError:
                return
            if not piece:
                self.ended = True
                return
            self.total += len(piece)
            self._kept += piece
            if len(self._kept) > 2 * KEPT:
                del self._kept[:-KEPT]

    @contextmanager
    def drained(self) -> Iterator[None]:
        """Read in a thread meanwhile: a run that waits for room in its pipe would look hung, and it would be our doing."""
        wake, waker = os.pipe2(os.O_CLOEXEC)
        thread = threading.Thread(target=self._drain, args=(wake,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            os.close(waker)
            thread.join()
            os.close(wake)

    def _drain(self, wake: int) -> None:
        while not self.ended:
            ready, _, _ = select.select([self.reader, wake], [], [])
            if wake in ready:
                return
            self.read()

    @property
    def text(self) -> str:
        """The kept end; bytes that are no UTF-8 are written out."""
        return bytes(self._kept[-KEPT:]).decode("utf-8", "backslashreplace")

    def close(self) -> None:
        """Give the descriptors back. May be called twice."""
        for descriptor in (self.reader, self.writer):
            if descriptor >= 0:
                os.close(descriptor)
        self.reader = self.writer = -1
