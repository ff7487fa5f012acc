"""Following the waits out of the family: the processes that the chain leads to are looked at as well."""

from __future__ import annotations

from collections import deque

from analyzer.capture.family import ancestors_of_self, same_program
from analyzer.capture.look import look
from analyzer.capture.peers.asker import Asker
from analyzer.capture.procfs import sample
from analyzer.capture.seen import Seen
from analyzer.errors import NoSuchProcess
from analyzer.lean_dataclass import dataclass, field

MOST_REACHED = 16
"""Processes outside the family that are looked at."""
MOST_FOLLOWED = 8
"""Peers of one wait that are followed: a server that polls a thousand connections waits for nobody in particular."""

WAITS_FOR_WORK = {"poll", "accept", "accept4"}
"""Kinds of wait in which a healthy server stands."""


@dataclass
class Reached:
    """What following found."""

    seen: dict[int, Seen] = field(default_factory=dict)
    """The processes that are not of the family, nearest first."""
    notes: list[str] = field(default_factory=list)
    """What could not be followed, because ..."""


def follow(first: int, family: dict[int, Seen], asker: Asker) -> Reached:
    """Ask every member what it waits for, then go from process ``first`` to whoever could end its waits, and on from there.

    Waits without a timeout are followed first.
    """
    for seen in family.values():
        asker.ask(seen)
    reached = Reached()
    own = ancestors_of_self()
    queue, done, left_out = deque([first]), {first, *own}, set[int]()
    while queue:
        pid = queue.popleft()
        here = family.get(pid) or reached.seen[pid]
        waits = sorted(filter(None, here.waits.values()), key=lambda wait: wait.timed is True)
        for peer in [peer.pid for wait in waits for peer in wait.peers[:MOST_FOLLOWED]]:
            if peer in done:
                continue
            done.add(peer)
            if peer in family or _add(peer, reached, asker, left_out):
                queue.append(peer)
                _add_parent(peer, family, reached, asker, done)
    if left_out:
        reached.notes.append(f"the chain of waits leads to {len(left_out)} further processes, which were not looked at")
    if asker.holders.cut:
        reached.notes.append("there are too many open files to look at all of them: whoever holds an end may be missing")
    return reached


def _add(pid: int, reached: Reached, asker: Asker, left_out: set[int]) -> bool:
    if len(reached.seen) >= MOST_REACHED:
        left_out.add(pid)
        return False
    try:
        seen = look(sample(pid))
    except NoSuchProcess:
        return False
    except Exception as error:
        reached.notes.append(made_no_sense(pid, error))
        return False
    asker.ask(seen)
    reached.seen[pid] = seen
    return True


def _add_parent(pid: int, family: dict[int, Seen], reached: Reached, asker: Asker, done: set[int]) -> None:
    """Its parent of the same program may run the thread that its lock belongs to."""
    here = reached.seen.get(pid)
    parent = here.before.ppid if here is not None else 0
    if parent > 1 and parent not in done and parent not in family and same_program(pid, parent):
        done.add(parent)
        _add(parent, reached, asker, set())


def leave_alone(seen: Seen) -> str | None:
    """Why a process that nobody asked about, and that the chain of waits led to, should not be stopped; None: nothing against it.

    A server that waits for work is alive, and whoever asked about its client did not ask to stop it.
    """
    if seen.pid in ancestors_of_self():
        return "hanganalyze was started from it"
    kinds = {wait.kind for wait in seen.waits.values() if wait is not None}
    if kinds & WAITS_FOR_WORK:
        return "it is not of the family and has threads that wait for work"
    if any(thread.counters.state == "R" for thread in seen.before.threads):
        return "it is not of the family and runs"
    return None


def kin(pid: int, family: dict[int, Seen], everybody: dict[int, Seen]) -> dict[int, Seen]:
    """Those whose memory may be a copy of each other's: the family, or for a process outside it, parents and children in sight.

    A lock's owner is looked for among these only: in a stranger, a thread of the same number means nothing.
    """
    if pid in family:
        return family
    found = {pid: everybody[pid]}
    grown = True
    while grown:
        near = {
            other: seen
            for other, seen in everybody.items()
            if other not in found and (seen.before.ppid in found or any(one.before.ppid == other for one in found.values()))
        }
        found |= near
        grown = bool(near)
    return found


def made_no_sense(pid: int, error: Exception) -> str:
    """The note on a process of which nothing can be told."""
    return f"process {pid} was left out, because what was seen of it made no sense: {error!r}"
