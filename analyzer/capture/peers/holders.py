"""Who has which file open: one pass over /proc/*/fd, made when it is first asked for, for all questions.

Only descriptors are seen that the kernel lets us see (the right to ptrace); processes that hide theirs are counted. The answer
is as old as the pass: a process that opens or closes something afterwards is not noticed.
"""

from __future__ import annotations

import os
import time

from analyzer.capture.peers.descriptor import Descriptor, descriptor

MOST_DESCRIPTORS = 200_000
LONGEST_S = 1.0
_CHECK_EVERY = 64


class Holders:
    """The descriptors of all processes, by what they point to."""

    def __init__(self) -> None:
        self._by_link: dict[str, list[tuple[int, int]]] | None = None
        self.unseen = 0
        """Processes that did not let us look."""
        self.cut = False
        """There were too many descriptors to look at all of them."""

    def of_link(self, link: str) -> list[tuple[int, int]]:
        """(pid, file descriptor) of everybody who has ``pipe:[N]``, ``socket:[N]`` or this path open; not ourselves."""
        return self._index().get(link, [])

    def of_file(self, like: Descriptor) -> list[Descriptor]:
        """Everybody's descriptors on the same file: same device and inode, whatever path leads there in their mount namespace."""
        name = like.link.rpartition("/")[2]
        same_name = [place for link, places in self._index().items() if link.endswith(name) for place in places]
        found = (descriptor(pid, number) for pid, number in same_name)
        return [one for one in found if one is not None and (one.device, one.inode) == (like.device, like.inode)]

    def _index(self) -> dict[str, list[tuple[int, int]]]:
        if self._by_link is None:
            self._by_link = self._pass()
        return self._by_link

    def _pass(self) -> dict[str, list[tuple[int, int]]]:
        index: dict[str, list[tuple[int, int]]] = {}
        count, deadline, own = 0, time.monotonic() + LONGEST_S, os.getpid()
        pids = [int(name) for name in os.listdir("/proc") if name.isdecimal() and int(name) != own]
        for position, pid in enumerate(pids):
            late = position % _CHECK_EVERY == 0 and time.monotonic() > deadline
            if late or count > MOST_DESCRIPTORS:
                self.cut = True
                self.unseen += len(pids) - position
                break
            folder = f"/proc/{pid}/fd"
            try:
                numbers = os.listdir(folder)
            except PermissionError:
                self.unseen += 1
                continue
            except OSError:
                continue
            count += len(numbers)
            for number in numbers:
                try:
                    link = os.readlink(f"{folder}/{number}")
                except OSError:
                    continue
                index.setdefault(link, []).append((pid, int(number)))
        return index
