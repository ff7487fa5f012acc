"""All patterns of a catalogue against one stack at once, in time linear in its frames whatever the patterns are.

Every pattern is a row of bits, one an element and one more for «it fits»; a set bit means: what lies further in fits the
elements before this one. One frame moves all bits of all patterns by a handful of operations on one long integer, so
there is nothing to backtrack. Steps that were taken before are remembered (an automaton that builds itself as it is
used), so that in practice a frame costs one look-up; the memory for that is bounded.

Where frames are missing, the bits may have moved to anywhere further out: a stack is therefore run twice, once as if
the missing frames fitted nothing but «...», once as if they fitted everything. What fits only the second time is
*unknown*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.diagnose.bits import block_masks, reach
from analyzer.diagnose.gaps import StackGaps, gaps
from analyzer.diagnose.pattern import Element, Pattern
from analyzer.diagnose.symbols import SymbolSet, home, normalise
from analyzer.model import Frame, Thread

_STATE_LIMIT = 20_000
_FRAME_LIMIT = 50_000
SIGNAL = "<signal handler called>"


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
        self.patterns = tuple(patterns)
        self._sets = sets
        self._layout()
        self._index_elements()
        self._singles: dict[int, Matcher] = {}
        self._forget()

    # Compiling

    def _layout(self) -> None:
        """Give every element its bit, and the masks that speak of all of them at once."""
        self._bit_of: list[int] = []
        self._elements: list[tuple[int, Element]] = []
        self._positions: list[int] = []
        self._one = self._star = self._accept = self._first = 0
        self._pattern_of_accept: dict[int, int] = {}
        blocks: list[tuple[int, int]] = []
        bit = 0
        for index, pattern in enumerate(self.patterns):
            self._bit_of.append(bit)
            self._first |= 1 << bit
            open_block = None
            for position, element in enumerate(pattern.elements):
                if element.times == "some":  # x+ is x x*
                    self._elements.append((bit, element))
                    self._positions.append(position)
                    self._one |= 1 << bit
                    if open_block is not None:
                        blocks.append((open_block, bit))
                        open_block = None
                    bit += 1
                self._elements.append((bit, element))
                self._positions.append(position)
                if element.times == "one":
                    self._one |= 1 << bit
                    if open_block is not None:
                        blocks.append((open_block, bit))
                        open_block = None
                else:
                    self._star |= 1 << bit
                    if open_block is None:
                        open_block = bit
                bit += 1
            if open_block is not None:
                blocks.append((open_block, bit))
            self._accept |= 1 << bit
            self._pattern_of_accept[bit] = index
            bit += 1
        self._width = bit
        self._skip_first, self._skip_last, self._skip_to = block_masks(blocks)
        whole = [(start, end) for start, end in zip(self._bit_of, sorted(self._pattern_of_accept), strict=True)]
        self._gap_first, self._gap_last, self._gap_to = block_masks(whole)

    def _index_elements(self) -> None:
        """Which bits a name can set: exact names in a table, beginnings of names in a list."""
        self._anything = self._nameless = self._unnamed_libc = self._every_libc = self._signal = self._negated = 0
        named: dict[str, int] = {}
        libc_named: dict[str, int] = {}
        prefixes: dict[str, int] = {}
        libc_prefixes: dict[str, int] = {}
        for bit, element in self._elements:
            mask = 1 << bit
            if element.anything:
                self._anything |= mask
            if element.negated:
                self._negated |= mask
            if element.nameless:
                self._nameless |= mask
            for name in element.names:
                named[name] = named.get(name, 0) | mask
            for set_name in element.sets:
                found = self._sets[set_name]
                self._signal |= mask if found.signal else 0
                self._unnamed_libc |= mask if found.unnamed else 0
                self._every_libc |= mask if found.every else 0
                exact, beginnings = (libc_named, libc_prefixes) if found.libc else (named, prefixes)
                for name in found.exact:
                    exact[name] = exact.get(name, 0) | mask
                for name in found.prefixes:
                    beginnings[name] = beginnings.get(name, 0) | mask
        self._named, self._libc_named = named, libc_named
        self._prefixes, self._libc_prefixes = tuple(prefixes.items()), tuple(libc_prefixes.items())

    def _forget(self) -> None:
        self._states: dict[int, _State] = {}
        self._masks: list[int] = []
        self._class_of_mask: dict[int, int] = {}
        self._class_of_frame: tuple[dict[tuple[str | None, str | None, bool], int], ...] = ({}, {})
        self._start = self._state(self._skip(self._first))

    # Running

    def _skip(self, bits: int) -> int:
        """Add what can be reached without a frame: past every ``*`` element that is awaited."""
        return reach(bits, self._skip_first, self._skip_last, self._skip_to)

    def _gap(self, bits: int) -> int:
        """Add what any number of unseen frames could reach: everything further on in the same pattern."""
        return reach(bits, self._gap_first, self._gap_last, self._gap_to)

    def _state(self, bits: int) -> _State:
        state = self._states.get(bits)
        if state is None:
            state = self._states[bits] = _State(bits)
        return state

    def _step(self, bits: int, mask: int) -> int:
        fits = bits & mask
        return self._skip(((fits & self._one) << 1) | (fits & self._star)) | (bits & self._accept)

    def _mask(self, frame: Frame, trace: bool) -> int:
        """The elements that this frame fits."""
        name = SIGNAL if frame.signal else normalise(frame.function)
        where = home(frame.module)
        if name == SIGNAL:
            mask = self._signal
        elif name is None:
            mask = self._nameless
            # A pasted trace seldom says whose code a frame is: there an unknown home may be libc.
            if where == "libc" or (trace and where == "unknown"):
                mask |= self._unnamed_libc
        else:
            mask = self._named.get(name, 0)
            for beginning, bits in self._prefixes:
                if name.startswith(beginning):
                    mask |= bits
            if where != "other":
                mask |= self._libc_named.get(name, 0)
                for beginning, bits in self._libc_prefixes:
                    if name.startswith(beginning):
                        mask |= bits
        if where == "libc" and name != SIGNAL:
            mask |= self._every_libc
        return (mask ^ self._negated) | self._anything

    def _class(self, frame: Frame, trace: bool) -> int:
        """A small number for all frames that fit the same elements."""
        known = self._class_of_frame[trace]
        key = (frame.function, frame.module, frame.signal)
        found = known.get(key)
        if found is None:
            if len(known) >= _FRAME_LIMIT:
                known.clear()
            mask = self._mask(frame, trace)
            found = self._class_of_mask.get(mask)
            if found is None:
                found = self._class_of_mask[mask] = len(self._masks)
                self._masks.append(mask)
            known[key] = found
        return found

    def _run(self, thread: Thread, trace: bool, holes: StackGaps, *, hopeful: bool) -> _State:
        if len(self._states) >= _STATE_LIMIT:
            self._forget()
        state = self._start
        known = self._class_of_frame[trace]
        for index, frame in enumerate(thread.frames):
            if index in holes.before:
                state = self._state(self._gap(state.bits) if hopeful else self._step(state.bits, self._anything))
            kind = known.get((frame.function, frame.module, frame.signal))
            if kind is None:
                kind = self._class(frame, trace)
            following = state.next.get(kind)
            if following is None:
                following = state.next[kind] = self._state(self._step(state.bits, self._masks[kind]))
            state = following
        if holes.at_end and hopeful:
            state = self._state(self._gap(state.bits))
        return state

    def _accepted(self, state: _State) -> tuple[int, ...]:
        if state.accepted is None:
            bits = state.bits & self._accept
            found = []
            while bits:
                low = bits & -bits
                found.append(self._pattern_of_accept[low.bit_length() - 1])
                bits ^= low
            state.accepted = tuple(found)
        return state.accepted

    def fitting(self, thread: Thread, *, trace: bool, base: int | None = None) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Indices of the patterns that fit this thread's stack, and of those that may, because frames are missing.

        ``base`` is the index of a pattern that says where a stack begins (main, a thread's start): with it seen,
        nothing that matters is missing at the outer end.
        """
        if not thread.frames:
            return (), ()
        holes = gaps(thread)
        sure = self._accepted(self._run(thread, trace, holes, hopeful=False))
        if base is not None and holes.at_end and base in sure:
            holes = StackGaps(holes.before, at_end=False)
        if not holes:
            return sure, ()
        maybe = self._accepted(self._run(thread, trace, holes, hopeful=True))
        return sure, tuple(index for index in maybe if index not in sure)

    def levels(self, index: int, thread: Thread, *, trace: bool) -> tuple[tuple[int, ...], ...]:
        """For each element of a pattern that fits, the levels of the frames it took. Innermost fit, longest runs."""
        return self._single(index)._levels(thread, trace)

    def stopped_at(self, index: int, thread: Thread, *, trace: bool) -> tuple[int, int | None]:
        """Where a pattern that does not fit gave up: how many of its elements had been satisfied at best, and the
        level of the frame that fitted none of the next ones (None: the stack ended before the pattern did)."""
        return self._single(index)._stopped_at(thread, trace)

    def _single(self, index: int) -> Matcher:
        single = self._singles.get(index)
        if single is None:
            single = self._singles[index] = Matcher((self.patterns[index],), self._sets)
        return single

    def _stopped_at(self, thread: Thread, trace: bool) -> tuple[int, int | None]:
        bits = furthest = self._start.bits
        for frame in thread.frames:
            following = self._step(bits, self._masks[self._class(frame, trace)])
            if not following:
                return self._satisfied(furthest), frame.level
            bits, furthest = following, max(furthest, following)
        return self._satisfied(furthest), None

    def _satisfied(self, bits: int) -> int:
        """Elements before the highest bit."""
        place = bits.bit_length() - 1
        return self._positions[place] if place < len(self._positions) else len(self.patterns[0].elements)

    def _levels(self, thread: Thread, trace: bool) -> tuple[tuple[int, ...], ...]:
        holes = gaps(thread)
        states = [self._start.bits]
        masks: list[int] = []
        levels: list[int] = []  # -1: a gap, which has no level
        for index, frame in enumerate(thread.frames):
            if states[-1] & self._accept:
                break
            if index in holes.before:
                states.append(self._step(states[-1], self._anything))
                masks.append(self._anything)
                levels.append(-1)
            mask = self._masks[self._class(frame, trace)]
            states.append(self._step(states[-1], mask))
            masks.append(mask)
            levels.append(frame.level)
        taken: list[list[int]] = [[] for _ in range(self._width)]
        if not states[-1] & self._accept:
            return ()
        place, at = self._width - 1, len(states) - 1
        while place > 0 or at > 0:
            mask = masks[at - 1] if at else 0
            before = states[at - 1] & mask if at else 0
            if before >> place & 1 and self._star >> place & 1:
                at -= 1
                taken[place].append(levels[at])
            elif place and before >> (place - 1) & 1 and self._one >> (place - 1) & 1:
                at, place = at - 1, place - 1
                taken[place].append(levels[at])
            else:
                place -= 1
        return self._by_element(taken)

    def _by_element(self, taken: list[list[int]]) -> tuple[tuple[int, ...], ...]:
        """Join the two bits of a ``+`` element; drop the gaps."""
        joined: dict[int, list[int]] = {}
        for (bit, _), position in zip(self._elements, self._positions, strict=True):
            joined.setdefault(position, []).extend(level for level in taken[bit] if level >= 0)
        return tuple(tuple(sorted(levels)) for levels in joined.values())
