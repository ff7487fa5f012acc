"""Which patterns of the catalogue fit which thread of a process: worked out once, asked for by every clause."""

from __future__ import annotations

from analyzer.diagnose.catalogue import Catalogue
from analyzer.diagnose.match import Fitting
from analyzer.diagnose.pattern import Pattern
from analyzer.diagnose.signature import Signature
from analyzer.diagnose.symbols import home, normalise
from analyzer.diagnose.view import View, judged
from analyzer.model import Frame, Holds, Process, Thread


class Fits:
    """The fits of one process. ``trace``: it was read from pasted text, so a frame's file is often not known."""

    def __init__(self, catalogue: Catalogue, process: Process, *, trace: bool) -> None:
        self.catalogue = catalogue
        self.process = process
        self.trace = trace
        matcher = catalogue.matcher
        base = catalogue.built_in.get("base")
        number = catalogue.index[base] if base is not None else None
        aborting = catalogue.sets.get("abort-path")
        self._views: dict[int, View] = {}
        self._kinds: dict[int, tuple[int, ...]] = {}
        self._by_thread: dict[int, Fitting] = {}
        self._somewhere: set[int] = set()
        """Patterns that fit, or may fit, some thread."""
        for thread in process.threads:
            view = judged(thread, aborting)
            kinds = matcher.kinds(view.thread, trace=trace)
            fitting = matcher.fitting(view.thread, trace=trace, base=number, kinds=kinds)
            self._views[id(thread)], self._kinds[id(thread)], self._by_thread[id(thread)] = view, kinds, fitting
            self._somewhere.update(*fitting)

    def candidates(self, thread: Thread) -> tuple[Signature, ...]:
        """Signatures worth judging: a pattern of theirs fits or may fit, or they name the thread's wait or state."""
        sure, maybe = self._by_thread[id(thread)]
        return self.catalogue.speaking_of(sure + maybe, thread.wait.kind if thread.wait else None, thread.state)

    def of(self, thread: Thread, patterns: tuple[Pattern, ...]) -> tuple[Holds, Pattern | None]:
        """Whether one of the patterns fits a thread of this process, and which."""
        sure, maybe = self._by_thread[id(thread)]
        found: Holds = "no"
        index = self.catalogue.index
        for pattern in patterns:
            if index[pattern] in sure:
                return "yes", pattern
            if index[pattern] in maybe:
                found = "unknown"
        return found, None

    def others(self, thread: Thread, patterns: tuple[Pattern, ...]) -> tuple[Holds, Thread | None]:
        """Whether one of the patterns fits another thread of the process, and which."""
        found: Holds = "no"
        for other in self.process.threads:
            if other is not thread:
                holds, _ = self.of(other, patterns)
                if holds == "yes":
                    return "yes", other
                found = "unknown" if holds == "unknown" else found
        return found, None

    def oppose(self, signature: Signature) -> bool:
        """Whether a pattern of one of its vetoes fits, or may fit, some thread."""
        return not self._somewhere.isdisjoint(self.catalogue.veto_numbers[signature.id])

    def built_in(self, name: str, thread: Thread) -> Holds:
        """Whether a pattern of the diagnosis itself fits; no where the catalogue lacks the sets for it."""
        pattern = self.catalogue.built_in.get(name)
        return "no" if pattern is None else self.of(thread, (pattern,))[0]

    def levels(self, thread: Thread, pattern: Pattern) -> tuple[int, ...]:
        """Levels of the frames that a fitting pattern names: not those of ``...`` and of ``!@set``."""
        view = self._views[id(thread)]
        number, kinds = self.catalogue.index[pattern], self._kinds[id(thread)]
        taken = self.catalogue.matcher.levels(number, view.thread, trace=self.trace, kinds=kinds)
        named = zip(pattern.elements, taken, strict=True) if taken else ()
        levels = [level for element, found in named if not (element.anything or element.negated) for level in found]
        return tuple(sorted(level + view.offset for level in levels))

    def gave_up(self, thread: Thread, pattern: Pattern) -> tuple[int, int | None]:
        """How many elements of a pattern that does not fit were satisfied, and the level of the frame that was too much."""
        view = self._views[id(thread)]
        count, level = self.catalogue.matcher.stopped_at(self.catalogue.index[pattern], view.thread, trace=self.trace)
        return count, None if level is None else level + view.offset

    def guilty(self, thread: Thread, levels: tuple[int, ...]) -> Frame | None:
        """The frame that made the call that hangs: the first one that is not libc's own, further out than the frames
        which a pattern named without a break from the innermost on."""
        entry = self._views[id(thread)].offset - 1
        for level in levels:
            if level != entry + 1:
                break
            entry = level
        for frame in thread.frames:
            if frame.level > entry and not self.in_libc(frame):
                return frame
        return None

    def in_libc(self, frame: Frame) -> bool:
        """Whether a frame is libc's: by its file, or in a trace that names none by its name."""
        where = home(frame.module)
        if where == "unknown":
            name = normalise(frame.function)
            return name is not None and name in self.catalogue.libc_names
        return where == "libc"
