"""Lines that begin with ``#N``: gdb, pstack, eu-stack, coredumpctl, sanitizers, crash. All of them end up as one ``Frame``.

Nearly every line of nearly every trace is one that ``FAST`` reads; equal frames are read once and shared, since they are
frozen. All the rest goes through ``read_frame``, which knows the exceptions.
"""

from __future__ import annotations

import re

from analyzer.capture.trace.calls import BUILD_ID, NAMELESS, Call, in_module, parse_call
from analyzer.capture.trace.waiting import INNERMOST, is_wait
from analyzer.lean_dataclass import dataclass
from analyzer.model import Frame

SIGNAL = "<signal handler called>"
_TRAMPOLINES = frozenset({
    SIGNAL, "__restore_rt", "__restore", "__kernel_rt_sigreturn", "__kernel_sigreturn", "__default_rt_sa_restorer",
    "__default_sa_restorer", "__kernel_sigtramp_rt64", "__kernel_sigtramp_rt32", "__kernel_start_sigtramp_rt64",
    "__vdso_rt_sigreturn",
})  # fmt: skip
"""What the kernel's signal frame is called: by gdb, and by tools that only look symbols up."""

KERNEL = "[kernel]"
"""Module of frames in the kernel."""

FAST = re.compile(
    r"#([0-9]{1,7}) +(?:(0)x[0-9a-f]+ in )?([!-%'+-;=?-Z_a-~]+) \((?![^\s=]*\+0x).*(?<! \(deleted)\)"
    r"(?: at ([!-%'+-;=?-Z_a-~]+):([0-9]{1,9})| from ([!-%'+-;=?-Z_a-~]+))?\s*$"
)
"""(level, "0" where an address is printed, function, file, line, module) of a whole gdb line.

The sets are printable ASCII without blanks, brackets and what only cleaning explains (``& * [ \\ ^ <``, the backtick): spelt as
ranges, because ``\\w`` costs a look-up a character. Nothing in it repeats over anything that repeats.
"""
FAST_LIMIT = 4096
"""Longer lines take the careful way, which is linear by construction."""

_HEAD = re.compile(r"#\s?(\d{1,7}):?(?:\s+|$)")
_ADDRESS = re.compile(r"0x([0-9a-fA-F]{1,16})(?:\s+\[[\w ]{1,30}\])?(?:(\s+in)(?:\s+|$)|\s+|$)")
_ACTIVATION = re.compile(r"- 1\s+(?=\S)")
_KERNEL_CRASH = re.compile(r"\[([0-9a-f]{8,16})\] (\S{1,400}) at ([0-9a-f]{8,16})")
_ANDROID = re.compile(r"pc ([0-9a-f]{6,16})\s+(\S+)(?: \((.*?)(?:\+\d+)?\))?")
_CACHE_LIMIT = 2_000

Known = tuple[int, Frame, bool, bool]
"""(level, frame, whether it may print what is waited for, whether it has neither an address nor a place)."""
KNOWN: dict[tuple[str | None, ...], Known] = {}
"""What was read before, by what ``FAST`` captured."""


def known(groups: tuple[str | None, ...]) -> Known:
    """The frame for what ``FAST`` captured; equal ones are the same object."""
    return KNOWN.get(groups) or learn(groups)


def learn(groups: tuple[str | None, ...]) -> Known:
    """`known` for what was not read before."""
    level, address, function, file, line, module = groups
    number = int(level or 0)
    name = None if function in NAMELESS else function
    frame = Frame(number, name, module, None, file, int(line) if line else None, signal=name in _TRAMPOLINES)
    if len(KNOWN) >= _CACHE_LIMIT:  # a stream of traces must not make memory grow
        KNOWN.clear()
    answer = KNOWN[groups] = (
        number,
        frame,
        number < INNERMOST and is_wait(name),
        address is None and file is None and module is None,
    )
    return answer


@dataclass(frozen=True, slots=True)
class Line:
    """A line that begins with ``#N``, read."""

    frame: Frame
    form: str
    arguments: str | None = None
    weak: bool = False
    """Neither an address nor a place vouches for its being a frame."""
    closed: bool = True
    """False: the text ends in the middle."""


def make(level: int, call: Call) -> Frame:
    """The frame at ``level`` that a call describes."""
    signal = call.function in _TRAMPOLINES
    return Frame(level, call.function, call.module, call.offset, call.file, call.line, signal=signal)


def starts_frame(line: str) -> bool:
    """Whether the line begins with a frame's number."""
    return line[:1] == "#" and line[1:3].strip()[:1].isdecimal() and _HEAD.match(line) is not None


def read_frame(line: str) -> Line | None:
    """A whole ``#N`` line (wrapped lines already joined); None where it is no frame."""
    head = _HEAD.match(line)
    if head is None:
        return None
    level, rest = int(head[1]), line[head.end() :].strip()
    if rest.startswith(SIGNAL):
        return Line(Frame(level, SIGNAL, signal=True), "gdb")
    if rest.startswith("<function called from gdb>"):
        return Line(Frame(level, "<function called from gdb>"), "gdb")
    address = _ADDRESS.match(rest)
    if address is None:
        return _without_address(level, rest)
    after = rest[address.end() :]
    if address[2]:
        if not after:
            return Line(Frame(level, None), "gdb", closed=False)
        return _gdb(level, after, weak=False)
    if not after:
        return Line(Frame(level, None), "eu-stack", closed=False)
    if after[0] == "(" and "+0x" in after:  # a sanitizer's frame without a name
        call = parse_call(f"?? {after}")
        return Line(make(level, call), "sanitizer")
    return _by_tool(level, after)


def _gdb(level: int, text: str, *, weak: bool) -> Line:
    if text.startswith(SIGNAL):
        return Line(Frame(level, SIGNAL, signal=True), "gdb")
    call = parse_call(text)
    return Line(make(level, call), "gdb", call.arguments, weak and not (call.file or call.module), call.closed)


def _without_address(level: int, rest: str) -> Line | None:
    if not rest:
        return None
    if rest[0] == "[":
        crash = _KERNEL_CRASH.match(rest)
        return Line(Frame(level, crash[2], KERNEL), "crash") if crash is not None else None
    if rest.startswith("pc "):
        android = _ANDROID.match(rest)
        if android is not None:
            return Line(Frame(level, android[3] or None, android[2], f"0x{android[1].lstrip('0') or '0'}"), "debuggerd")
    if rest.startswith("0x"):
        return None
    line = _gdb(level, rest, weak=True)
    if line.arguments is None and not (line.frame.file or line.frame.module):
        return None if " " in rest or not line.frame.function else line
    return line


def _by_tool(level: int, text: str) -> Line | None:
    """After an address without «in»: eu-stack and coredumpctl."""
    activation = _ACTIVATION.match(text)
    if activation is not None:
        text = text[activation.end() :]
    text = BUILD_ID.sub("", text)
    if text.endswith(")"):
        at = text.rfind(" (", 0, text.rfind(" (deleted)") if " (deleted)" in text else None)
        inside = text[at + 2 : -1]
        place = in_module(inside)
        if at > 0 and (place or inside.endswith(".so") or ".so." in inside):
            module, offset = place or (inside, None)
            return Line(make(level, Call(_name(text[:at]), module=module, offset=offset)), "coredumpctl")
    name, separator, module = text.rpartition(" - ")
    if separator and (module.startswith(("/", "[")) or ".so" in module):
        return Line(make(level, Call(_name(name), module=module)), "eu-stack")
    if " (" in text and not text.endswith(")"):
        return Line(make(level, Call(_name(text.partition(" (")[0]))), "coredumpctl", closed=False)
    if text.startswith(("in ", "at ")):
        return None
    return Line(make(level, Call(_name(text))), "eu-stack")


def _name(text: str) -> str | None:
    text = text.strip()
    return None if text in {"n/a", "??", "???", "", "-"} else text


def is_prose(line: str) -> bool:
    """``#12 is fixed now`` and the like: a number, and then words."""
    return "(" not in line and "0x" not in line and "<" not in line and " at " not in line and len(line.split(None, 4)) > 3


def vouched(line: Line) -> bool:
    """A name that only programs have, or brackets that hold what a debugger prints there."""
    name, arguments = line.frame.function or "", line.arguments
    return (arguments is not None and (not arguments or "=" in arguments or arguments == "...")) or "_" in name or "::" in name


def has_arguments(text: str) -> bool:
    """Whether the brackets hold what a debugger prints there: nothing, values, or dots."""
    begin = text.find("(")
    return begin >= 0 and (text[begin + 1 : begin + 2] == ")" or "=" in text[begin:] or "(...)" in text)
