"""The catalogue of sentences: every key that is used exists, and every key that exists is used."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from analyzer import render
from analyzer.data import folder
from analyzer.model import Process
from analyzer.render.words import CHINESE, ENGLISH, Words


def used_keys() -> set[str]:
    """Keys as the code spells them; those put together at run time by their beginning, with a dot at the end."""
    files = [*Path(render.__path__[0]).glob("*.py"), *folder("reports").rglob("*.j2")]
    texts = [file.read_text(encoding="utf-8") for file in files if not file.name.startswith(("english", "chinese"))]
    found = set()
    for text in texts:
        found |= set(re.findall(r"""["']([a-z][a-z-]*\.[a-z.-]+)["']""", text))
        found |= set(re.findall(r'\bf"((?:[a-z][a-z-]*\.)+)\{', text))
        found |= {key + "." for key in re.findall(r'\.choice\("([a-z.-]+)"', text)}
        found |= set(re.findall(r'\bw(?:ords)?(?:\.count)?\("([a-z-]+)"', text))
        found |= set(re.findall(r'"(yes|no|title|skip)"', text))
    return found


def test_every_key_is_used() -> None:
    used = used_keys()
    prefixes = tuple(key for key in used if key.endswith("."))
    unused = [
        key
        for key in ENGLISH.texts
        if key not in used and key.removesuffix(".one").removesuffix(".many").removesuffix(".none") not in used
        if not key.startswith(prefixes) and key + "." not in used
    ]
    assert [key for key in unused if not key.startswith(("certainty-means.", "stage."))] == []


def test_every_sentence_has_the_fields_of_its_other_number() -> None:
    for key, text in ENGLISH.texts.items():
        if key.endswith(".one"):
            many = ENGLISH.texts[key.removesuffix(".one") + ".many"]
            fields = {field for _, field, _, _ in string.Formatter().parse(text) if field}
            assert fields <= {field for _, field, _, _ in string.Formatter().parse(many) if field}, key


@pytest.mark.parametrize("words", [CHINESE, ENGLISH])
def test_every_language_has_every_sentence_with_the_same_fields(words: Words) -> None:
    for key, text in ENGLISH.texts.items():
        fields = {field for _, field, _, _ in string.Formatter().parse(text) if field}
        told = {field for _, field, _, _ in string.Formatter().parse(words.texts[key]) if field}
        assert told <= fields, key


def test_a_name_with_braces_stays_a_name() -> None:
    assert ENGLISH("verdict.not-hung", process="{title}{0}%s") == "{title}{0}%s is not hung."


def test_numbers_have_their_thousands_apart_and_their_own_form() -> None:
    assert ENGLISH.count("threads.count", 1) == "1 thread"
    assert ENGLISH.count("threads.count", 1234) == "1\u202f234 threads"
    assert Words("xx", {"a.many": "{n} things"}).count("a", 1) == "1 things"


def test_an_unknown_value_speaks_for_itself() -> None:
    assert ENGLISH.choice("state", "Q") == "Q"
    assert ENGLISH.choice("state", None) == "not known"


def test_a_process_without_a_name_or_a_pid_still_has_a_name() -> None:
    assert ENGLISH.process(Process(7, "jobs"), 7) == "jobs (7)"
    assert ENGLISH.process(None, 7) == "process 7"
    assert ENGLISH.process(Process(0, ""), 0) == "The process"
    assert ENGLISH.process(Process(0, "jobs"), 0) == "jobs"
