"""eu-stack: ``PID 1234 - process``, ``TID 1234:``, frames, and below a frame its source line and its library's build id."""

from __future__ import annotations

import re

from analyzer.capture.trace.forms import Handler
from analyzer.capture.trace.reading import Reading
from analyzer.lean_dataclass import replace
from analyzer.model import Module

_PROCESS = re.compile(r"PID (\d{1,9}) - (?:process|core)\b(.*)$")
_CORE = re.compile(r"PID (\d{1,9})(?: - core)?$")
_THREAD = re.compile(r"TID (\d{1,9})(?: \"?([^\":]{0,64})\"?)?:$")
_PROBLEM = re.compile(r"(?:eu-)?stack: dwfl_thread_getframes tid (\d{1,9})(?: at 0x[0-9a-f]+)?(?: in [^:]{1,300})?: (.{1,200})$")
_SOURCE = re.compile(r"(\S{1,1000}?):(\d{1,8})(?::\d{1,6})?$")
_BUILD_ID = re.compile(r"\[([0-9a-f]{8,80})\]@0x[0-9a-f]+\+(0x[0-9a-f]+)$")
_TAIL = re.compile(r"(from|at) (\S{1,1000})$")


def process(reading: Reading, line: str) -> bool:
    """``PID 1234 - process``."""
    match = _PROCESS.match(line) or _CORE.match(line)
    if match is None:
        return False
    if "module memory map" not in line:
        reading.process(int(match[1]), fresh=reading.trace.has_frames)
        reading.hint = "eu-stack"
    return True


def thread(reading: Reading, line: str) -> bool:
    """``TID 1235:``."""
    match = _THREAD.match(line)
    if match is None:
        return False
    reading.heading("eu-stack", None, int(match[1]), match[2])
    return True


def problem(reading: Reading, line: str) -> bool:
    """eu-stack says why a thread's stack ends early."""
    match = _PROBLEM.match(line)
    if match is None:
        return False
    stack = reading.trace.find(None, int(match[1])) or reading.stack
    if stack is not None:
        stack.cut(f"eu-stack could not go on: {match[2]}")
    return True


def amend(reading: Reading, line: str) -> bool:
    """A line that completes the frame above it: its source line, its build id, its library."""
    stack = reading.amendable
    if stack is None or not stack.frames:
        return False
    frame = stack.frames[-1]
    build = _BUILD_ID.match(line)
    if build is not None:
        stack.frames[-1] = replace(frame, offset=build[2])
        modules = reading.trace.modules
        if frame.module and frame.module not in modules and len(modules) < 5_000:
            modules[frame.module] = Module(frame.module, build[1])
        return True
    source = _SOURCE.match(line)
    if source is not None and frame.file is None and " " not in line:
        stack.frames[-1] = replace(frame, file=source[1], line=int(source[2]))
        return True
    tail = _TAIL.match(line)
    if tail is None or frame.module or frame.file:
        return False
    place = _SOURCE.match(tail[2]) if tail[1] == "at" else None
    if place is not None:
        stack.frames[-1] = replace(frame, file=place[1], line=int(place[2]))
    else:
        stack.frames[-1] = replace(frame, module=tail[2])
    return True


HANDLERS: dict[str, Handler] = {"P": process, "T": thread, "es": problem}
