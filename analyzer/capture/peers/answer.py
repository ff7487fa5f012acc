"""What a wait is for and who could end it: the form in which every file of this package answers."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.capture.peers.holders import Holders
from analyzer.lean_dataclass import dataclass
from analyzer.model import ThreadRef


@dataclass(frozen=True)
class Answer:
    """What a blocked call waits for."""

    text: str
    """In words, as what follows «waits for»."""
    peers: tuple[ThreadRef, ...] = ()
    """Who could end the wait, without the waiter itself."""
    remark: str = ""
    """What has to be said of the peers: that there are none, or that they could not be seen."""

    @property
    def words(self) -> str:
        """Text and remark."""
        return f"{self.text}, {self.remark}" if self.remark else self.text


def held(text: str, waiter: int, pids: Iterable[int], holders: Holders, *, what: str = "whose other end") -> Answer:
    """The answer for something that these processes hold (``what``: «which», or a part of it); the waiter is no help."""
    found = list(dict.fromkeys(pids))
    others = tuple(ThreadRef(pid) for pid in found if pid != waiter)
    if others:
        return Answer(text, others)
    unseen = f" ({holders.unseen} processes could not be looked into)" if holders.unseen else ""
    if found:
        return Answer(text, (), f"{what} only this process itself holds{unseen}")
    return Answer(text, (), f"{what} no process holds that could be seen{unseen}")
