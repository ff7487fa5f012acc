"""What a snapshot answers to the facts a signature asks for. What was not asked, or answered in two ways, is unknown."""

from __future__ import annotations

from functools import cache

from analyzer.diagnose.derive import derive
from analyzer.diagnose.signature import FactTest
from analyzer.model import CaptureMethod, Fact, Holds, Lock, Process, Snapshot, Thread
from analyzer.model.facts import FACTS

_OPPOSITE: dict[Holds, Holds] = {"yes": "no", "no": "yes", "unknown": "unknown"}


_DERIVED = frozenset(kind.name for kind in FACTS.values() if kind.derived)


class Answers:
    """The facts of one process, by name and thread."""

    def __init__(self, snapshot: Snapshot, process: Process) -> None:
        self.process = process
        self.method = (process.capture or snapshot.capture).method
        self._told: dict[tuple[str, int], Fact] = {}
        self._facts: dict[str, list[Fact]] = {}
        for fact in process.facts:
            self._facts.setdefault(fact.name, []).append(fact)
        self._answered = _DERIVED | self._facts.keys() if self._facts else _DERIVED
        self._lock_of = {tid: lock for lock in process.locks for tid in lock.waiters}
        self.how_to_see_stacks = _how_to_see_stacks(self.method, process.pid)
        """The command that shows the stacks again."""

    def lock(self, thread: Thread) -> Lock | None:
        """The lock a thread waits for, where capture named it."""
        found = self._lock_of.get(thread.tid)
        if found is None and thread.wait is not None and thread.wait.address is not None:
            return next((lock for lock in self.process.locks if lock.address == thread.wait.address), None)
        return found

    def fact(self, name: str, thread: Thread) -> Fact:
        """The answer for a thread. Always one; its ``value`` says why where it is unknown."""
        if name not in self._answered:
            return not_asked(name, self.method)
        key = (name, thread.tid)
        told = self._told.get(key)
        if told is None:
            told = self._told[key] = self._fact(name, thread)
        return told

    def _fact(self, name: str, thread: Thread) -> Fact:
        kind = FACTS[name]
        given = [fact for fact in self._facts.get(name, ()) if self._speaks_of(fact, thread)]
        if kind.derived and not given:
            given = [derive(name, self.process, thread, self.lock(thread), self.method)]
        if not given:
            return not_asked(name, self.method)
        if len({fact.holds for fact in given}) > 1:
            told = "; ".join(f"{fact.holds}: {fact.value}" for fact in given)
            return Fact(name, kind.asked, "unknown", f"it was answered in two ways ({told})", given[0].how, thread.tid)
        return given[0]

    def holds(self, test: FactTest, thread: Thread) -> Holds:
        """Whether the wanted answer was given."""
        if test.name not in self._answered:
            return "unknown"
        found = self.fact(test.name, thread).holds
        return found if test.wanted == "yes" else _OPPOSITE[found]

    def silent(self, name: str) -> bool:
        """Nothing answers this fact, for no thread."""
        return name not in self._answered

    def silent_about(self, names: frozenset[str]) -> bool:
        """Nothing answers any of these facts, for no thread."""
        return names.isdisjoint(self._answered)

    @property
    def none_given(self) -> bool:
        """The snapshot answers no fact of this process, as that of a pasted trace."""
        return not self._facts

    def askable(self, name: str) -> bool:
        """Whether this way of capturing could have answered at all: a core knows nothing of life going on."""
        return not (self.method == "core" and FACTS[name].frozen)

    def _speaks_of(self, fact: Fact, thread: Thread) -> bool:
        if fact.tid is not None:
            return fact.tid == thread.tid
        # An answer about threads that names none can only be meant of the one there is.
        return FACTS[fact.name].scope == "process" or len(self.process.threads) == 1


def _how_to_see_stacks(method: CaptureMethod, pid: int) -> str:
    if method == "trace":
        return "in the text that was given"
    if method == "core":
        return "gdb -batch -ex 'thread apply all bt' PROGRAM CORE"
    return f"gdb -p {pid} -batch -ex 'thread apply all bt'"


@cache
def not_asked(name: str, method: CaptureMethod) -> Fact:
    """The answer to a question that nobody put, the same for every thread."""
    why = "not asked in this snapshot"
    if method == "trace":
        why = "not asked: a pasted trace shows stacks only"
    elif method == "core" and FACTS[name].frozen:
        why = "not asked: a core is one moment of one process"
    return Fact(name, FACTS[name].asked, "unknown", why, "")
