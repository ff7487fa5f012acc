"""Pipes, FIFOs and sockets: who holds the other end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from analyzer.capture.peers.answer import Answer, held
from analyzer.capture.peers.descriptor import Descriptor, descriptor
from analyzer.capture.peers.holders import Holders
from analyzer.capture.procfs import link

if TYPE_CHECKING:
    from analyzer.capture.peers.tcp import TcpConnections


class Streams:
    """Answers for one analysis; what was asked of the kernel once is not asked again."""

    def __init__(self, holders: Holders) -> None:
        self._holders = holders
        self._tcp: TcpConnections | None = None
        self._unix: dict[int, int | None] = {}

    def answer(self, end: Descriptor, *, writes: bool) -> Answer:
        """What a thread waits for that reads from ``end``, or that finds no room to write to it."""
        text = f"room in {end.words}" if writes else f"data from {end.words}"
        if end.kind in {"pipe", "fifo"}:
            return self._pipe(end, text, writes=writes)
        if end.kind == "socket":
            return self._socket(end, "room in" if writes else "data from")
        return Answer(text)

    def _pipe(self, end: Descriptor, text: str, *, writes: bool) -> Answer:
        if end.kind == "pipe":
            found = [descriptor(pid, number) for pid, number in self._holders.of_link(end.link)]
            ends = [one for one in found if one is not None and one.link == end.link]
        else:
            ends = self._holders.of_file(end)
        # Several processes may hold both ends; the one that has only the wanted end is likelier the one that uses it.
        wanted = [(one.pid, one.readable and one.writable) for one in ends if (one.readable if writes else one.writable)]
        both = {one.pid for one in ends if (one.writable if writes else one.readable)}
        order = sorted(dict.fromkeys(wanted), key=lambda one: one[1] or one[0] in both)
        return held(text, end.pid, (pid for pid, _ in order), self._holders)

    def _socket(self, end: Descriptor, verb: str) -> Answer:
        assert end.inode is not None
        where = f"(file descriptor {end.number})"
        if end.inode not in self._unix:
            from analyzer.capture.sock_diag import unix_peer

            self._unix[end.inode] = unix_peer(end.inode)
        peer = self._unix[end.inode]
        if peer is not None:
            pids = (pid for pid, _ in self._holders.of_link(f"socket:[{peer}]"))
            return held(f"{verb} a UNIX socket {where}", end.pid, pids, self._holders)
        if self._tcp is None:
            from analyzer.capture.peers.tcp import TcpConnections

            self._tcp = TcpConnections()
        connection = self._tcp.connection(end.pid, end.inode)
        if connection is None:
            elsewhere = link(end.pid, "ns/net") != link(os.getpid(), "ns/net")
            return Answer(f"{verb} a socket {where}", (), "of another network namespace" if elsewhere else "")
        text = f"{verb} a TCP connection with {connection.remote} {where}"
        if connection.peer_inode is None:
            return Answer(text)
        pids = (pid for pid, _ in self._holders.of_link(f"socket:[{connection.peer_inode}]"))
        return held(text, end.pid, pids, self._holders)
