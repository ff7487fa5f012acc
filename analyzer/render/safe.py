"""Strings of strangers made harmless to look at: nothing may move the cursor, turn the reading direction or hide.

Process, thread, function and file names come from whoever wrote the hung program. Escaping for HTML or Markdown is the
business of those formats; what is done here holds for every one of them.
"""

from __future__ import annotations

import re

# Controls (ESC starts a terminal sequence), soft hyphen, direction marks and overrides, zero-width and blank-looking
# characters, line and paragraph separators, byte order mark, lone surrogates (bytes that were no UTF-8), noncharacters
# and tag characters.
_HIDDEN = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff"
)
_ANY_HIDDEN = re.compile(f"[{_HIDDEN}]")

NAME_LIMIT = 160
"""Characters of a name that a page shows; the saved data keeps all of them."""
TEXT_LIMIT = 2000
"""The same for values, commands and sentences."""


def visible(text: str, limit: int = TEXT_LIMIT) -> str:
    """``text`` on one line, every hidden character written out (``\\x1b``, ``\\u202e``), cut to ``limit`` characters.

    A byte that was no valid UTF-8 (Python's surrogate escape) reads as that byte, ``\\xff``.
    """
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text  # nearly always
    return _ANY_HIDDEN.sub(_written_out, clip(text, limit))


def visible_lines(text: str, lines: int = 20) -> str:
    """The last ``lines`` lines of a program's output, each made harmless and indented."""
    return "\n".join(f"  {visible(line, 400)}" for line in text.rstrip().splitlines()[-lines:])


def clip(text: str, limit: int) -> str:
    """The first ``limit`` characters, with a note of how many are left out when there are more."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… [{len(text) - limit} more characters]"


def is_web(url: str) -> bool:
    """Only plain web addresses become links: a catalogue may come from a stranger."""
    return len(url) <= TEXT_LIMIT and bool(re.fullmatch(r"https?://[\w.-]+(:\d+)?(/[\w./~%#?=&+:;,@-]*)?", url, re.ASCII))


def paragraphs(text: str, limit: int = 2 * TEXT_LIMIT) -> tuple[str, ...]:
    """Prose cut at blank lines and before lines with a label («In the code: ...»); other line ends are blanks."""
    parts = re.split(r"\n[ \t]*\n|\n(?=[A-Z][\w ]{1,24}: )", clip(text, limit))
    joined = (" ".join(part.split()) for part in parts)
    return tuple(visible(part, 2 * limit) for part in joined if part)


def first_sentence(paragraph: str, limit: int = 280) -> str:
    """For places where there is room for one sentence only."""
    end = re.search(r"[.!?](?=\s+[A-Z«\"'(])|。", paragraph)
    return clip(paragraph[: end.end()] if end else paragraph, limit)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code in (0x09, 0x0A, 0x0D):
        return {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}[code]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def sentences(*parts: str) -> str:
    """Sentences one after the other, empty ones left out; full-width punctuation brings its own space."""
    text = ""
    for part in parts:
        if part:
            text += part if not text or text[-1] in "\u3002\uff01\uff1f\uff1b\uff1a\uff0c" else f" {part}"
    return text
