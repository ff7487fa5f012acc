"""From a line as a terminal, a mail or a web page left it to the plain text a debugger printed.

Only characters are treated here: colours, entities and tags, escapes, invisible characters, tabs. What stands in front of
the text (quoting, timestamps) is the business of ``peel.py``, line breaks in the wrong places that of ``wrap.py``.
Every pattern moves forward only, so a line costs time linear in its length.
"""

from __future__ import annotations

import json
import re

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])?")
_ORPHANED_COLOUR = re.compile(r"\[(?:\d{1,3}(?:;\d{1,3}){0,6}m|0?m(?![A-Za-z]))")
"""A colour whose escape character was lost on the way."""
_ENTITY = re.compile(r"&(?:(lt|gt|amp|quot|apos|nbsp|zwnj|zwsp|shy)|#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6}));")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'", "nbsp": " ", "zwnj": "", "zwsp": "", "shy": ""}
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/pre)\s{0,4}/?>", re.IGNORECASE)
_TAG = re.compile(
    r"</(?:a|b|i|p|u|tt|em|td|th|tr|li|ul|ol|div|pre|code|span|font|samp|kbd|strong|table|tbody|blockquote)\s{0,4}>"
    r"|<(?:a|b|i|p|u|tt|em|td|th|tr|li|ul|ol|div|pre|code|span|font|samp|kbd|strong|table|tbody|blockquote)"
    r"(?:\s[^<>]{0,400})?>",
    re.IGNORECASE,
)
_MARKDOWN_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_FEARED = re.compile(r"\\[_(#<.)\[-]")
_BOLD = re.compile(r"\*\*([\w.@$?:~]+)\*\*")
_QUOTED_PRINTABLE = re.compile(r"=(3D|3C|3E|22|09|26|2E|C2=A0)")
_LOST_NEWLINE = re.compile(r"(?<!\s)\s{1,200}(?=#\d{1,6}:?\s+(?:0x[0-9a-fA-F]{4,16}\s|<signal handler|[\w.@$:~]{1,200} \())")
_LITERAL_NEWLINE = re.compile(r"\\r?\\n|\\n")
_HOLDS_A_TRACE = re.compile(r"#0|\\n(?:Thread |goroutine |TID |\[<|\[pid |strace: | {0,4}(?:\* )?frame #)")
_JSON_LIMIT = 1 << 22
_INVISIBLE = {
    **dict.fromkeys((0xAD, 0x34F, 0x61C, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))),
    **dict.fromkeys((0xA0, 0x1680, 0x202F, 0x205F, 0x3000, *range(0x2000, 0x200B)), " "),
    **dict.fromkeys((0x2028, 0x2029, 0x85), "\n"),
    **dict.fromkeys((0x201C, 0x201D, 0x201E), '"'),
    **dict.fromkeys((0x2018, 0x2019, 0x201A), "'"),
    0x2026: "...",
    0x2014: "--",
    0x2013: "--",
    0x2011: "-",
}  # fmt: skip
"""Code points that nobody sees -> nothing; odd blanks -> a blank; what editors make of quotes, dots and dashes -> ASCII."""
_CONTROL = {**dict.fromkeys((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F)), 0x0D: None}


def _entity(match: re.Match[str]) -> str:
    name, decimal, hexadecimal = match.groups()
    if name:
        return _NAMED[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def _is_html(line: str) -> bool:
    """A closing tag, or an opening one that no C++ template looks like."""
    return "</" in line or "<br" in line or "<BR" in line or "<pre" in line or "<code>" in line or " class=" in line


def _unescaped(line: str) -> str:
    """A log's JSON and a converter's fear of Markdown undone. A debugger's own strings have other escapes."""
    if line[:1] in "~&^" or '~"' in line[:80] or '&"' in line[:80]:  # gdb's machine interface has its own way
        return line
    if line.startswith("{") and line.rstrip().endswith("}") and len(line) < _JSON_LIMIT:
        line = _told(line)
    if line.count("\\n") > 1 and line.lstrip()[:1] != "#" and _HOLDS_A_TRACE.search(line):
        line = _LITERAL_NEWLINE.sub("\n", line).replace("\\t", " ").replace('\\"', '"')
    if _FEARED.search(line):
        line = _MARKDOWN_ESCAPE.sub(r"\1", line)
    return line


def _told(line: str) -> str:
    """What a log's record says, where the line is one: the longest text in it that has an end of line."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return line
    texts = [value for value in record.values() if isinstance(value, str) and "\n" in value] if isinstance(record, dict) else []
    return max(texts, key=len).rstrip("\r\n") if texts else line


def plain(line: str) -> str:
    """The text of one line, without its line end. It may hold several lines (``\\n``) where their breaks were hidden."""
    if not line.isascii():
        line = line.translate(_INVISIBLE)
    if "\\" in line:
        line = _unescaped(line)
    if "^[[" in line:
        line = line.replace("^[[", "\x1b[")
    if "\x1b" in line:
        line = _ESCAPE.sub("", line)
    if "[m" in line or "[0m" in line:
        line = _ORPHANED_COLOUR.sub("", line)
    if "<" in line and _is_html(line):
        line = _TAG.sub("", _BREAK.sub("\n", line))
    if "&" in line and ";" in line:
        for _ in range(3):  # some trackers escape twice
            line, found = _ENTITY.subn(_entity, line)
            if not found or "&" not in line:
                break
        if not line.isascii():
            line = line.translate(_INVISIBLE)
    if "**" in line:
        line = _BOLD.sub(r"\1", line)
    if "=3D" in line:
        line = _QUOTED_PRINTABLE.sub(lambda match: bytes.fromhex(match[1][:2]).decode("latin-1").replace("\xc2", " "), line)
    if " #" in line and "frame #" not in line:
        whole, found = _LOST_NEWLINE.subn("\n", line)
        if found > 1 or (found and line.lstrip()[:1] == "#"):  # one frame after a prefix has its line to itself
            line = whole
    return line.expandtabs(8).translate(_CONTROL) if "\t" in line else line.translate(_CONTROL)


def dirty(line: str) -> bool:
    """Whether ``plain`` could change anything: cheaper than changing nothing."""
    return (
        not line.isascii() or "\x1b" in line or "&" in line or "\\" in line or "\t" in line or "**" in line
        or "=3D" in line or "[m" in line or "[0m" in line or " #" in line or "^[[" in line or ("<" in line and _is_html(line))
        or not line.isprintable()
    )  # fmt: skip
