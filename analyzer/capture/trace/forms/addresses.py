"""Lists of addresses with the symbols looked up: backtrace_symbols, perf, SystemTap, addr2line, jstack -m, the old pstack.

Their frames carry no numbers; a blank line ends a stack.
"""

from __future__ import annotations

import re

from analyzer.capture.trace.calls import Call, parse_call
from analyzer.capture.trace.forms import Handler
from analyzer.capture.trace.frames import KERNEL
from analyzer.capture.trace.reading import Reading

_SYMBOLS = re.compile(r"([^\s()\[\]]{1,1000})\(([^()]{0,2000}|.{0,2000}\))\) ?\[(0x[0-9a-f]{1,16})\]$")
_SYMBOL_OFFSET = re.compile(r"(.*?)\+0x([0-9a-f]{1,16})$", re.DOTALL)
_ONLY_MODULE = re.compile(r"(/[^\s()\[\]]{1,1000}) ?\[(0x[0-9a-f]{1,16})\]$")
_PERF_HEAD = re.compile(
    r"(\S(?:.{0,60}?\S)?)\s{1,8}(\d{1,9})(?:/(\d{1,9}))?\s{1,8}(?:\[\d{1,5}\]\s{1,4})?"
    r"\d{1,10}\.\d{3,9}:\s{1,12}(?:\d{1,12}\s)?\S{1,100}:"
)
_PERF_TIME = re.compile(r"\d\.\d{3,9}: ")
_PERF_FRAME = re.compile(r"([0-9a-f]{1,16}) (.{1,3000}) \(([^()]{0,500}|\[[^\]]{1,200}\]|[^()]{1,400} \(deleted\))\)$")
_PERF_TRACE = re.compile(r"\d{1,10}\.\d{3,9}\s{1,8}(?:\(.{1,20}\):\s)?(\S{1,64})\s(\d{1,9}): (\w{1,40}) ?\((.{0,400})\) = \.{3}")
_ADDRESS = re.compile(r"0x[0-9a-f]{1,16}( : |: | is in )(?=\S)")
_SIZED_OFFSET = re.compile(r"\+0x[0-9a-f]{1,8}/0x[0-9a-f]{1,8}$")
_ALONE = re.compile(r"0x[0-9a-f]{1,16}$")
_PLACE = re.compile(r"(\S{1,1000}):(\d{1,8}|\?)(?: \(discriminator \d+\))?$")
_JSTACK_HEAD = re.compile(r"-{8,40} (\d{1,9}) -{8,40}$")
_JSTACK_FRAME = re.compile(r"0x[0-9a-f]{4,16}\s{1,12}(\*? ?\S.{0,2000}?)(?: \+ 0x[0-9a-f]{1,8})?$")
_OLD_PSTACK = re.compile(
    r"0x[0-9a-f]{4,16}: (\S{1,1000}?)(?: \+ (?:0x)?[0-9a-f]{1,8})? ?\(.{0,400}\)(?: \+ (?:0x)?[0-9a-f]{1,8})?$"
)


def _name(text: str) -> str | None:
    text = text.strip()
    return None if text in {"[unknown]", "??", "", "????????", "????"} else text


def _module(text: str) -> str | None:
    if text in {"[unknown]", "inlined", ""}:
        return None
    return KERNEL if text.startswith(("[kernel.kallsyms]", "[kernel.vmlinux]", "[guest.kernel", "[k]")) else text


def backtrace_symbols(reading: Reading, line: str) -> bool:
    """``/lib/libc.so.6(abort+0x12b) [0x7f..]``: glibc's backtrace_symbols, and strace -k."""
    call = symbol_line(line)
    if call is None:
        return False
    reading.follow("backtrace_symbols", call)
    return True


def symbol_line(line: str) -> Call | None:
    """A line of glibc's backtrace_symbols; None for others."""
    if not line.endswith("]"):
        return None
    match = _SYMBOLS.match(line)
    if match is None:
        match = _ONLY_MODULE.match(line)
        return Call(None, module=match[1]) if match is not None else None
    symbol = _SYMBOL_OFFSET.match(match[2])
    if symbol is None:
        return Call(_name(match[2]), module=match[1])
    return Call(_name(symbol[1]), module=match[1], offset=None if symbol[1] else f"0x{symbol[2]}")


def _perf_frame(reading: Reading, line: str, _: str) -> bool:
    match = _PERF_FRAME.match(line)
    if match is None:
        return False
    symbol = _SYMBOL_OFFSET.match(match[2])
    reading.follow("perf", Call(_name(symbol[1] if symbol else match[2]), module=_module(match[3])))
    return True


def perf_head(reading: Reading, line: str) -> bool:
    """``podman 12345/12346 [001] 1234.567890: sched:sched_switch:``."""
    match = _PERF_HEAD.match(line) if len(line) < 400 and _PERF_TIME.search(line) else None
    if match is None:
        return False
    pid, tid = int(match[2]), int(match[3] or match[2])
    if match[3]:
        reading.process(pid, fresh=reading.trace.has_frames and reading.trace.pid != pid)
    known = reading.trace.find(None, tid)
    if known is not None and known.form == "perf":  # another sample of this thread
        known.restart()
        reading.stack = known
        reading.trace.note("perf: of several samples of a thread the last one is shown.")
    else:
        reading.heading("perf", None, tid, match[1])
    if not match[3]:
        reading.trace.name = reading.trace.name or match[1]
    reading.enter(_perf_frame)
    return True


def numbers(reading: Reading, line: str) -> bool:
    """What begins with an address: SystemTap, addr2line, gdb's ``info line``, jstack -m, the old pstack; perf trace's calls."""
    if not line.startswith("0x"):
        match = _PERF_TRACE.match(line)
        if match is None:
            return False
        reading.heading("perf", None, int(match[2]), match[1])
        return True
    match = _ADDRESS.match(line)
    if match is not None and _with_address(reading, match[1], line[match.end() :]):
        return True
    if _ALONE.match(line):
        reading.enter(_after_address)
        return True
    match = _OLD_PSTACK.match(line)
    if match is not None:
        reading.follow("old pstack", Call(_name(match[1])))
        return True
    return False


def _with_address(reading: Reading, separator: str, text: str) -> bool:
    """What follows an address: ``: name at file:line``, `` is in name (file:line).``, `` : name+0x1c/0x30 [module]``."""
    if separator == " : ":
        name, bracket, module = text.rpartition(" [")
        if not bracket or not module.endswith("]"):
            return False
        reading.follow("SystemTap", Call(_name(_SIZED_OFFSET.sub("", name)), module=_module(module[:-1])))
        return True
    if separator == " is in ":
        name, bracket, place = text.rstrip(".").rpartition(" (")
        text = f"{name} at {place.removesuffix(')')}"
        return bool(bracket) and _placed(reading, text)
    return " at " in text and _placed(reading, text)


def _placed(reading: Reading, text: str) -> bool:
    """``name at file:line``, where addr2line writes ``??:?`` for an unknown place."""
    call = parse_call(text.partition(" (discriminator ")[0])
    if call.file is None:
        return False
    known = call.file not in {"??", "??:?"} and call.line != 0
    reading.follow("addr2line", Call(call.function, file=call.file if known else None, line=call.line if known else None))
    return True


def inlined(reading: Reading, line: str) -> bool:
    """``(inlined by) main at /src/x.c:12``: the next frame further out."""
    return line.startswith("(inlined by) ") and " at " in line and _placed(reading, line[13:])


def _after_address(reading: Reading, line: str, _: str) -> bool:
    """addr2line -a -f: an address, a function, a place, and again (inlined ones without an address)."""
    if _ALONE.match(line) or _PLACE.match(line):
        return True
    if " " in line and "(" not in line and "<" not in line:
        return False

    def place(reading: Reading, text: str, _: str) -> bool:
        match = _PLACE.match(text)
        if match is None:
            return False
        file, number = match.groups()
        known = file != "??" and number not in {"?", "0"}
        reading.follow("addr2line", Call(_name(line), file=file if known else None, line=int(number) if known else None))
        reading.enter(_after_address)
        return True

    reading.enter(place)
    return True


def _jstack_frame(reading: Reading, line: str, _: str) -> bool:
    match = _JSTACK_FRAME.match(line)
    if match is None:
        return False
    name = match[1].removeprefix("* ").partition(" bci:")[0].partition("\t")[0]
    reading.follow("jstack -m", parse_call(name) if "(" not in name else Call(_name(name)))
    return True


def jstack_head(reading: Reading, line: str) -> bool:
    """``----------------- 1235 -----------------``."""
    match = _JSTACK_HEAD.match(line)
    if match is None:
        return False
    reading.heading("jstack -m", None, int(match[1]))
    reading.enter(_jstack_frame)
    return True


HANDLERS: dict[str, Handler] = {"0123456789": numbers, "(": inlined, "-": jstack_head, "_": backtrace_symbols, "_2": perf_head}
