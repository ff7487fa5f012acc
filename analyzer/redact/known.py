"""The private values that are known: which of them stand in this diagnosis, and which are too ordinary to be replaced."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyzer.model import Diagnosis, Private
    from analyzer.redact.texts import Key

COMM = 15
"""Bytes of a thread's name that the kernel keeps."""
PREFIX = 8
"""Characters of a value that must be seen at the end of a cut name: fewer would be chance."""
_HOMES = re.compile(r"/(?:home|Users|export/home|var/home)/([A-Za-z0-9][^\s/:\"'<>\x00]{1,63})")

# Names of hosts and users that tell nobody apart.
_COMMON_NAMES = """
localhost localhost.localdomain root nobody daemon bin sys debian ubuntu fedora centos alpine arch linux host user users container
buildkitsandbox podman docker gdb python python3 java node bash sh true false yes no none null auto default
"""
# Words of our own sentences that are somebody's user name or host name as well: replaced beside a path sign, not between blanks.
_ORDINARY_WORDS = """
a all an and any are as at be by can child clone core do dies end ends fork from go goes grant had has held hold holds hope if in
is it its kernel kill lead leads lives lock locks main mark may memory min max more new no not of on once one only or other out
page parent pat pid process read reads rob rose run runs say says see set sets state stops sue test that the thread threads time
to up waits was who will with word work worker yes young
"""
_GIVEN = {"argument", "environment"}
_COMMON = frozenset(_COMMON_NAMES.split())
WORDS = frozenset(_ORDINARY_WORDS.split())
# Everybody's places.
_TOO_WIDE = frozenset(f"/var/{name}" for name in ("tmp", "lib", "run", "log", "cache", "opt"))


class KnownValues:
    """The values worth looking for, longest first."""

    def __init__(
        self, private: Private, diagnoses: Sequence[Diagnosis], keys: Iterable[Key], programs: Iterable[str] = ()
    ) -> None:
        texts = [key.text for key in keys if key.treatment != "code"]
        blob = "\0".join(texts)
        public = _public_names(diagnoses) | set(programs)
        kinds = dict.fromkeys(_HOMES.findall(blob), "user")
        calls = _library_calls(diagnoses)
        kinds |= {
            one.text: one.kind
            for one in reversed(private.values)
            if _telling(one.kind, one.text) and not (one.kind in _GIVEN and one.text in calls)
        }
        kinds = {text: kind for text, kind in kinds.items() if text not in public}
        self.kinds = {text: kinds[text] for text in sorted(kinds, key=len, reverse=True) if text in blob}
        """Value -> its kind; only those that stand somewhere in the diagnosis."""
        self.cut = _beginnings(kinds) if any(_is_cut(key) for key in keys) else {}
        """Beginning of a value -> the value, for names that the kernel cut."""
        self._every = kinds

    def patterns(self) -> list[str]:
        """One alternative for each value, which must not stand inside a longer word."""
        return [_whole(text, self.kinds[text]) for text in self.kinds]

    def cut_at_the_end(self, name: str) -> tuple[int, str] | None:
        """Where in a cut name the beginning of a value stands, and the value."""
        if len(name.encode(errors="surrogateescape")) < COMM:
            return None
        for start in range(len(name) - PREFIX + 1):
            value = self.cut.get(name[start:])
            if value is not None:
                return start, value
        return None

    def kind_of(self, value: str) -> str:
        """The kind of a value out of ``cut``."""
        return self._every[value]


def _is_cut(key: Key) -> bool:
    return key.treatment == "name" and len(key.text.encode(errors="surrogateescape")) >= COMM


def _beginnings(kinds: dict[str, str]) -> dict[str, str]:
    return {text[:length]: text for text in kinds for length in range(PREFIX, min(len(text), COMM) + 1)}


def _public_names(diagnoses: Sequence[Diagnosis]) -> set[str]:
    """Programs and libraries have public names: a host that is called like one gives nothing away."""
    names = set(_COMMON)
    for process in (one for diagnosis in diagnoses for one in diagnosis.snapshot.processes):
        for path in (process.executable, *(module.path for module in process.modules)):
            if path:
                base = path.rpartition("/")[2]
                names |= {path, base, base[:COMM], base.partition(".")[0]}
    return names


def _library_calls(diagnoses: Sequence[Diagnosis]) -> set[str]:
    """Functions of the system's libraries that are on a stack: an argument «malloc» must not take the name of malloc.c."""
    every = (
        frame
        for diagnosis in diagnoses
        for process in diagnosis.snapshot.processes
        for thread in process.threads
        for frame in thread.frames
    )
    return {
        re.sub(r"^_*(?:GI_+)?(?:libc_)?", "", frame.function)
        for frame in every
        if frame.function and re.match(r"/(?:usr/)?lib", frame.module or "")
    }


def _telling(kind: str, text: str) -> bool:
    """Whether a value is long and particular enough: «1», «-», «/tmp» or «/usr/bin/env» stand everywhere."""
    if not text or "\0" in text:
        return False
    if kind in {"user", "host"}:
        return len(text) > 1 and not text.isdigit()
    if kind in _GIVEN:
        if text.startswith("/"):
            outside = not re.match(r"/(?:usr(?!/local/.)|lib\w*|s?bin|proc|sys|dev(?!/shm/.)|home|root)(?:/|$)", text)
            return outside and len([part for part in text.split("/") if part]) > 1 and text not in _TOO_WIDE
        return len(text) >= 6 and not text.isdigit() and not re.fullmatch(r"[a-z]{2}_[A-Z]{2}[.\w-]*", text)
    return len(text) > 3


def _whole(text: str, kind: str) -> str:
    before = "(?<![A-Za-z0-9])" if text[0].isalnum() else ""
    after = "(?![A-Za-z0-9])" if text[-1].isalnum() else ""
    if kind in {"user", "host"} and text.lower() in WORDS:
        # Beside a sign that names have and sentences have not.
        return rf"(?:(?<=[/@=~«\"']){re.escape(text)}{after}|{before}{re.escape(text)}(?=[/@»\"':-]))"
    return before + re.escape(text) + after
