"""Reading another process's memory, whichever way it can be had. Reading only: nothing here can write."""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from typing import Protocol

from analyzer.capture.architecture import ByteOrder
from analyzer.capture.procfs import door


class MemoryUnreadable(Exception):
    """These bytes cannot be had; the text says why. A fact turns it into «unknown»."""


class Memory(Protocol):
    """Bytes of a process's address space."""

    def read(self, address: int, size: int) -> bytes:
        """Exactly ``size`` bytes at ``address``; raises MemoryUnreadable otherwise."""
        ...


class ProcessMemory:
    """A live process through /proc/PID/mem: needs the right to ptrace it, but stops nothing and writes nothing."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._file = os.open(f"/proc/{door(pid)}/mem", os.O_RDONLY | os.O_CLOEXEC)
        # Whoever watches many processes, or one again and again, would run out of descriptors.
        self._closing = weakref.finalize(self, os.close, self._file)

    def read(self, address: int, size: int) -> bytes:
        """See Memory.read. Reading starts and ends where asked; a hole in the address space raises."""
        try:
            data = os.pread(self._file, size, address)
        except (OSError, OverflowError, ValueError) as error:
            raise MemoryUnreadable(f"memory at {address:#x} of process {self._pid} is not readable") from error
        if len(data) != size:
            raise MemoryUnreadable(f"memory at {address:#x} of process {self._pid} ends early")
        return data

    def close(self) -> None:
        """Give the file descriptor back; else that happens when nobody refers to this any more."""
        self._closing()


class Segments:
    """Memory kept in pieces: (address, bytes), as a core or a snapshot of pages holds it."""

    def __init__(self, pieces: Sequence[tuple[int, bytes]]) -> None:
        self._pieces = sorted(pieces)

    def read(self, address: int, size: int) -> bytes:
        """See Memory.read; a request may not span two pieces."""
        for start, data in self._pieces:
            if start <= address and address + size <= start + len(data):
                return data[address - start : address - start + size]
        raise MemoryUnreadable(f"memory at {address:#x} was not saved")


def unsigned(memory: Memory, address: int, size: int, byte_order: ByteOrder) -> int:
    """An unsigned integer of ``size`` bytes at ``address``."""
    return int.from_bytes(memory.read(address, size), byte_order)
