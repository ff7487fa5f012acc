"""The command above a trace: it names the tool, and the process that what follows is about."""

from __future__ import annotations

import re

from analyzer.capture.trace.forms import Handler
from analyzer.capture.trace.reading import Reading

_LIMIT = 300
_COMMAND = re.compile(
    r"\b(?:(?P<stack>[pg]stack)\s{1,4}(?:-\w+\s{1,4}){0,3}(?P<a>\d{1,9})"
    r"|(?P<eu>eu-stack)\s.{0,80}?-p\s{0,4}(?P<b>\d{1,9})"
    r"|strace\s(?:.{0,120}?\s)?-\w{0,6}p\s{0,4}(?P<c>\d{1,9})"
    r"|gdb\s(?:.{0,200}?\s)?(?:-p|-?-pid)[ =]{0,4}(?P<d>\d{1,9})"
    r"|gdb\s{1,4}[\w./+-]{1,200}\s{1,4}(?P<e>\d{2,9})$)"
)


def command(reading: Reading, line: str) -> bool:
    """``$ pstack 1234``, ``gdb -batch -ex bt -p 1234``, ``# strace -f -p 1234``; also in the middle of a sentence."""
    if not ("stack" in line or "gdb" in line or "strace" in line) or len(line) > _LIMIT:
        return False
    match = _COMMAND.search(line)
    if match is None:
        return False
    pid = next(int(text) for text in (match[name] for name in "abcde") if text)
    reading.process(pid, fresh=reading.trace.has_frames and reading.trace.pid != pid)
    reading.stack = None
    reading.hint = "pstack" if match["stack"] else match["eu"]
    return True


HANDLERS: dict[str, Handler] = {"_": command}
