"""Patterns as rows of bits in one long integer, so that all of them move at once.

Each element has a bit, and each pattern one more for «it fits». A set bit means: what lies further in fits the elements
before this one. ``x+`` is ``x x*``, two bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.diagnose.bits import block_masks, reach
from analyzer.diagnose.pattern import Element, Pattern
from analyzer.diagnose.symbols import SymbolSet, home, normalise
from analyzer.model import Frame

SIGNAL = "<signal handler called>"


class _Beginnings:
    """Bits by the beginning of a name. Most names have none of them, and one look at their first letters tells."""

    def __init__(self, bits: Mapping[str, int], libc_bits: Mapping[str, int]) -> None:
        self._shortest = min(map(len, (*bits, *libc_bits)), default=0)
        self._by_head: dict[str, list[tuple[str, int, int]]] = {}
        for beginning in {**bits, **libc_bits}:
            both = (beginning, bits.get(beginning, 0), libc_bits.get(beginning, 0))
            self._by_head.setdefault(beginning[: self._shortest], []).append(both)

    def mask(self, name: str, *, libc: bool) -> int:
        """The bits of every beginning that the name has; with those that only a function of libc has."""
        found = 0
        for beginning, bits, libc_bits in self._by_head.get(name[: self._shortest], ()):
            if name.startswith(beginning):
                found |= bits | (libc_bits if libc else 0)
        return found


class Layout:
    """Which bit stands for which element, and what a frame does to the bits."""

    def __init__(self, patterns: Sequence[Pattern], sets: Mapping[str, SymbolSet]) -> None:
        self.patterns = tuple(patterns)
        self.sets = sets
        self.elements: list[tuple[int, Element]] = []
        """Bits with their element, in order."""
        self.positions: list[int] = []
        """For each of them the element's place in its pattern."""
        self.pattern_of_accept: dict[int, int] = {}
        self.one = self.star = self.accept = self.first = self.anything = self.width = 0
        self._place_elements()
        self._index_elements()

    def _place_elements(self) -> None:
        firsts: list[int] = []
        blocks: list[tuple[int, int]] = []
        bit = 0
        for index, pattern in enumerate(self.patterns):
            firsts.append(bit)
            self.first |= 1 << bit
            open_block = None
            for position, element in enumerate(pattern.elements):
                if element.times == "some":  # x+ is x x*
                    self.elements.append((bit, element))
                    self.positions.append(position)
                    self.one |= 1 << bit
                    if open_block is not None:
                        blocks.append((open_block, bit))
                        open_block = None
                    bit += 1
                self.elements.append((bit, element))
                self.positions.append(position)
                if element.times == "one":
                    self.one |= 1 << bit
                    if open_block is not None:
                        blocks.append((open_block, bit))
                        open_block = None
                else:
                    self.star |= 1 << bit
                    if open_block is None:
                        open_block = bit
                bit += 1
            if open_block is not None:
                blocks.append((open_block, bit))
            self.accept |= 1 << bit
            self.pattern_of_accept[bit] = index
            bit += 1
        self.width = bit
        self._skip_first, self._skip_last, self._skip_to = block_masks(blocks)
        whole = [(start, end) for start, end in zip(firsts, sorted(self.pattern_of_accept), strict=True)]
        self._gap_first, self._gap_last, self._gap_to = block_masks(whole)

    def _index_elements(self) -> None:
        """Which bits a name can set: exact names in a table, beginnings of names in a list."""
        self._nameless = self._unnamed_libc = self._every_libc = self._signal = self._negated = 0
        named: dict[str, int] = {}
        libc_named: dict[str, int] = {}
        prefixes: dict[str, int] = {}
        libc_prefixes: dict[str, int] = {}
        for bit, element in self.elements:
            mask = 1 << bit
            if element.anything:
                self.anything |= mask
            if element.negated:
                self._negated |= mask
            if element.nameless:
                self._nameless |= mask
            for name in element.names:
                named[name] = named.get(name, 0) | mask
            for set_name in element.sets:
                found = self.sets[set_name]
                self._signal |= mask if found.signal else 0
                self._unnamed_libc |= mask if found.unnamed else 0
                self._every_libc |= mask if found.every else 0
                exact, beginnings = (libc_named, libc_prefixes) if found.libc else (named, prefixes)
                for name in found.exact:
                    exact[name] = exact.get(name, 0) | mask
                for name in found.prefixes:
                    beginnings[name] = beginnings.get(name, 0) | mask
        self._named, self._libc_named = named, libc_named
        self._beginnings = _Beginnings(prefixes, libc_prefixes)

    # What a frame does

    def skip(self, bits: int) -> int:
        """Add what can be reached without a frame: past every ``*`` element that is awaited."""
        return reach(bits, self._skip_first, self._skip_last, self._skip_to)

    def gap(self, bits: int) -> int:
        """Add what any number of unseen frames could reach: everything further on in the same pattern."""
        return reach(bits, self._gap_first, self._gap_last, self._gap_to)

    def step(self, bits: int, mask: int) -> int:
        """The bits after one frame, of which ``mask`` says what it fits."""
        fits = bits & mask
        return self.skip(((fits & self.one) << 1) | (fits & self.star)) | (bits & self.accept)

    def miss(self, bits: int) -> int:
        """The bits after unseen frames that fitted nothing but ``...``."""
        return self.step(bits, self.anything)

    def mask(self, frame: Frame, trace: bool) -> int:
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
            mask = self._named.get(name, 0) | self._beginnings.mask(name, libc=where != "other")
            if where != "other":
                mask |= self._libc_named.get(name, 0)
        if where == "libc" and name != SIGNAL:
            mask |= self._every_libc
        return (mask ^ self._negated) | self.anything
