"""Taking one call apart as debuggers print it: ``name (arguments) at file:line``, ``name () from module`` and relatives."""

from __future__ import annotations

import re

from analyzer.lean_dataclass import dataclass

NAMELESS = frozenset({"??", "???", "????", "????????", "n/a", "[unknown]", "<unknown>", "(unknown)", "()", ""})
"""What tools print instead of a name; ``()`` is left where a page took the question marks for something else."""

_SIMPLE = re.compile(r"([\w.@$:~/+-]{1,4000}|\?{2,8}) \(")
_MARK = re.compile(r"\boperator\s*(?:\(\)|<<=|>>=|<=>|->\*?|<<|>>|<=|>=|<|>)|\(anonymous [a-z]+\)| ?\(|[<>)]")
_LINE = re.compile(r"(.*?):(\d{1,9})(?::\d{1,9})?$", re.DOTALL)
_GITHUB_LINE = re.compile(r"(.*)#L(\d{1,9})$", re.DOTALL)
_MODULE = re.compile(r"(?:.*/)?[^/]*(?:\.so(?:\.[\w.]+)?|\.ko|\.dylib)(?: \(deleted\))?$")
_OFFSET = re.compile(r" {0,2}0x([0-9a-fA-F]{1,16})$")
_TAIL = re.compile(r"\)\s{1,60}(?=(?:at|from)(?:\s|$)|in section)")
"""Where the arguments end and the place begins; the last one counts, for strings among the arguments may look alike."""
BUILD_ID = re.compile(r" \(BuildId: [0-9a-f]+\)$")


@dataclass(frozen=True, slots=True)
class Call:
    """A call as printed."""

    function: str | None
    arguments: str | None = None
    """Text between the brackets; None where there were no brackets."""
    file: str | None = None
    line: int | None = None
    module: str | None = None
    offset: str | None = None
    closed: bool = True
    """Nothing is obviously missing at the end."""


def _arguments_begin(text: str) -> int:
    """Index of the bracket that opens the arguments, or -1: the first one after a blank and outside of <> and ()."""
    depth = angle = 0
    for match in _MARK.finditer(text):
        mark = match[0]
        if mark == " (" and not depth and angle <= 0 and match.start() > 0:
            return match.end() - 1
        if mark.endswith("(") and not mark.startswith("operator"):
            depth += 1
        elif mark == ")":
            depth = max(0, depth - 1)
        elif mark == "<" and not depth:
            angle += 1
        elif mark == ">" and not depth:
            angle -= 1
    return -1


def _place(text: str) -> tuple[str | None, int | None, bool]:
    """(file, line, whether a line was there) of ``file:line[:column]``."""
    match = _LINE.match(text) or _GITHUB_LINE.match(text)
    if match is None:
        return (text or None), None, False
    return match[1], int(match[2]), True


def in_module(text: str) -> tuple[str | None, str] | None:
    """(module, offset) of ``module+0x1234`` or ``module + 0x1234``; None for everything else."""
    module, plus, offset = text.rpartition("+")
    match = _OFFSET.match(offset) if plus else None
    return (module.rstrip() or None, f"0x{match[1].lower()}") if match is not None else None


def _with_tail(function: str | None, arguments: str | None, tail: str, closed: bool) -> Call:
    """A call whose ``tail`` is what follows the arguments."""
    tail = tail.strip()
    if tail.startswith("in ") and " of " in tail:  # «in section .text of /lib/x.so»
        return Call(function, arguments, module=tail.partition(" of ")[2] or None, closed=closed)
    if tail.startswith("from"):
        module = tail[4:].strip()
        return Call(function, arguments, module=module or None, closed=closed and bool(module))
    if tail.startswith("at"):
        place, _, module = tail[2:].strip().partition(" from ")
        if not module and _MODULE.match(place[-400:]):
            return Call(function, arguments, module=place, closed=closed)
        file, line, whole = _place(place)
        return Call(function, arguments, file, line, module or None, closed=closed and whole)
    if tail.startswith("(") and tail.endswith(")"):  # sanitizers: «name (module+0x1234)»
        inside = in_module(tail[1:-1])
        if inside is not None:
            return Call(function, arguments, module=inside[0], offset=inside[1], closed=closed)
    return Call(function, arguments, closed=closed)


def _named(name: str) -> str | None:
    name = name.strip()
    return None if name in NAMELESS else name


def parse_call(text: str) -> Call:
    """The parts of a call in gdb's manner, or a sanitizer's. Never fails: what cannot be told apart stays in the name."""
    text = BUILD_ID.sub("", text.strip()) if text.endswith(")") else text.strip()
    simple = _SIMPLE.match(text)
    begin = simple.end() - 1 if simple is not None else _arguments_begin(text)
    if begin < 0:
        return _without_arguments(text)
    name = _named(text[:begin])
    inside = text[begin + 1 :]
    if inside.endswith(")"):
        module = in_module(inside[:-1]) if "+" in inside and "=" not in inside else None
        if module is not None:
            return Call(name, None, module=module[0], offset=module[1])
        return _closed_by_bracket(name, inside)
    last = None
    for found in _TAIL.finditer(inside):
        last = found
    if last is not None:
        return _with_tail(name, inside[: last.start()], inside[last.end() :], closed=True)
    return Call(name, inside, closed=False)


def _closed_by_bracket(name: str | None, inside: str) -> Call:
    """``inside`` ends with the bracket that closes the arguments, unless «(deleted)» does."""
    at = inside.rfind(") from ") if inside.endswith(" (deleted)") else -1
    if at >= 0:
        return _with_tail(name, inside[:at], inside[at + 1 :], closed=True)
    return Call(name, inside[:-1])


def _without_arguments(text: str) -> Call:
    """``name``, ``name at file:line``, ``name from module``, ``name file:line:column``, ``name(arguments) at file:line``."""
    if text in {"at", "from"} or not text:
        return Call(None, closed=False)
    for separator in (" at", " from"):
        at = len(text) - len(separator) if text.endswith(separator) else text.rfind(separator + " ")
        if at > 0:
            return _with_tail(*_glued_arguments(text[:at]), text[at:], closed=True)
    head, blank, place = text.rpartition(" ")
    if blank and ":" in place:
        file, line, whole = _place(place)
        if whole and file:
            return Call(_named(head), None, file, line)
    return Call(*_glued_arguments(text))


def _glued_arguments(text: str) -> tuple[str | None, str | None]:
    """``name(a=1)`` as people type it: values are no part of a name, types are."""
    if text.endswith(")") and "=" in text and "operator" not in text:
        name, _, arguments = text.partition("(")
        return _named(name), arguments[:-1]
    return _named(text), None
