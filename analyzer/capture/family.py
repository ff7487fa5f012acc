"""Which processes are examined together: the hang that a person sees in one process often has its cause in another."""

from __future__ import annotations

import os

from analyzer.capture.procfs import ProcessSample, children, parent, sample
from analyzer.errors import NoSuchProcess
from analyzer.lean_dataclass import dataclass

MOST_MEMBERS = 32
"""Descendants beyond this are counted, not examined."""


@dataclass(frozen=True)
class Family:
    """The process that was asked for first, then its ancestors of the same program, then its descendants."""

    members: tuple[ProcessSample, ...]
    left_out: int = 0
    """Further descendants that were not looked at."""


def same_program(pid: int, other: int) -> bool:
    """Whether two processes run the same executable file, as a process and a child that has not called exec do."""
    try:
        one, two = os.stat(f"/proc/{pid}/exe"), os.stat(f"/proc/{other}/exe")
    except OSError:
        return False
    return (one.st_dev, one.st_ino) == (two.st_dev, two.st_ino)


def ancestors_of_self() -> set[int]:
    """This process and everything above it: never to be stopped by us."""
    found = {os.getpid()}
    pid: int | None = os.getppid()
    while pid and pid not in found:
        found.add(pid)
        pid = parent(pid)
    return found


def discover(first: ProcessSample, *, alone: bool = False) -> Family:
    """The family of a process. ``alone`` keeps it to that one process."""
    if alone:
        return Family((first,))
    own = ancestors_of_self()
    members = {first.pid: first}
    child, pid = first, first.ppid
    while pid > 1 and pid not in own and pid not in members and same_program(child.pid, pid):
        try:
            child = members[pid] = sample(pid)
        except NoSuchProcess:
            break
        pid = child.ppid
    left_out = 0
    queue = list(members)
    seen = set(members) | own
    while queue:
        for descendant in children(queue.pop(0)):
            if descendant in seen:
                continue
            seen.add(descendant)
            if len(members) >= MOST_MEMBERS:
                left_out += 1
                continue
            try:
                members[descendant] = sample(descendant)
            except NoSuchProcess:
                continue
            queue.append(descendant)
    return Family(tuple(members.values()), left_out)
