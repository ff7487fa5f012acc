"""Hosts in network namespaces on one switch; any of them can be cut off. Needs root and iproute2."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Host:
    """A namespace with an address."""

    name: str
    address: str
    switch: str
    port: str
    """Its end of the cable, at the switch."""

    def cut_off(self) -> None:
        """Pull the cable out."""
        _ip("-n", self.switch, "link", "set", self.port, "down")

    def bring_back(self) -> None:
        """Put it in again."""
        _ip("-n", self.switch, "link", "set", self.port, "up")


@contextlib.contextmanager
def hosts(count: int) -> Iterator[tuple[Host, ...]]:
    """So many hosts, 10.91.0.1 and on; the namespaces and all that is in them are gone afterwards."""
    mark = f"hg{os.getpid()}"
    switch = f"{mark}s"
    made = [switch]
    _ip("netns", "add", switch)
    try:
        _ip("-n", switch, "link", "add", "br0", "type", "bridge")
        _ip("-n", switch, "link", "set", "br0", "up")
        found = []
        for number in range(1, count + 1):
            host = Host(f"{mark}h{number}", f"10.91.0.{number}", switch, f"port{number}")
            _ip("netns", "add", host.name)
            made.append(host.name)
            _ip("-n", switch, "link", "add", host.port, "type", "veth", "peer", "name", "eth0", "netns", host.name)
            _ip("-n", switch, "link", "set", host.port, "master", "br0", "up")
            _ip("-n", host.name, "addr", "add", f"{host.address}/24", "dev", "eth0")
            _ip("-n", host.name, "link", "set", "eth0", "up")
            _ip("-n", host.name, "link", "set", "lo", "up")
            found.append(host)
        yield tuple(found)
    finally:
        for name in reversed(made):
            _ip("netns", "del", name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
