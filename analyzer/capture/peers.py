"""Who holds the other end: of a pipe, a FIFO or a UNIX socket that a thread waits on, and which child a wait is for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from analyzer.capture.procfs import read_text
from analyzer.capture.sock_diag import unix_peer
from analyzer.model import Syscall, ThreadRef

_INODE = re.compile(r"^(socket|pipe):\[(\d+)\]$")
_READS = {"read", "readv", "recvfrom", "recvmsg", "recvmmsg", "splice"}
_WRITES = {"write", "writev", "sendto", "sendmsg"}


def descriptor_target(pid: int, descriptor: int | str) -> tuple[str, str] | None:
    """(kind, inode or path) behind a file descriptor: ``("socket", "123")``, ``("pipe", "77")``, ``("file", "/x")``."""
    try:
        target = os.readlink(f"/proc/{pid}/fd/{descriptor}")
    except OSError:
        return None
    match = _INODE.match(target)
    return (match.group(1), match.group(2)) if match else ("file", target)


def _holders(pids: Iterable[int], kind: str, inode: str, *, writable: bool | None) -> list[int]:
    """Processes with a descriptor on this inode; for a pipe only those with the wanted end."""
    holders = []
    for pid in pids:
        try:
            descriptors = os.listdir(f"/proc/{pid}/fd")
        except OSError:
            continue
        for descriptor in descriptors:
            if descriptor_target(pid, descriptor) != (kind, inode):
                continue
            if writable is None or _writable(pid, descriptor) == writable:
                holders.append(pid)
                break
    return holders


def _writable(pid: int, descriptor: str) -> bool:
    text = read_text(f"/proc/{pid}/fdinfo/{descriptor}") or ""
    match = re.search(r"^flags:\s*(\d+)", text, re.MULTILINE)
    return bool(match and int(match.group(1), 8) & (os.O_WRONLY | os.O_RDWR))


def peers(pid: int, syscall: Syscall | None, family: Iterable[int]) -> tuple[str | None, tuple[ThreadRef, ...]]:
    """What a blocked call is on, in words, and the family members that could end it.

    (None, ()) for calls that this cannot be told of.
    """
    if syscall is None or syscall.name is None:
        return None, ()
    others = [member for member in family if member != pid]
    if syscall.name == "wait4":
        return _waited_for(int(syscall.arguments[0], 16), pid, others)
    if syscall.name == "waitid":
        by, number = int(syscall.arguments[0], 16), int(syscall.arguments[1], 16)
        return _waited_for(number if by == 1 else 0xFFFFFFFFFFFFFFFF, pid, others)
    if syscall.name not in _READS | _WRITES:
        return None, ()
    descriptor = int(syscall.arguments[0], 16) & 0xFFFFFFFF
    target = descriptor_target(pid, descriptor)
    if target is None:
        return None, ()
    end, inode = target
    verb = "from" if syscall.name in _READS else "room in"
    if end == "pipe":
        holders = _holders(others, end, inode, writable=syscall.name in _READS)
        return f"data {verb} a pipe (file descriptor {descriptor})", tuple(ThreadRef(holder) for holder in holders)
    if end == "socket":
        peer = unix_peer(int(inode))
        if peer is None:
            return f"data {verb} a socket (file descriptor {descriptor})", ()
        holders = _holders(others, end, str(peer), writable=None)
        return f"data {verb} a socket pair (file descriptor {descriptor})", tuple(ThreadRef(holder) for holder in holders)
    return f"data {verb} {inode}", ()


def _waited_for(number: int, pid: int, others: list[int]) -> tuple[str, tuple[ThreadRef, ...]]:
    """wait4's pid argument: a pid in the waiter's own namespace, or (negative) any child or a process group."""
    if number >> 31:
        text = "any of its children to end"
        candidates = [other for other in others if _parent(other) == pid]
    else:
        text = f"its child {number} to end"
        candidates = [other for other in others if _parent(other) == pid and number in _numbers(other)]
    return text, tuple(ThreadRef(candidate) for candidate in candidates)


def _parent(pid: int) -> int | None:
    match = re.search(r"^PPid:\s*(\d+)", read_text(f"/proc/{pid}/status") or "", re.MULTILINE)
    return int(match.group(1)) if match else None


def _numbers(pid: int) -> list[int]:
    match = re.search(r"^NSpid:\s*(.*)$", read_text(f"/proc/{pid}/status") or "", re.MULTILINE)
    return [int(number) for number in match.group(1).split()] if match else [pid]
