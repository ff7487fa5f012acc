"""Traces of other worlds: known by name, and refused by name rather than read wrongly."""

from __future__ import annotations

import re

_MACOS = "macOS has other locks and another fork; what is known about glibc and musl says nothing about it"
_WINDOWS = "Windows has no fork, and none of the locks that are looked for here"
_JAVA = "it shows Java methods only; the native frames below them decide (jstack -m, pstack or gdb print them)"
_PYTHON = "it shows Python functions only; the native frames below them decide (gdb or pstack print them)"
_SOLARIS = "Solaris has other locks and another fork"

LLDB_OF_MACOS = "an lldb backtrace of macOS"
"""Told from Linux's by ``forms.lldb``."""

WHY = {
    "a macOS sample or crash report": _MACOS,
    LLDB_OF_MACOS: _MACOS,
    "a WinDbg stack": _WINDOWS,
    "a Java thread dump": _JAVA,
    "a Python traceback": _PYTHON,
    "a Solaris pstack": _SOLARIS,
}
"""Every form that is declined -> why."""

_SIGNS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    # (form, a text that the line must hold, the pattern from the line's beginning)
    ("a macOS sample or crash report", "Thread_", re.compile(r"[+!:| ]*\d+ +Thread_\w+")),
    ("a macOS sample or crash report", "Dispatch queue:", re.compile(r"Thread \d+.{0,80}Dispatch queue:")),
    ("a macOS sample or crash report", " 0x", re.compile(r"\d{1,4} +[\w.+-]{1,80}\s+0x[0-9a-f]{8,16} .{1,400} \+ \d+")),
    ("a macOS sample or crash report", "(in ", re.compile(r"[+!:| ]*\d+ .{1,400}\(in [^()]{1,80}\) \+ \d+")),
    ("a WinDbg stack", "RetAddr", re.compile(r"(?:# )?Child-?(?:SP|EBP)\s+RetAddr")),
    ("a WinDbg stack", "!", re.compile(r"[0-9a-f]{2} [0-9a-f`]{8,17} [0-9a-f`]{8,17} \w+!")),
    ("a Java thread dump", "java.lang.Thread.State:", re.compile(r"java\.lang\.Thread\.State:")),
    ("a Java thread dump", "prio=", re.compile(r'"[^"]{0,200}" .{0,80}\bprio=\d+')),
    ("a Python traceback", 'File "', re.compile(r'File "[^"]{1,400}", line \d+')),
    ("a Python traceback", "(most recent call", re.compile(r"(?:Traceback|.{0,80}Thread 0x[0-9a-f]+.{0,40}) \(most recent call")),
    ("a Solaris pstack", "lwp# ", re.compile(r"-+ +lwp# \d+")),
)


def foreign(line: str) -> str | None:
    """The name of the declined form that this line (without leading blanks) belongs to; None for all others."""
    for form, text, pattern in _SIGNS:
        if text in line and pattern.match(line):
            return form
    return None
