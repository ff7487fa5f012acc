"""Lines that a terminal, a mail program or the debugger itself broke: is the next one the rest of this one, and how do they join?

Nothing is remembered about columns: that the first part is unfinished, and that the second cannot stand alone, decides.
"""

from __future__ import annotations

import re

LINES_LIMIT = 60
TEXT_LIMIT = 1 << 16
"""A frame that has not ended by then never will."""

_STARTS = re.compile(
    r"#\s?\d|Thread \d|\[(?:Switching|Current|New|Inferior|Thread|<)|\(gdb\)|\(dlv\)|No (?:locals|symbol table)|Backtrace stopped"
    r"|-{2,3}Type|PID |TID |warning:|Warning:|```|~~~|\(More stack|goroutine \d|Stack trace of|[\[(<]?\.\.\.|Core was|PC not saved"
    r"|\d{1,6}\t"
)
_TAIL = re.compile(r"\)(?: at [^()\s]+:\d+| from \S+)$|<signal handler called>$|#L\d+$")
_FROM_OR_AT = re.compile(r"(?:from|at) \S+(?: from \S+)?$|(?:from|at)$")
_REST_OF_FILE = re.compile(r"[\w./+~-]{0,200}\.so(?:\.\d+){0,4}$|[\w./+~-]{0,300}:\d{1,6}$|\d{1,5}$")
_WORD = re.compile(r"\S+$")


def starts(line: str) -> bool:
    """Whether a line (no leading blanks) begins something by itself."""
    return _STARTS.match(line) is not None


def joined(head: str, line: str) -> str | None:
    """``head`` (a frame's text so far) with ``line`` (no leading blanks) as its continuation; None where it is none."""
    if len(head) + len(line) > TEXT_LIMIT or _STARTS.match(line):
        return None
    end = head[-700:]
    if end.endswith((" at", " from", " in", ",", " (")) or _only_address(head):
        return f"{head} {line}"
    if line.startswith(("from ", "at ")) and _FROM_OR_AT.match(line):
        return f"{head} {line}" if not _has_tail(end) else None
    if end.endswith(")"):
        return f"{head} {line}" if line[0] == "," else head + line if line[0] == ")" else None
    if _TAIL.search(end) or end.endswith(">"):
        return head + line if len(head) >= 60 and _REST_OF_FILE.match(line) and not _whole_file(end) else None
    if ") at " in end or ") from " in end or " at /" in end or " at ../" in end:  # broken within a path
        return head + line if " " not in line else None
    if " (" in head:
        return _glue(head, line)
    if line[0] == "(" or line.startswith(("at ", "from ", "in ")):
        return f"{head} {line}"
    if len(head) >= 60 and (" (" in line or line.endswith(")")):  # broken within a name
        return head + line
    return None


def _only_address(head: str) -> bool:
    """``#3`` or ``#3  0x00007f12``: the rest must follow."""
    return len(head) < 40 and all(word.startswith(("#", "0x")) for word in head.split())


def _has_tail(end: str) -> bool:
    return _TAIL.search(end) is not None or ") at " in end or ") from " in end


def _whole_file(end: str) -> bool:
    """The line number or the library's name seems complete, and nothing suggests otherwise."""
    return False


def _glue(head: str, line: str) -> str:
    """Within arguments: after a comma a blank was lost, in the middle of a word none was."""
    return f"{head} {line}" if head.endswith((",", "=", "const", "unsigned", "*", "&")) or line[0] in "({<" else head + line


def is_soft_break(line: str) -> bool:
    """Whether a line ends with quoted-printable's soft line break."""
    return line.endswith("=") and 40 <= len(line) <= 77 and not line.endswith("==")
