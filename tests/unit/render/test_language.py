"""The report in Chinese: every sentence of the interface, the signatures' texts and the questions; the data stays the same."""

# ruff: noqa: RUF001 - Chinese is written with full-width punctuation

from __future__ import annotations

import re
import string
from dataclasses import replace

import pytest

from analyzer.analyse import catalogue
from analyzer.model import Diagnosis
from analyzer.model.facts import FACTS
from analyzer.render import FORMATS, LANGUAGES, load, render
from analyzer.render import words as catalogues
from analyzer.render.english import ENGLISH_TEXTS
from analyzer.render.words import CHINESE, ENGLISH, words_for
from tests.unit.render import fixtures

CJK = re.compile(r"[\u4e00-\u9fff]")
SAME = {"libc.glibc", "libc.musl", "env.before-after", "left-out.problem", "left-out.redacted"}
SAME |= {"overview.join", "series.named", "series.hang.known", "scan.join"}
SAME |= {"compare.lock", "told.waits", "tree.node", "title", "text.stop"}


def with_shipped_texts(diagnosis: Diagnosis) -> Diagnosis:
    """The first finding as the shipped signature words it."""
    signature = catalogue().by_id["glibc-fork-lock-after-raw-clone"]
    told = {"title": signature.title, "summary": signature.summary, "remedy": signature.remedy, "signature": signature.id}
    return replace(diagnosis, findings=(replace(diagnosis.findings[0], **told), *diagnosis.findings[1:]))  # type: ignore[arg-type]


def test_every_sentence_is_chinese() -> None:
    assert set(CHINESE.texts) == set(ENGLISH_TEXTS)
    left = [key for key, text in CHINESE.texts.items() if not CJK.search(text) and "command" not in key]
    assert set(left) == SAME


def test_every_value_of_a_sentence_is_told_in_chinese_too() -> None:
    for key in CHINESE.texts:
        text = ENGLISH_TEXTS[key]
        fields = {field for _, field, _, _ in string.Formatter().parse(text) if field}
        told = {field for _, field, _, _ in string.Formatter().parse(CHINESE.texts[key]) if field}
        assert fields == told or key.endswith((".one", ".many")), key


def test_every_question_is_chinese() -> None:
    assert set(FACTS) == set(CHINESE.questions)


@pytest.mark.parametrize("name", fixtures.ALL)
@pytest.mark.parametrize("format", FORMATS)
def test_every_format_of_every_fixture_is_made(name: str, format: str) -> None:
    diagnosis = fixtures.ALL[name]()
    made = render(diagnosis, format, CHINESE).decode()  # type: ignore[arg-type]
    if format == "json":
        assert made == render(diagnosis, "json").decode()
    else:
        assert CJK.search(made)
    if format in {"json", "html"}:
        assert load(made.encode()) == diagnosis


def test_the_page_says_its_language_and_what_the_signature_says_in_it() -> None:
    page = render(with_shipped_texts(fixtures.proven()), "html", CHINESE).decode()
    shown = page.partition('<script type="application/json"')[0]
    assert '<html lang="zh-Hans">' in page
    assert "fork() 在等待一把锁，持有者被裸 clone 留在了父进程" in shown
    assert "在代码中：" in shown
    assert "whose holder a raw clone left behind" not in shown
    for key, text in ENGLISH_TEXTS.items():
        if key.startswith(("heading.", "nav.", "evidence.")) and "{" not in text and key != "nav.label":
            assert f">{text}<" not in shown, key
    for format in ("markdown", "text"):
        told = "".join(render(with_shipped_texts(fixtures.proven()), format, CHINESE).decode().split())
        assert "持有者被裸clone留在了父进程" in told


def test_a_stranger_with_the_same_id_keeps_its_own_words() -> None:
    diagnosis = with_shipped_texts(fixtures.proven())
    finding = replace(diagnosis.findings[0], title="Something else of ours")
    page = render(replace(diagnosis, findings=(finding,)), "html", CHINESE).decode()
    assert "Something else of ours" in page


@pytest.mark.parametrize(
    ("wanted", "environment", "language"),
    [
        (None, {}, "en"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh-Hans"),
        (None, {"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        (None, {"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "de_DE.UTF-8"}, "en"),
        (None, {"LANG": "C", "LC_MESSAGES": "zh_TW"}, "zh-Hans"),
        (None, {"LC_ALL": "", "LANG": "zh"}, "zh-Hans"),
        ("en", {"LANG": "zh_CN.UTF-8"}, "en"),
        ("zh", {"LANG": "C"}, "zh-Hans"),
    ],
)
def test_the_language_comes_from_the_option_else_from_the_locale(
    wanted: str | None, environment: dict[str, str], language: str
) -> None:
    assert words_for(wanted, environment).language == language


def test_the_option_offers_what_there_is() -> None:
    assert tuple(catalogues.LANGUAGES) == LANGUAGES
    assert catalogues.LANGUAGES["en"] is ENGLISH
