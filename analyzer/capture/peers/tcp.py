"""TCP connections with a process of the same machine, from /proc/PID/net/tcp and tcp6.

Read through the waiting process, so that its own network namespace is seen. The peer is the socket with the two addresses
exchanged; a connection between two network namespaces (a container's bridge) has none here.
"""

from __future__ import annotations

import os
import re
import sys

from analyzer.capture.procfs import read_text
from analyzer.lean_dataclass import dataclass

_Ends = tuple[str, str]
_LINE = re.compile(r"(?:(?:[0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4} ){2}[0-9]{1,20}")
"""The two ends and the inode."""
_MAPPED = "0000000000000000FFFF0000"
"""IPv4 inside IPv6, as the kernel prints it on a little-endian machine; a big-endian one prints 0000FFFF at its end."""


@dataclass(frozen=True)
class Connection:
    """One end of a connection."""

    remote: str
    """Address and port of the other end."""
    peer_inode: int | None
    """Inode of the socket at the other end; None where it is not in the same network namespace."""


class TcpConnections:
    """The connections of each network namespace that was asked about, read once."""

    def __init__(self) -> None:
        self._tables: dict[str, tuple[dict[int, _Ends], dict[_Ends, int]]] = {}

    def connection(self, pid: int, inode: int) -> Connection | None:
        """The connection of a socket that process ``pid`` has; None where it is no TCP socket."""
        try:
            namespace = os.readlink(f"/proc/{pid}/ns/net")
        except OSError:
            return None
        if namespace not in self._tables:
            self._tables[namespace] = _read(pid)
        by_inode, by_ends = self._tables[namespace]
        ends = by_inode.get(inode)
        if ends is None:
            return None
        local, remote = ends
        return Connection(_spoken(remote), by_ends.get((remote, local)))


def _read(pid: int) -> tuple[dict[int, _Ends], dict[_Ends, int]]:
    by_inode: dict[int, _Ends] = {}
    by_ends: dict[_Ends, int] = {}
    for name in ("tcp", "tcp6"):
        for line in (read_text(f"/proc/{pid}/net/{name}") or "").split("\n")[1:]:
            fields = line.split()
            if len(fields) < 10 or fields[9] == "0" or not _LINE.fullmatch(" ".join((*fields[1:3], fields[9]))):
                continue
            ends = (_plain(fields[1]), _plain(fields[2]))
            by_inode[int(fields[9])] = ends
            by_ends[ends] = int(fields[9])
    return by_inode, by_ends


def _plain(end: str) -> str:
    """An IPv4 address inside IPv6 as the IPv4 address: one end may be of one kind and the other of the other."""
    address, _, port = end.partition(":")
    mapped = len(address) == 32 and address[:24] in {_MAPPED, "00000000000000000000FFFF"}
    return f"{address[24:]}:{port}" if mapped else end


def _spoken(end: str) -> str:
    address, _, port = end.partition(":")
    import ipaddress

    # Each group of four bytes is printed as a number of this machine.
    groups = (int(address[start : start + 8], 16).to_bytes(4, sys.byteorder) for start in range(0, len(address), 8))
    ip = ipaddress.ip_address(b"".join(groups))
    return f"[{ip}]:{int(port, 16)}" if ip.version == 6 else f"{ip}:{int(port, 16)}"
