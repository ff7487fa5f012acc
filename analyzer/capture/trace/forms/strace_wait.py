"""The wait in a system call as strace prints it, in the words of a live capture."""

from __future__ import annotations

import re

from analyzer.capture.waits import describe
from analyzer.lean_dataclass import replace
from analyzer.model import Syscall, ThreadRef, Wait

_FUTEX = {"FUTEX_WAIT": 0, "FUTEX_LOCK_PI": 6, "FUTEX_WAIT_BITSET": 9, "FUTEX_WAIT_REQUEUE_PI": 11, "FUTEX_LOCK_PI2": 13}
"""The operations that wait."""
_NUMBER = re.compile(r"-?(?:0x[0-9a-fA-F]{1,16}|\d{1,19})\b")
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}(),]')
_LIMIT = 4000


def arguments(text: str) -> list[str]:
    """The arguments of ``name(a, {b, c}, [d]`` split at the commas that separate them; the end may be missing."""
    text = text[:_LIMIT]
    begin = text.find("(") + 1
    depth, parts, start = 0, [], begin
    for match in _BRACKET.finditer(text, begin):
        mark = match[0]
        if mark in "[{(":
            depth += 1
        elif mark in "]})":
            depth -= 1
            if depth < 0:
                parts.append(text[start : match.start()].strip())
                return parts
        elif mark == "," and not depth:
            parts.append(text[start : match.start()].strip())
            start = match.end()
    parts.append(text[start:].partition(" <unfinished")[0].rstrip("^C ").strip())
    return parts


def _value(text: str, position: int, name: str) -> int:
    """What the register held, as far as the wait depends on it: pointers that are not NULL count as 1."""
    if not text or text == "NULL":
        return 0
    if name == "futex" and position == 1:
        flags = 0x80 if "_PRIVATE" in text else 0
        flags |= 0x100 if "CLOCK_REALTIME" in text else 0
        word = text.partition("|")[0].removesuffix("_PRIVATE")
        return flags | _FUTEX.get(word, 0x7F)
    match = _NUMBER.match(text)
    if match is None:
        return 1
    return int(match[0], 16 if "0x" in match[0] else 10) & 0xFFFFFFFFFFFFFFFF


def wait_of(call: str) -> Wait | None:
    """What a task in this call waits for; None for calls that do not wait (a futex wake, mmap)."""
    name = call.partition("(")[0]
    if name == "restart_syscall":
        return Wait("syscall", "a call that was restarted; strace does not say which", timed=None)
    if name in _NEVER_WAIT:
        return None
    values = [_value(text, position, name) for position, text in enumerate(arguments(call)[:6])]
    values += [0] * (6 - len(values))
    if call.rstrip() == "futex(":  # the end of a call whose beginning is not in the text
        return Wait("futex", "a futex; its address is not in the text", timed=None)
    if name == "futex" and (values[1] & 0x7F not in {0, 6, 9, 11, 13} or not values[0]):
        return None
    wait = describe(Syscall(-1, name, tuple(f"{value:#x}" for value in values)), None)
    if wait is not None and name == "wait4" and 0 < values[0] < 1 << 30:
        return replace(wait, peers=(ThreadRef(values[0]),))
    return wait


_NEVER_WAIT = frozenset({
    "mmap", "munmap", "mprotect", "brk", "rt_sigprocmask", "rt_sigaction", "close", "getpid", "gettid", "exit", "exit_group",
    "madvise", "sched_yield", "set_robust_list", "clone", "clone3", "fork", "execve", "fstat", "newfstatat", "lseek", "dup",
})  # fmt: skip
"""Calls that return at once, or whose being last in a text tells nothing about a wait."""
