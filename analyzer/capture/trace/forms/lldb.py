"""lldb on Linux: ``thread backtrace all``, ``bt all``, ``thread list``. A frame: MODULE`FUNCTION(ARGUMENTS) at FILE:LINE:COLUMN.

The same debugger prints macOS's stacks, whose locks and fork nothing is known of here: they are told apart by Apple's libraries
and queues, and declined.
"""

from __future__ import annotations

import re

from analyzer.capture.trace.calls import Call, parse_call
from analyzer.capture.trace.declined import LLDB_OF_MACOS
from analyzer.capture.trace.forms import Handler
from analyzer.capture.trace.frames import make
from analyzer.capture.trace.reading import Reading
from analyzer.capture.trace.waiting import is_wait

FORM = "lldb"
_FRAME = re.compile(r"(?:\* )?frame #(\d{1,7}): (0x[0-9a-fA-F]{1,16})(?: (.{1,4000}))?$")
_THREAD = re.compile(r"(?:\* )?thread #(\d{1,9})\b(.{0,400})$")
_TID = re.compile(r"[:,] tid = (0x[0-9a-f]{1,8}|\d{1,9})\b")
_NAME = re.compile(r", name = '([^']{1,64})'")
_PROCESS = re.compile(r"Process (\d{1,9}) (?:stopped|launched|resuming|detached)\b")
_PLACE = re.compile(r" at (\S{1,1000}?):(\d{1,8})(?::\d{1,6})?$")
_OFFSET = re.compile(r" \+ \d{1,12}$")
_MARKS = re.compile(r" \[(?:opt|artificial)\]")
_UNNAMED = "___lldb_unnamed_symbol"
_APPLE = re.compile(r"\.dylib`|libsystem_\w+`|dyld(?:_sim)?`|com\.apple\.|\bDispatch queue\b|Mach-O")


def frame(reading: Reading, line: str) -> bool:
    """``  * frame #0: 0x00007ffff7e5f3d6 libc.so.6`__lll_lock_wait_private(futex=0x7ff...) at lowlevellock.c:34:3``."""
    match = _FRAME.match(line)
    if match is None:
        return False
    if _is_apples(reading, line):
        return True
    level, _, what = match.groups()
    call = _call(what or "")
    read = make(int(level), call)
    stack = reading.place(read, FORM)
    if stack is not None and call.arguments and "0x" in call.arguments and is_wait(call.function):
        stack.look(read, call.arguments)
    return True


def _call(text: str) -> Call:
    """A module, a call in it, and where that is."""
    module, tick, rest = text.partition("`")
    if not tick:
        return Call(None, module=text.strip() or None)
    rest = _MARKS.sub("", rest).rpartition(" [inlined] ")[2].strip()
    place = _PLACE.search(rest)
    rest = _OFFSET.sub("", rest[: place.start()] if place is not None else rest)
    if rest.startswith(_UNNAMED) or not rest:
        return Call(None, module=module)
    call = parse_call(_apart(rest))
    file, line = (place[1], int(place[2])) if place is not None else (None, None)
    return Call(call.function, call.arguments, file, line, module, closed=call.closed)


def _apart(text: str) -> str:
    """The call with a blank before its arguments, as gdb has it."""
    if not text.endswith(")"):
        return text
    depth = 0
    for position in range(len(text) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[position], 0)
        if depth == 0:
            return f"{text[:position]} {text[position:]}" if position else text
    return text


def heading(reading: Reading, line: str) -> bool:
    """``* thread #1, name = 'prog', stop reason = signal SIGSTOP``; ``thread list`` adds the kernel's id."""
    match = _THREAD.match(line)
    if match is None:
        return False
    if _is_apples(reading, line):
        return True
    number, rest = match.groups()
    tid, name = _TID.search(rest), _NAME.search(rest)
    known = reading.trace.find(number, None)
    if known is not None and len(known.frames) == 1:
        known.provisional = True  # when it stops, and when it lists threads, lldb shows a thread's innermost frame
    # Base 0 would refuse a leading zero.
    kernels = int(tid[1], 16 if tid[1].startswith("0x") else 10) if tid is not None else None
    reading.heading(FORM, number, kernels, name[1] if name is not None else None)
    return True


def prompt(reading: Reading, line: str) -> bool:
    """``(lldb) bt all``."""
    if not line.startswith("(lldb)"):
        return False
    reading.command()
    reading.hint = FORM
    reading.again += [line[6:].strip()] if _FRAME.match(line[6:].strip()) else []
    return True


def process(reading: Reading, line: str) -> bool:
    """``Process 4711 stopped``: the first threads of it follow."""
    match = _PROCESS.match(line)
    if match is None:
        return False
    reading.process(int(match[1]), fresh=reading.trace.has_frames and reading.trace.pid not in {None, int(match[1])})
    return True


def _is_apples(reading: Reading, line: str) -> bool:
    """Whether the trace is macOS's: one line that says so counts for all of it, and for what was read of it before."""
    if not reading.apple and _APPLE.search(line):
        reading.apple = True
        for stack in reading.trace.stacks:
            if stack.form == FORM:
                stack.restart()
    if reading.apple:
        reading.declined[LLDB_OF_MACOS] = reading.declined.get(LLDB_OF_MACOS, 0) + 1
    return reading.apple


HANDLERS: dict[str, Handler] = {"f*": frame, "t*": heading, "(": prompt, "P": process}
