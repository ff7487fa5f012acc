"""Lines that a terminal, a mail program or the debugger itself broke: is the next one the rest of this one, and how do they join?

Nothing is remembered about columns: that the first part is unfinished, and that the second cannot stand alone, decides.
"""

from __future__ import annotations

import re

TEXT_LIMIT = 1 << 16
"""A frame that has not ended by then never will."""

_STARTS = re.compile(
    r"#\s?\d|Thread \d|\[(?:Switching|Current|New|Inferior|Thread|<)|\(gdb\)|\(dlv\)|No (?:locals|symbol table)"
    r"|Backtrace stopped|-{2,3}Type|PID |TID |warning:|Warning:|```|~~~|\(More stack|goroutine \d|Stack trace of|[\[(<]?\.\.\."
    r"|Core was|PC not saved"
    r"|\d{1,6}\t"
)
_TAIL = re.compile(r"\)(?: at [^()\s]+:\d+| from \S+)$|<signal handler called>$|#L\d+$")
_FROM_OR_AT = re.compile(r"(?:from|at) \S+(?: from \S+)?$|(?:from|at)$")
_BROKEN_WORD = re.compile(r"\) (?:a|f|fr|fro)$")
_BROKEN_ADDRESS = re.compile(r"^#\d+\s+0x[0-9a-f]{0,15}$")
_REST_OF_ADDRESS = re.compile(r"[0-9a-f]{1,16} in ")
_LIBRARY = re.compile(r"\.so(?:\.\d+){0,5}$")
_REST_OF_VERSION = re.compile(r"(?:\.\d{1,4}){1,4}$")
_REST_OF_NAME = re.compile(r"(?:(?:const|volatile|noexcept|&&?)\b.{0,40})?\((?:\)|\w{1,60}=|\.\.\.\)|this\b)")
_REST_OF_PATH = re.compile(r"[\w.+/-]{1,300}")
_REST_OF_LINE = re.compile(r"\d{1,5}$")


def joined(head: str, line: str, width: int = 0) -> str | None:
    """``head`` (a frame's text so far) with ``line`` (no leading blanks) as its continuation; None where it is none.

    ``width``: of the physical line that ended the head, with what stood in front of it.
    """
    width = max(width, len(head))
    if len(head) + len(line) > TEXT_LIMIT or _STARTS.match(line):
        return None
    end = head[-700:]
    if _BROKEN_WORD.search(end) or (_BROKEN_ADDRESS.search(end) and _REST_OF_ADDRESS.match(line)):
        return head + line
    if end.endswith((" at", " from", " in", ",", " (", " -", "<signal", "<signal handler")) or _only_address(head):
        return f"{head} {line}"
    if " - /" in end:  # eu-stack's library; a source's place, which has a colon, is a line of its own
        return head + line if _REST_OF_PATH.fullmatch(line) is not None and _LIBRARY.search(end) is None else None
    if line.startswith(("from ", "at ")) and _FROM_OR_AT.match(line):
        return f"{head} {line}" if not _has_tail(end) else None
    if end.endswith("operator()") and line[0] == "(":
        return head + line
    if end.endswith(")"):
        if line[0] == "," or _REST_OF_NAME.match(line):
            return f"{head} {line}"
        return head + line if line[0] == ")" else None
    if _TAIL.search(end):
        return head + line if width >= 60 and _is_rest(end, line) else None
    if ") at " in end or ") from " in end or " at /" in end or " at ../" in end:  # broken within a path
        return head + line if " " not in line else None
    if " (" in head:
        return _glue(head, line)
    if line[0] == "(" and end.endswith("operator"):
        return head + line
    if line[0] == "(" or line.startswith(("at ", "from ", "in ")):
        return f"{head} {line}"
    if width >= 60 and (" (" in line or line.endswith(")")):  # broken within a name
        return head + line
    return None


def joined_heading(head: str, line: str) -> str | None:
    """The same for a thread's heading, whose brackets tell whether it is whole."""
    if len(head) > 300 or len(line) > 200 or _STARTS.match(line):
        return None
    blank = head.endswith(("LWP", "Thread", "process", "(Thread")) or line[0] in '"('
    return f"{head} {line}" if blank else head + line


def _only_address(head: str) -> bool:
    """``#3`` or ``#3  0x00007f12``: the rest must follow."""
    return len(head) < 40 and all(word.startswith(("#", "0x")) for word in head.split())


def _has_tail(end: str) -> bool:
    return _TAIL.search(end) is not None or ") at " in end or ") from " in end


def _is_rest(end: str, line: str) -> bool:
    """The frame looks whole, but the library's name or the line's number goes on in the next line."""
    if ") from " in end:
        if _LIBRARY.search(end) is not None:
            return _REST_OF_VERSION.match(line) is not None
        return " " not in line and _LIBRARY.search(end + line[:300]) is not None
    return _REST_OF_LINE.match(line) is not None


def _glue(head: str, line: str) -> str:
    """Within arguments: after a comma a blank was lost, in the middle of a word none was."""
    if head.endswith("operator"):
        return head + line
    return f"{head} {line}" if head.endswith((",", "const", "unsigned", "*", "&")) or line[0] in "({<" else head + line


def is_soft_break(line: str) -> bool:
    """Whether a line ends with quoted-printable's soft line break."""
    return line.endswith("=") and 40 <= len(line) <= 77 and not line.endswith("==")
