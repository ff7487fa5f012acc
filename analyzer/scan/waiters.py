"""Who waits for a suspect: parents in wait, and readers of a pipe or UNIX socket whose other end the suspect holds.

Asked from the suspect's side, so that only its own descriptors and those that others wait on are looked at. Readers in poll are
not found: what they poll stands in their memory, which a scan does not read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from analyzer.capture.architecture import Architecture
from analyzer.capture.peers.descriptor import Descriptor, descriptor
from analyzer.capture.waits import parse_syscall
from analyzer.scan.survey import Row

_ON_DESCRIPTOR = {"read", "readv", "recvfrom", "recvmsg", "write", "writev", "sendto", "sendmsg"}
_MOST_DESCRIPTORS = 4096


class Waiters:
    """The processes of a survey that wait for another process, by what they wait on."""

    def __init__(self, rows: Iterable[Row], architecture: Architecture) -> None:
        self._parents: dict[int, list[tuple[int, int]]] = {}
        self._ends: dict[str, list[Descriptor]] = {}
        for row in rows:
            for line in row.calls.values():
                call = parse_syscall(line, architecture)
                if call is None or call.name is None:
                    continue
                first, second = (int(argument, 16) for argument in call.arguments[:2])
                if call.name == "wait4":
                    self._parents.setdefault(row.pid, []).append((first & 0xFFFFFFFF, 1))
                elif call.name == "waitid":
                    self._parents.setdefault(row.pid, []).append((second & 0xFFFFFFFF, first))
                elif call.name in _ON_DESCRIPTOR:
                    end = descriptor(row.pid, first & 0xFFFFFFFF)
                    if end is not None and end.kind in {"pipe", "socket"}:
                        self._ends.setdefault(self._other_end(end), []).append(end)

    def of(self, row: Row) -> tuple[int, ...]:
        """The processes that wait for this one."""
        found = {end.pid for link in self._links(row.pid) for end in self._ends.get(link, ()) if end.pid != row.pid}
        if any(self._waits_for(row.pid, wanted, kind) for wanted, kind in self._parents.get(row.ppid, ())):
            found.add(row.ppid)
        return tuple(sorted(found))

    @staticmethod
    def _waits_for(pid: int, wanted: int, kind: int) -> bool:
        # A pid of another namespace cannot be compared; a group or «any» may well mean this child.
        return kind != 1 or wanted == pid or bool(wanted >> 31)

    @staticmethod
    def _other_end(end: Descriptor) -> str:
        """What the process at the other end has open: the same pipe, or the socket's peer."""
        if end.kind == "socket" and end.inode is not None:
            from analyzer.capture.sock_diag import unix_peer

            peer = unix_peer(end.inode)
            return f"socket:[{peer}]" if peer is not None else ""
        return end.link

    @staticmethod
    def _links(pid: int) -> set[str]:
        links = set()
        try:
            for number in os.listdir(f"/proc/{pid}/fd")[:_MOST_DESCRIPTORS]:
                link = os.readlink(f"/proc/{pid}/fd/{number}")
                if link.startswith(("pipe:", "socket:")):
                    links.add(link)
        except OSError:
            return links
        return links
