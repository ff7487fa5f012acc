"""All patterns of a catalogue against one stack at once, in time linear in its frames whatever the patterns are.

One frame moves the bits of all patterns (`layout`) by a handful of operations on one long integer, so there is nothing
to backtrack. Steps that were taken before are remembered (an automaton that builds itself as it is
used), so that in practice a frame costs one look-up; the memory for that is bounded.

Where frames are missing, the bits may have moved to anywhere further out: a stack is therefore run twice, once as if
the missing frames fitted nothing but «...», once as if they fitted everything. What fits only the second time is
*unknown*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.diagnose.gaps import StackGaps, gaps
from analyzer.diagnose.layout import Layout
from analyzer.diagnose.pattern import Pattern
from analyzer.diagnose.symbols import SymbolSet
from analyzer.model import Frame, Thread

_STATE_LIMIT = 20_000
_FRAME_LIMIT = 50_000
_MEMO_FRAMES = 24

Fitting = tuple[tuple[int, ...], tuple[int, ...]]
"""Indices of the patterns that fit, and of those that may."""


class _State:
    """A set of bits, and where it was seen to lead."""

    __slots__ = ("accepted", "bits", "next")

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.next: dict[int, _State] = {}
        self.accepted: tuple[int, ...] | None = None


class Matcher:
    """The patterns of a catalogue, compiled. Patterns are spoken of by their index."""

    def __init__(self, patterns: Sequence[Pattern], sets: Mapping[str, SymbolSet]) -> None:
        self._layout = Layout(patterns, sets)
        self._singles: dict[int, Matcher] = {}

        # As many as the catalogue has ways to fit a frame: they need not be forgotten.
        self._masks: list[int] = []
        self._class_of_mask: dict[int, int] = {}
        self._class_of_frame: tuple[dict[tuple[str | None, str | None, bool], int], ...] = ({}, {})
        self._forget()

    def _forget(self) -> None:
        self._states: dict[int, _State] = {}
        self._taken: dict[tuple[int, tuple[int, ...]], tuple[tuple[int, ...], ...]] = {}
        self._fitted: dict[tuple[object, ...], Fitting] = {}
        self._start = self._state(self._layout.skip(self._layout.first))

    def _state(self, bits: int) -> _State:
        state = self._states.get(bits)
        if state is None:
            state = self._states[bits] = _State(bits)
        return state

    def _class(self, frame: Frame, trace: bool) -> int:
        """A small number for all frames that fit the same elements."""
        found = self._class_of_frame[trace].get((frame.function, frame.module, frame.signal))
        return self._new_class(frame, trace) if found is None else found

    def _new_class(self, frame: Frame, trace: bool) -> int:
        known = self._class_of_frame[trace]
        if len(known) >= _FRAME_LIMIT:
            known.clear()
        mask = self._layout.mask(frame, trace)
        found = self._class_of_mask.get(mask)
        if found is None:
            found = self._class_of_mask[mask] = len(self._masks)
            self._masks.append(mask)
        known[frame.function, frame.module, frame.signal] = found
        return found

    def kinds(self, thread: Thread, *, trace: bool) -> tuple[int, ...]:
        """The class of every frame: frames of one class are the same to every pattern."""
        known = self._class_of_frame[trace]
        found = []
        for frame in thread.frames:
            kind = known.get((frame.function, frame.module, frame.signal))
            found.append(self._new_class(frame, trace) if kind is None else kind)
        return tuple(found)

    def _run(self, kinds: tuple[int, ...], holes: StackGaps, *, hopeful: bool) -> _State:
        state = self._start
        before = holes.before
        for index, kind in enumerate(kinds):
            if before and index in before:
                state = self._state(self._layout.gap(state.bits) if hopeful else self._layout.miss(state.bits))
            following = state.next.get(kind)
            if following is None:
                following = state.next[kind] = self._state(self._layout.step(state.bits, self._masks[kind]))
            state = following
        if holes.at_end and hopeful:
            state = self._state(self._layout.gap(state.bits))
        return state

    def _accepted(self, state: _State) -> tuple[int, ...]:
        if state.accepted is None:
            bits = state.bits & self._layout.accept
            found = []
            while bits:
                low = bits & -bits
                found.append(self._layout.pattern_of_accept[low.bit_length() - 1])
                bits ^= low
            state.accepted = tuple(found)
        return state.accepted

    def fitting(self, thread: Thread, *, trace: bool, base: int | None = None, kinds: tuple[int, ...] | None = None) -> Fitting:
        """Indices of the patterns that fit this thread's stack, and of those that may, because frames are missing.

        ``base`` is the index of a pattern that says where a stack begins (main, a thread's start): with it seen,
        nothing that matters is missing at the outer end. ``kinds``: what `kinds` said of it, if it was asked already.
        """
        if not thread.frames:
            return (), ()
        kinds = self.kinds(thread, trace=trace) if kinds is None else kinds
        if len(self._states) >= _STATE_LIMIT:
            self._forget()
        holes = gaps(thread)
        # Stacks that differ only in what no pattern names have the same answer, and those are most of a pile.
        key = (kinds, holes.at_end, base) if len(kinds) <= _MEMO_FRAMES and not holes.before else None
        fitted = self._fitted.get(key) if key is not None else None
        if fitted is None:
            fitted = self._fit(kinds, holes, base)
            if key is not None and len(self._fitted) < _STATE_LIMIT:
                self._fitted[key] = fitted
        return fitted

    def _fit(self, kinds: tuple[int, ...], holes: StackGaps, base: int | None) -> Fitting:
        sure = self._accepted(self._run(kinds, holes, hopeful=False))
        if base is not None and holes.at_end and base in sure:
            holes = StackGaps(holes.before, at_end=False)
        if not holes:
            return sure, ()
        maybe = self._accepted(self._run(kinds, holes, hopeful=True))
        return sure, tuple(index for index in maybe if index not in sure)

    def levels(
        self, index: int, thread: Thread, *, trace: bool, kinds: tuple[int, ...] | None = None
    ) -> tuple[tuple[int, ...], ...]:
        """For each element of a pattern that fits, the levels of the frames it took. Innermost fit, longest runs."""
        inner = thread.frames[:_MEMO_FRAMES]
        if inner[-1].level != len(inner) - 1:  # frames are missing in between
            return self._single(index)._levels(thread.frames, trace)
        kinds = self.kinds(thread, trace=trace) if kinds is None else kinds
        key = (index, kinds[:_MEMO_FRAMES])
        taken = self._taken.get(key)
        if taken is None:
            taken = self._single(index)._levels(inner, trace)
            if len(self._taken) < _STATE_LIMIT:
                self._taken[key] = taken
        return taken or self._single(index)._levels(thread.frames, trace)

    def stopped_at(self, index: int, thread: Thread, *, trace: bool) -> tuple[int, int | None]:
        """Where a pattern that does not fit gave up: how many of its elements had been satisfied at best, and the
        level of the frame that fitted none of the next ones (None: the stack ended before the pattern did)."""
        return self._single(index)._stopped_at(thread, trace)

    def _single(self, index: int) -> Matcher:
        single = self._singles.get(index)
        if single is None:
            single = self._singles[index] = Matcher((self._layout.patterns[index],), self._layout.sets)
        return single

    def _stopped_at(self, thread: Thread, trace: bool) -> tuple[int, int | None]:
        bits = furthest = self._start.bits
        for frame in thread.frames:
            following = self._layout.step(bits, self._masks[self._class(frame, trace)])
            if not following:
                return self._satisfied(furthest), frame.level
            bits, furthest = following, max(furthest, following)
        return self._satisfied(furthest), None

    def _satisfied(self, bits: int) -> int:
        """Elements before the highest bit."""
        place = bits.bit_length() - 1
        return self._layout.positions[place] if place < len(self._layout.positions) else len(self._layout.patterns[0].elements)

    def _levels(self, frames: Sequence[Frame], trace: bool) -> tuple[tuple[int, ...], ...]:
        states = [self._start.bits]
        masks: list[int] = []
        levels: list[int] = []  # -1: a gap, which has no level
        expected = 0
        for frame in frames:
            if states[-1] & self._layout.accept:
                break
            if frame.level != expected:
                states.append(self._layout.miss(states[-1]))
                masks.append(self._layout.anything)
                levels.append(-1)
            mask = self._masks[self._class(frame, trace)]
            states.append(self._layout.step(states[-1], mask))
            masks.append(mask)
            levels.append(frame.level)
            expected = frame.level + 1
        taken: list[list[int]] = [[] for _ in range(self._layout.width)]
        if not states[-1] & self._layout.accept:
            return ()
        place, at = self._layout.width - 1, len(states) - 1
        while place > 0 or at > 0:
            mask = masks[at - 1] if at else 0
            before = states[at - 1] & mask if at else 0
            if before >> place & 1 and self._layout.star >> place & 1:
                at -= 1
                taken[place].append(levels[at])
            elif place and before >> (place - 1) & 1 and self._layout.one >> (place - 1) & 1:
                at, place = at - 1, place - 1
                taken[place].append(levels[at])
            else:
                place -= 1
        return self._by_element(taken)

    def _by_element(self, taken: list[list[int]]) -> tuple[tuple[int, ...], ...]:
        """Join the two bits of a ``+`` element; drop the gaps."""
        joined: dict[int, list[int]] = {}
        for (bit, _), position in zip(self._layout.elements, self._layout.positions, strict=True):
            joined.setdefault(position, []).extend(level for level in taken[bit] if level >= 0)
        return tuple(tuple(sorted(levels)) for levels in joined.values())
