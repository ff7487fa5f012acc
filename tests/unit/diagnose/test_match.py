"""The matcher against a slow and obvious one, and against hostile sizes."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.diagnose.match import Matcher
from analyzer.diagnose.pattern import Element, Pattern, parse_element, parse_pattern
from analyzer.diagnose.symbols import SymbolSet
from analyzer.model import Frame, Thread

SETS = {
    "w": SymbolSet("w", "", frozenset("ab"), libc=True, unnamed=True),
    "i": SymbolSet("i", "", frozenset("cd"), libc=True, unnamed=True),
    "e": SymbolSet("e", "", frozenset("f")),
    "s": SymbolSet("s", "", frozenset(), signal=True),
}
NAMES = "abcdfgx?"
ELEMENTS = ["a", "@w", "@w*", "@w+", "@i*", "@i+", "@e", "...", "??", "!@w", "!@i*", "a|c", "@w|@e+", "b"]


def stack(names: str, levels: list[int] | None = None) -> Thread:
    """A stack of one-letter functions; «?» is a nameless frame of libc."""
    numbers = levels or list(range(len(names)))
    frames = tuple(
        Frame(level, None if name == "?" else name, "libc.so.6" if name == "?" else None)
        for level, name in zip(numbers, names, strict=True)
    )
    return Thread(1, frames=frames)


def fits(element: Element, name: str) -> bool:
    if element.anything:
        return True
    if name == "?":
        found = element.nameless or any(SETS[one].unnamed for one in element.sets)
    else:
        found = name in element.names or any(name in SETS[one].exact for one in element.sets)
    return found != element.negated


def slowly(pattern: Pattern, names: str) -> bool:
    """The same question put to a regular expression over letters."""
    text = ""
    for element in pattern.elements:
        letters = "".join(re.escape(name) for name in NAMES if fits(element, name))
        text += (f"[{letters}]" if letters else "(?!)") + {"one": "", "any": "*", "some": "+"}[element.times]
    return re.match(text, names) is not None


patterns = st.lists(st.sampled_from(ELEMENTS), min_size=1, max_size=6).filter(
    lambda texts: any(parse_element(text).times != "any" for text in texts)
)
stacks = st.text(NAMES, min_size=1, max_size=9)


@settings(max_examples=400, deadline=None)
@given(st.lists(patterns, min_size=1, max_size=5), stacks)
def test_all_patterns_at_once_agree_with_each_alone(texts: list[list[str]], names: str) -> None:
    rows = [parse_pattern(text) for text in texts]
    sure, maybe = Matcher(rows, SETS).fitting(stack(names), trace=False)
    assert not maybe
    assert [index in sure for index in range(len(rows))] == [slowly(row, names) for row in rows]


@settings(max_examples=400, deadline=None)
@given(patterns, stacks)
def test_levels_are_frames_that_fit_their_element(texts: list[str], names: str) -> None:
    pattern = parse_pattern(texts)
    matcher = Matcher([pattern], SETS)
    sure, _ = matcher.fitting(stack(names), trace=False)
    taken = matcher.levels(0, stack(names), trace=False)
    assert bool(sure) == bool(taken)
    for element, levels in zip(pattern.elements, taken, strict=bool(taken)):
        assert all(fits(element, names[level]) for level in levels)
        assert element.times != "one" or len(levels) == 1
        assert element.times != "some" or levels


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(ELEMENTS), min_size=1, max_size=3), st.text("abcf?x", min_size=1, max_size=4), st.data())
def test_missing_frames_make_unknown_exactly_where_they_could_fit(texts: list[str], names: str, data: st.DataObject) -> None:
    if all(parse_element(text).times == "any" for text in texts):
        texts = [*texts, "a"]
    pattern = parse_pattern(texts)
    cut = data.draw(st.integers(1, len(names)))
    levels = [place if place < cut else place + 50 for place in range(len(names))]
    cut_stack = Thread(1, frames=stack(names, levels).frames, cut=True)
    sure, maybe = Matcher([pattern], SETS).fitting(cut_stack, trace=False)
    fillings = itertools.chain.from_iterable(itertools.product("abcdfx?", repeat=count) for count in range(5))
    possible = any(slowly(pattern, names[:cut] + "".join(filling) + names[cut:]) for filling in fillings)
    assert bool(sure or maybe) == possible
    if sure:  # then it must hold whatever is missing
        assert slowly(pattern, names[:cut] + "xgx" + names[cut:])


def test_a_nameless_frame_is_libcs_where_its_file_says_so_or_in_a_trace() -> None:
    matcher = Matcher([parse_pattern(["@w+", "@e"])], SETS)

    def found(module: str | None, *, trace: bool) -> bool:
        frames = (Frame(0, None, module), Frame(1, "f"))
        return bool(matcher.fitting(Thread(1, frames=frames), trace=trace)[0])

    assert found("libc.so.6", trace=False)
    assert found(None, trace=True)
    assert not found(None, trace=False)
    assert not found("/usr/bin/program", trace=False)
    assert not found("libother.so.1", trace=True)


def test_a_namesake_in_another_library_is_not_libcs() -> None:
    matcher = Matcher([parse_pattern(["@w"])], SETS)
    assert matcher.fitting(Thread(1, frames=(Frame(0, "a", "/usr/bin/static"),)), trace=False)[0]
    assert not matcher.fitting(Thread(1, frames=(Frame(0, "a", "libjemalloc.so.2"),)), trace=False)[0]


def test_a_signal_frame_is_known_without_a_name() -> None:
    matcher = Matcher([parse_pattern(["...", "@s"])], SETS)
    frames = (Frame(0, "a"), Frame(1, None, signal=True))
    assert matcher.fitting(Thread(1, frames=frames), trace=False)[0]


def test_a_stack_whose_beginning_was_seen_misses_nothing_at_its_end() -> None:
    rows = [parse_pattern(["...", "@s"]), parse_pattern(["...", "main"])]
    matcher = Matcher(rows, SETS)
    whole = Thread(1, frames=(Frame(0, "a"), Frame(1, "main"), Frame(2, None)), cut=True)
    open_end = Thread(1, frames=(Frame(0, "a"), Frame(1, "b")), cut=True)
    assert matcher.fitting(whole, trace=False, base=1) == ((1,), ())
    assert 0 in matcher.fitting(open_end, trace=False, base=1)[1]


@pytest.mark.parametrize(
    "text",
    [["..."], ["@w*"], [""], ["a| b"], ["a|..."], ["@"], ["@no such"], []],
)
def test_patterns_that_mean_nothing_are_refused(text: list[str]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_pattern(text)


def seconds(matcher: Matcher, thread: Thread) -> float:
    before = time.process_time()
    matcher.fitting(thread, trace=True)
    return time.process_time() - before


def test_time_is_linear_in_frames_for_thousands_of_hostile_elements() -> None:
    hostile = [
        parse_pattern(["@w+", *["...", "@i*", "@w*", "??"] * 800, "zz"]),
        *[parse_pattern(["@w*", "...", f"n{number}", "...", f"n{number + 1}"]) for number in range(500)],
    ]
    matcher = Matcher(hostile, SETS)
    short = stack("a" * 10_000)
    frames = tuple(Frame(level, f"n{level % 977}" if level % 3 else None) for level in range(100_000))
    seconds(matcher, short)
    once = min(seconds(matcher, Thread(1, frames=frames[:10_000])) for _ in range(3))
    tenfold = min(seconds(matcher, Thread(1, frames=frames)) for _ in range(2))
    assert tenfold < 30 * once + 0.2
    assert tenfold < 10


def test_memory_for_remembered_steps_is_bounded() -> None:
    matcher = Matcher([parse_pattern(["a", "...", "b"])], SETS)
    for start in range(0, 120_000, 1000):
        frames = tuple(Frame(level, f"user{start + level}") for level in range(1000))
        matcher.fitting(Thread(1, frames=frames), trace=True)
    assert len(matcher._class_of_frame[True]) <= 50_000
    assert len(matcher._states) <= 21_000
