"""Delve, and other debuggers that number their frames without a sign: ``0  0x0000000000433d50 in runtime.gopark``.

The frame's place follows on its own line. The lines are read as if the sign were there.
"""

from __future__ import annotations

import re

from analyzer.capture.trace.calls import Call
from analyzer.capture.trace.forms import Handler
from analyzer.capture.trace.forms.golang import wait_of
from analyzer.capture.trace.frames import make
from analyzer.capture.trace.reading import Reading

FORM = "Delve"
_FRAME = re.compile(r"(\d{1,6}):?\s{1,8}(0x[0-9a-fA-F]{4,16} in .*)$", re.DOTALL)
_WITHOUT_ADDRESS = re.compile(
    r"(\d{1,4}) {1,4}([A-Za-z_~][\w.:~<>@$]{0,400} \(.{0,3000}\) (?:at \S{1,1000}:\d{1,8}|from \S{1,1000}))$"
)
"""gdb's own frames where the sign was lost: git takes lines that begin with it for comments."""
_GOROUTINE = re.compile(
    r"\*?\s{0,4}Goroutine (\d{1,12}) - (?:User|Runtime|Go|Start): (?:(\S{1,1000}):(\d{1,8}) )?(.{1,1000}?) \(0x[0-9a-f]+\)(.*)$"
)
_THREAD = re.compile(r"\*?\s{0,4}Thread (\d{1,9}) at 0x[0-9a-f]+ (\S{1,1000}):(\d{1,8}) (\S{1,1000})$")
_STATE = re.compile(r"\[([^\]]{1,100})\]$")
_ON_THREAD = re.compile(r"\(thread (\d{1,9})\)")


def with_sign(line: str) -> str | None:
    """The line as gdb would have written it; None for lines that are no frame of this form."""
    match = _FRAME.match(line) or _WITHOUT_ADDRESS.match(line)
    return f"#{match[1]}  {match[2]}" if match is not None else None


def prompt(reading: Reading, line: str) -> bool:
    """``(dlv) bt``."""
    if not line.startswith("(dlv)"):
        return False
    reading.command()
    if reading.stack is not None and reading.stack.provisional:
        reading.stack = None  # the list is over; what follows is the selected one's
    reading.hint = FORM
    rest = line[5:].strip()
    if with_sign(rest) is not None or _GOROUTINE.match(rest) or _THREAD.match(rest):
        reading.again.append(rest)
    return True


def listed(reading: Reading, line: str) -> bool:
    """``* Goroutine 1 - User: ./x.go:10 main.main (0x4a) [select]``; ``  Thread 1234 at 0x4797e3 /x.s:5 runtime.futex``."""
    match = _THREAD.match(line)
    if match is not None:
        tid, file, number, function = match.groups()
        _provisional(reading, tid, int(tid), None, Call(function, file=file, line=int(number)), star=line[0] == "*")
        return True
    match = _GOROUTINE.match(line)
    if match is None:
        return False
    goroutine, place, row, function, rest = match.groups()
    frame = Call(function, file=place, line=int(row) if row else None)
    _provisional(reading, f"g{goroutine}", None, f"goroutine {goroutine}", frame, star=line[0] == "*")
    state = _STATE.search(rest)
    stack = reading.trace.find(f"g{goroutine}", None)
    if stack is not None and state is not None:
        stack.wait = wait_of(state[1])
    reading.trace.note("Its threads are goroutines: their numbers are Go's, no thread ids of the kernel.")
    return True


def _provisional(reading: Reading, number: str, tid: int | None, name: str | None, call: Call, *, star: bool) -> None:
    selected = reading.selected
    stack = reading.heading(FORM, number, tid, name, switch=reading.trace.headed)
    frame = make(0, call)
    stack.restart()
    stack.add(frame)
    stack.provisional = True
    reading.stack, reading.hint = stack, FORM
    reading.busy = True
    reading.selected = stack if star else selected if selected in reading.trace.stacks else None


HANDLERS: dict[str, Handler] = {"(": prompt, "*GT": listed}
