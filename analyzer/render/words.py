"""How the report speaks: every sentence has a key, and a language is one catalogue of them.

A second language is a second catalogue beside english.py and an entry in LANGUAGES; nothing else knows a language.
Values from the target are put in with ``str.format``, whose fields are not read again: a name with braces stays a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.render.chinese import CHINESE_TEXTS
from analyzer.render.chinese_judged import CHINESE_JUDGED
from analyzer.render.chinese_many import CHINESE_MANY
from analyzer.render.chinese_overview import CHINESE_OVERVIEW
from analyzer.render.chinese_proof import CHINESE_PROOF
from analyzer.render.chinese_questions import CHINESE_QUESTIONS
from analyzer.render.chinese_said import CHINESE_SAID
from analyzer.render.chinese_seen import CHINESE_SEEN
from analyzer.render.chinese_series import CHINESE_SERIES
from analyzer.render.english import ENGLISH_TEXTS
from analyzer.render.safe import visible
from analyzer.render.said import Said, filled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.model import Process


PROCESS_LIMIT = 48
"""Characters of a process name; the kernel keeps 15, a pasted trace may claim any number."""


class Words:
    """One language: ``words("key", name=value)`` is a sentence."""

    def __init__(
        self,
        language: str,
        texts: Mapping[str, str],
        catalogue: str = "en",
        questions: Mapping[str, str] | None = None,
        forms: Mapping[str, str] | None = None,
    ) -> None:
        self.language = language
        """BCP 47 tag, for ``<html lang>``."""
        self.catalogue = catalogue
        """What the language is called on the command line and in ``signatures/``."""
        self.texts = texts
        self.questions = questions or {}
        """The questions of the facts, by the fact's name; empty for English, which the facts speak themselves."""
        self._said = Said(forms or {})
        """What capture, diagnosis and scan say, as regular expressions, and how this language says it; likewise."""

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence of this key; KeyError for a key that the catalogue does not have."""
        text = self.texts[key]
        return filled(text, values) if self.catalogue == "zh" else text.format(**values)

    def count(self, key: str, number: int, **values: object) -> str:
        """The sentence for a number: ``key.one`` or ``key.many``; the number is ``{n}``, with its thousands apart."""
        form = "one" if number == 1 and f"{key}.one" in self.texts else "many"
        return self(f"{key}.{form}", n=f"{number:,}".replace(",", "\u202f"), **values)

    def choice(self, key: str, value: object) -> str:
        """The words for one of a few values, ``key.value``; an unknown value speaks for itself."""
        return self.texts.get(f"{key}.{value}", str(value))

    def said(self, text: str) -> str:
        """A sentence of capture, diagnosis or scan in this language; one of no known form stays as it is."""
        return self._said(text)

    def knowing(self, known: Mapping[str, str]) -> Words:
        """The same language, which also knows these whole texts: those of the signatures that a result speaks of."""
        words = Words(self.language, self.texts, self.catalogue, self.questions)
        words._said = self._said.knowing(known)
        return words

    def process(self, process: Process | None, pid: int) -> str:
        """A process in a sentence: ``podman (2560)``. A pasted trace may have no pid."""
        name = visible(process.name, PROCESS_LIMIT) if process and process.name else ""
        if pid <= 0:
            return name or self("process.nameless")
        return f"{name} ({pid})" if name else self("process.numbered", pid=pid)


ENGLISH = Words("en", ENGLISH_TEXTS)
_CHINESE = {**CHINESE_OVERVIEW, **CHINESE_SERIES, **CHINESE_PROOF, **CHINESE_TEXTS}
# The first form that fits counts: whole sentences before what may be a part of them.
_SAID = {**CHINESE_JUDGED, **CHINESE_SEEN, **CHINESE_MANY, **CHINESE_SAID}
CHINESE = Words("zh-Hans", _CHINESE, "zh", CHINESE_QUESTIONS, _SAID)
LANGUAGES = {words.catalogue: words for words in (ENGLISH, CHINESE)}
"""By the name that ``--lang`` takes."""


def words_for(wanted: str | None, environment: Mapping[str, str]) -> Words:
    """The language asked for, else the locale's (the first of LC_ALL, LC_MESSAGES and LANG that is set), else English."""
    if wanted is not None:
        return LANGUAGES[wanted]
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), "")
    return LANGUAGES.get(locale.replace("-", "_").partition("_")[0].lower(), ENGLISH)
