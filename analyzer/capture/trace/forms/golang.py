"""Go's own dumps (SIGQUIT, a panic): ``goroutine 7 [chan receive]:`` with a function and a place on two lines a frame.

A goroutine is no thread of the kernel: its number stands in for a thread id, and the process says so.
"""

from __future__ import annotations

import re

from analyzer.capture.trace.calls import Call
from analyzer.capture.trace.forms import Handler
from analyzer.capture.trace.reading import Mode, Reading
from analyzer.model import Wait

FORM = "Go"
_GOROUTINE = re.compile(
    r"goroutine (\d{1,12})(?: gp=\S{1,40})?(?: m=\S{1,40})?(?: mp=\S{1,40})? \[([^\]]{0,200})\](?: \[[^\]]{0,100}\])?:$"
)
_PLACE = re.compile(
    r"(\S.{0,1000}?):(\d{1,9})(?: \+0x[0-9a-f]{1,16})?"
    r"(?: fp=0x[0-9a-f]{1,16} sp=0x[0-9a-f]{1,16}(?: pc=0x[0-9a-f]{1,16})?)?$"
)
_NAME = re.compile(r"[\w./%~·*()\[\]{}\-,]{1,1000}\(")
_REST = re.compile(r"[0-9a-fpsx=+ ]{1,70}$")
"""What may be left over of a place that was broken behind its line: offsets and registers."""
_BROKEN_LIMIT = 1500
_ELIDED = re.compile(r"\.{3}(?:(\d{1,9}) |additional )frames? elided\.{3}$")
_KINDS = {
    "IO wait": "poll", "sleep": "sleep", "chan receive": "channel", "chan send": "channel", "select": "channel",
    "chan receive (nil chan)": "channel", "chan send (nil chan)": "channel", "select (no cases)": "channel", "semacquire": "lock",
    "sync.Mutex.Lock": "lock", "sync.RWMutex.Lock": "lock", "sync.RWMutex.RLock": "lock", "sync.Cond.Wait": "lock",
    "sync.WaitGroup.Wait": "lock",
}  # fmt: skip
"""The state Go prints -> our word for the wait; others (running, syscall, idle) are none."""


def wait_of(state: str) -> Wait | None:
    """The wait that a goroutine's state describes; None where it does not wait in Go."""
    kind = _KINDS.get(state.partition(",")[0])
    return Wait(kind, f"in Go: {state}", timed=True if kind == "sleep" else None) if kind else None


def goroutine(reading: Reading, line: str) -> bool:
    """``goroutine 7 [chan receive, 2 minutes]:``."""
    match = _GOROUTINE.match(line)
    if match is None:
        return False
    number, state = match[1], match[2]
    name = f"goroutine {number}"
    trace = reading.trace
    if any(stack.form != FORM for stack in trace.stacks):
        trace = reading.new_trace()
    known = number in trace.by_number
    if known and number != "0" and not reading.separated:
        trace = reading.new_trace()
    reading.separated = reading.separated and known
    stack = reading.heading(FORM, None if known else number, None, name, switch=True)
    stack.wait = wait_of(state)
    reading.trace.note("Its threads are goroutines: their numbers are Go's, no thread ids of the kernel.")
    reading.enter(_frames)
    return True


def _frames(reading: Reading, line: str, raw: str) -> bool:
    if _read(reading, line, raw):
        return True
    if not line or len(line) > _BROKEN_LIMIT:
        return False
    if _REST.match(line) or (line[0] == "/" and _PLACE.match(line)):
        return True
    if not (line.startswith(("/", "created by ")) or (_NAME.match(line) and not line.endswith(")"))):
        return False
    reading.enter(_goes_on(line, raw))
    return True


def _goes_on(head: str, head_raw: str) -> Mode:
    """The rest of a call or a place that a terminal or a mail program broke."""

    def mode(reading: Reading, line: str, raw: str) -> bool:
        reading.enter(_frames)
        for whole in (head + line, f"{head} {line}") if line else ():
            if _read(reading, whole, head_raw):
                return True
        if line and len(head) + len(line) < _BROKEN_LIMIT and not _GOROUTINE.match(line):
            reading.enter(_goes_on(f"{head} {line}" if head.endswith(",") else head + line, head_raw))
            return True
        return _frames(reading, line, raw)

    return mode


def _read(reading: Reading, line: str, raw: str) -> bool:
    stack = reading.stack
    if not line or stack is None or _GOROUTINE.match(line):
        return False
    if stack.frames and reading.amendable is stack:
        place = _PLACE.match(line)
        if place is not None and (raw[:1] in " \t" or line.startswith(("/", "_cgo"))):
            frame = stack.frames[-1]
            call = Call(frame.function, file=place[1], line=int(place[2]))
            stack.frames.pop()
            stack.next_level -= 1
            reading.follow(FORM, call)
            reading.amendable = None
            return True
    if line.startswith("created by "):
        reading.amendable = None
        reading.enter(_origin)
        return True
    if line.startswith("goroutine running on other thread"):
        stack.cut("Go could not print it: the goroutine was running on another thread")
        return True
    elided = _ELIDED.match(line)
    if elided is not None:
        stack.cut("Go left frames out")
        return True
    name = _function(line)
    if name is None:
        return line.startswith(("\tpc=0x", "pc=0x", "runtime:"))
    reading.follow(FORM, Call(None if name == "non-Go function" else name))
    reading.amendable = reading.stack
    return True


def _function(line: str) -> str | None:
    """The name in ``main.(*T).run(0xc000, {0x1, 0x2}, ...)``; the arguments hold no brackets of this kind."""
    if line.startswith("non-Go function"):
        return "non-Go function"
    if not line.endswith(")") or not _NAME.match(line):
        return None
    name = line[: line.rfind("(")]
    return name or None


def _origin(reading: Reading, line: str, _: str) -> bool:
    """The place of «created by»: where the goroutine was started, no frame of it."""
    reading.mode = _frames
    return _PLACE.match(line) is not None


def dump(reading: Reading, line: str) -> bool:
    """``SIGQUIT: quit``, ``fatal error: ...``, ``panic: ...``: a dump begins. ``-----``: the same one goes on."""
    if line == "-----":
        reading.separated = True
        return True
    if not line.startswith(("SIGQUIT: quit", "SIGABRT: abort", "fatal error: ", "panic: ")):
        return False
    if reading.trace.has_frames and not reading.separated and any(stack.form == FORM for stack in reading.trace.stacks):
        reading.new_trace()
    return True


HANDLERS: dict[str, Handler] = {"g": goroutine, "Sfp-": dump}
