"""The catalogue: signatures and symbol sets, compiled for the matcher.

A folder of it holds one signature a file (``ID.toml``), ``symbols/`` with one symbol set a file, and ``cases/``. Nothing in a
catalogue is code, so a stranger's is safe to load.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from analyzer.diagnose.match import Matcher
from analyzer.diagnose.pattern import Pattern, parse_pattern
from analyzer.diagnose.signature import Signature
from analyzer.diagnose.symbols import SymbolSet

_SPOKEN_LIMIT = 5_000

# What the diagnosis itself asks of every stack, where the catalogue has the sets for it.
BUILT_IN = {
    "base": ["...", "@stack-base"],
    "lock": ["@futex-call*", "@lock-primitive|@mutex-lock|@rwlock-read|@rwlock-write"],
    "idle": ["@futex-call*", "@work-wait|@thread-join"],
}


class Catalogue:
    """Signatures and symbol sets, ready to be used."""

    def __init__(self, signatures: Iterable[Signature], sets: Mapping[str, SymbolSet]) -> None:
        self.signatures = tuple(sorted(signatures, key=lambda signature: signature.id))
        self.sets = dict(sets)

    @cached_property
    def by_id(self) -> dict[str, Signature]:
        """Every signature by its id."""
        return {signature.id: signature for signature in self.signatures}

    @cached_property
    def built_in(self) -> dict[str, Pattern]:
        """The patterns of the diagnosis itself for which the sets are there."""
        found = {name: parse_pattern(texts) for name, texts in BUILT_IN.items()}
        return {name: pattern for name, pattern in found.items() if pattern.sets() <= self.sets.keys()}

    @cached_property
    def index(self) -> dict[Pattern, int]:
        """Number of every pattern in the matcher; the same text has the same number."""
        every = [pattern for signature in self.signatures for pattern in signature.patterns()]
        every += self.built_in.values()
        numbers: dict[str, int] = {}
        return {pattern: numbers.setdefault(pattern.text, len(numbers)) for pattern in every}

    @cached_property
    def matcher(self) -> Matcher:
        """All patterns of the catalogue, compiled."""
        return Matcher([pattern for _, pattern in sorted(self._numbered.items())], self.sets)

    @cached_property
    def _numbered(self) -> dict[int, Pattern]:
        return {number: pattern for pattern, number in self.index.items()}

    @cached_property
    def veto_numbers(self) -> dict[str, frozenset[int]]:
        """By signature the numbers of the patterns of its vetoes."""
        return {
            one.id: frozenset(self.index[pattern] for veto in one.veto for pattern in (*veto.frames, *veto.others))
            for one in self.signatures
        }

    @cached_property
    def _speakers(self) -> dict[int | str, list[Signature]]:
        """Signatures by the numbers of their patterns, the words of their waits and the letters of their states."""
        found: dict[int | str, list[Signature]] = {}
        for signature in self.signatures:
            patterns = [*signature.match.frames, *(pattern for near in signature.near for pattern in near.frames)]
            keys: set[int | str] = {self.index[pattern] for pattern in patterns}
            for key in keys | {*signature.match.waits} | {f"state {letter}" for letter in signature.match.states}:
                found.setdefault(key, []).append(signature)
        return found

    def speaking_of(self, fitting: tuple[int, ...], wait: str | None, state: str | None) -> tuple[Signature, ...]:
        """Signatures whose frames or near frames are among these patterns, or that name this wait or state; each once."""
        asked = (fitting, wait, state)
        answer = self._spoken.get(asked)
        if answer is None:
            if len(self._spoken) >= _SPOKEN_LIMIT:
                self._spoken.clear()
            answer = self._spoken[asked] = tuple(self._speak(*asked))
        return answer

    @cached_property
    def _spoken(self) -> dict[tuple[tuple[int, ...], str | None, str | None], tuple[Signature, ...]]:
        """Answers of ``speaking_of``: the threads of a pile fit few different sets of patterns."""
        return {}

    def _speak(self, fitting: tuple[int, ...], wait: str | None, state: str | None) -> Iterable[Signature]:
        speakers = self._speakers
        found = {one.id: one for number in fitting for one in speakers.get(number, ())}
        for key in (wait, f"state {state}"):
            for one in speakers.get(key, ()) if key is not None else ():
                found.setdefault(one.id, one)
        return found.values()

    def lay_out(self) -> None:
        """Work out now what is otherwise worked out when it is first asked for."""
        _ = self.by_id, self.built_in, self.index, self.matcher, self._speakers, self.veto_numbers, self.libc_names

    @cached_property
    def libc_names(self) -> frozenset[str]:
        """Functions that some set calls libc's: in a trace that names no files this tells libc's frames from others."""
        return frozenset(name for found in self.sets.values() if found.libc for name in found.exact)
