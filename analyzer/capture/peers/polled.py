"""The file descriptors that a poll, select or epoll waits for: from the target's memory, and from the kernel for epoll."""

from __future__ import annotations

import re
import struct

from analyzer.capture.architecture import ByteOrder
from analyzer.capture.memory import Memory
from analyzer.capture.peers.descriptor import Descriptor, descriptor
from analyzer.lean_dataclass import dataclass
from analyzer.model import Syscall

MOST_POLLED = 1024
"""Descriptors of one call that are looked at."""
_POLLIN, _POLLOUT = 0x001, 0x004
_EPOLL = re.compile(r"^\s*(\d+)\s+events:\s*([0-9a-f]+)")


@dataclass(frozen=True)
class Polled:
    """A descriptor that is waited for, and what for."""

    number: int
    reads: bool
    writes: bool


def polled(pid: int, syscall: Syscall, memory: Memory | None, order: ByteOrder) -> list[Polled]:
    """What a call of the poll family waits for, at most MOST_POLLED; raises MemoryUnreadable. Layouts: poll(2), select(2)."""
    arguments = [int(argument, 16) for argument in syscall.arguments]
    if syscall.name in {"epoll_wait", "epoll_pwait", "epoll_pwait2"}:
        end = descriptor(pid, arguments[0] & 0xFFFFFFFF)
        return in_epoll_set(end) if end is not None else []
    if memory is None:
        return []
    if syscall.name in {"poll", "ppoll"}:
        count = min(arguments[1] & 0xFFFFFFFF, MOST_POLLED)
        data = memory.read(arguments[0], 8 * count) if count else b""
        entries = struct.iter_unpack(f"{'<' if order == 'little' else '>'}ihH", data)
        return [Polled(fd, bool(events & _POLLIN), bool(events & _POLLOUT)) for fd, events, _ in entries if fd >= 0]
    highest = min(arguments[0] & 0xFFFFFFFF, MOST_POLLED)
    reads, writes = (_bits(memory, address, highest, order) for address in arguments[1:3])
    return [Polled(number, number in reads, number in writes) for number in sorted(reads | writes)]


def in_epoll_set(end: Descriptor) -> list[Polled]:
    """The members of an epoll set, as its fdinfo lists them. A number may have been closed or given anew since it was added."""
    found = (_EPOLL.match(line) for line in end.info("tfd")[:MOST_POLLED])
    each = [(int(one.group(1)), int(one.group(2), 16)) for one in found if one]
    return [Polled(number, bool(events & _POLLIN), bool(events & _POLLOUT)) for number, events in each]


def _bits(memory: Memory, address: int, highest: int, order: ByteOrder) -> set[int]:
    """Members of an fd_set: bit n % 64 of the n / 64th long."""
    if not address:
        return set()
    longs = (highest + 63) // 64
    data = memory.read(address, 8 * longs)
    words = struct.unpack(f"{'<' if order == 'little' else '>'}{longs}Q", data)
    return {64 * place + bit for place, word in enumerate(words) for bit in range(64) if word >> bit & 1}
