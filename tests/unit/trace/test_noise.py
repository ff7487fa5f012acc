"""The same trace with any noise, and with any two, gives the same frames."""

from __future__ import annotations

import itertools

import pytest

from analyzer.capture.trace import parse
from tests.unit.trace.noises import NOISES
from tests.unit.trace.samples import CHILD, all_frames, read

CLEAN = all_frames(read(CHILD))

_OWN_LINE_ENDS = {"JSON log", "html_breaks", "flat", "quoted_printable"}
"""Noises that need whole lines, or hide where they end: nothing else may break lines before them."""
_BREAKS = {name for name in NOISES if name.startswith(("folded", "cropped"))} | {"gdb_width"}
_ESCAPES = {"escaped", "html_page", "html_twice", "html_breaks"}


def _makes_sense(first: str, second: str) -> bool:
    """Whether the two can happen in this order."""
    if second in {"coloured", "faded", "caret", "linked", "glued", "gdb_width"}:
        return False  # they are written for the clean text
    if first in _BREAKS and second in _OWN_LINE_ENDS | _BREAKS | {"bullets", "tabs"}:
        return False
    if first in _OWN_LINE_ENDS - {"flat", "JSON log"} and second != "crlf":
        return False  # what they hide is found in whole lines only
    if first in {"flat", "JSON log"} and second not in {"fence", "crlf", "quoted", "syslog", "journal"}:
        return False
    if first in _ESCAPES and second in _ESCAPES | {"JSON log", "quoted_printable", "flat"} | _BREAKS:
        return False
    if first in {"coloured", "faded", "caret", "invisible", "linked", "glued", "hard_blanks"} and second in _BREAKS:
        return False  # an edge in the middle of a sequence, or between a number and its frame
    if first in {"coloured", "caret", "invisible", "hard_blanks"} and second in {"JSON log", "escaped", "quoted_printable"}:
        return False  # no longer ASCII: each of them has an escape of its own
    return second != "flat"  # it moves a number, not a prefix


PAIRS = [(a, b) for a, b in itertools.permutations(NOISES, 2) if _makes_sense(a, b)]


def test_the_clean_trace_is_what_we_think() -> None:
    assert [len(frames) for frames in CLEAN.values()] == [8, 5]


@pytest.mark.parametrize("noise", NOISES)
def test_one_noise(noise: str) -> None:
    found = parse(NOISES[noise](CHILD))
    assert all_frames(found.snapshot) == CLEAN
    assert found.quality.unreadable == 0
    assert [lock.symbol for lock in found.snapshot.processes[0].locks] == ["main_arena"]


@pytest.mark.parametrize("first", NOISES)
def test_two_noises(first: str) -> None:
    bad = [second for one, second in PAIRS if one == first and all_frames(read(NOISES[second](NOISES[first](CHILD)))) != CLEAN]
    assert not bad


def test_there_are_enough_pairs() -> None:
    assert len(PAIRS) > 400
