"""Stacks in the kernel: /proc/PID/task/TID/stack, the kernel's own call traces, and what else /proc tells about a thread.

Kernel frames carry the module ``[kernel]``. The innermost one is also what ``wchan`` would say.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from analyzer.capture.architecture import ARCHITECTURES, futex_numbers
from analyzer.capture.trace.calls import Call
from analyzer.capture.trace.forms import Handler
from analyzer.capture.trace.frames import KERNEL
from analyzer.capture.trace.reading import Reading
from analyzer.capture.waits import describe, parse_syscall
from analyzer.model import Syscall

FORM = "kernel stack"
_FRAME = re.compile(
    r"\[<([0-9a-f]{1,16})>\]\s{1,8}(\?\s)?([\w.$@]{1,200})(?:\+0x[0-9a-f]{1,8}/0x[0-9a-f]{1,8})?(?: \[([\w-]{1,60})\])?$"
)
_TRACE_LINE = re.compile(r"(\?\s)?([A-Za-z_][\w.]{0,199})\+0x[0-9a-f]{1,8}/0x[0-9a-f]{1,8}(?: \[([\w-]{1,60})[^\]]{0,40}\])?$")
_LAST = re.compile(r"(?:entry_SYSCALL|entry_INT80|system_call|__do_syscall$|el0_s[vy]|el0t_|ret_from_fork|sysenter|0xf{8,16})")
"""Outermost functions of a kernel stack: what follows is the stack of another thread."""
_PATH = re.compile(r"/proc/(\d{1,9})(?:/task/(\d{1,9}))?/(stack|syscall|wchan)\b:?\s?(.*)$")
_TASK_FOLDER = re.compile(r"\W{0,8}/proc/(\d{1,9})/task/(\d{1,9})/?\W{0,8}$")
_BARE = re.compile(r"\W{0,8}(?:TID|tid|PID|pid|LWP|Thread|thread|task)?[\s:=#]{0,3}(\d{2,9})[\W]{0,8}$")
_TASK = re.compile(
    r"task:(\S{1,64})\s.{0,60}?\bstate:(\w)\b.{0,80}?\bpid:\s?(\d{1,9})(?:\s+tgid:\s?(\d{1,9}))?"
    r"|INFO: task (.{1,64}):(\d{1,9}) blocked for"
)
_OLD_TASK = re.compile(
    r"(\S{1,16}) {1,16}([RSDTtXZ]) (?:[0-9a-f]{8,16}|running task) {1,8}\d{1,6} {1,8}(\d{1,9}) {1,8}\d{1,9} 0x[0-9a-f]{8}$"
)
_ON_ONE_LINE = re.compile(r"\b(?:pid|PID|Pid)[:= ]{1,3}(\d{1,9})\b.{0,200}\bwchan[:= ]{1,3}([a-z_][\w.]{1,80})")
_STATE = re.compile(r"\b[Ss]tate[:= ]{1,4}([RSDTtXZI])\b")
_PARENT = re.compile(r"\bPPid[:= ]{1,4}(\d{1,9})\b")
_CRASH = re.compile(r'PID: (\d{1,9})\s+TASK: [0-9a-f]+\s+CPU: \d+\s+COMMAND: "([^"]{0,64})"')
_WCHAN = re.compile(r"[a-z_][\w.]{2,80}$|0$")
_FUTEX = futex_numbers()
"""Believed without knowing the architecture if the arguments look like a futex call's."""


def _add(reading: Reading, function: str, module: str | None) -> None:
    stack = reading.stack
    if stack is not None and stack.frames and _LAST.match(stack.frames[-1].function or ""):
        reading.close_list()
    call = Call(function, module=f"[{module}]" if module else KERNEL)
    if reading.stack is None and reading.trace.stacks and reading.trace.stacks[-1].form == FORM:
        stack = reading.heading(FORM, switch=True)
    stack = reading.follow(FORM, call)
    if stack.wchan is None:
        stack.wchan = function


def frame(reading: Reading, line: str) -> bool:
    """``[<0>] futex_wait_queue+0x64/0x90``."""
    match = _FRAME.match(line)
    if match is None:
        return False
    if match[3].startswith("0xfffff"):
        reading.close_list()
    elif not match[2]:  # «?» marks what merely lay on the stack
        _add(reading, match[3], match[4])
    return True


def path(reading: Reading, line: str) -> bool:
    """A line that names a file of /proc: a heading (``head``, ``tail``, ``grep``, a command), or with content behind it."""
    if "wchan" in line and _in_one_line(reading, line):
        return True
    if "/proc/" not in line:
        return False
    match = _PATH.search(line, 0, 400)
    folder = _TASK_FOLDER.match(line) if match is None else None  # a loop over the threads: «== /proc/12/task/13»
    if folder is not None:
        pid, tid, kind, rest = int(folder[1]), int(folder[2]), "stack", ""
    elif match is not None:
        pid, tid, kind, rest = int(match[1]), int(match[2] or match[1]), match[3], match[4].strip()
    else:
        return False
    trace = reading.process(pid, fresh=reading.trace.pid != pid and not reading.trace.empty)
    stack = trace.find(None, tid)
    if stack is None or (kind == "stack" and stack.frames and not rest):
        stack = reading.heading(FORM, None, tid, switch=stack is not None)
    if kind == "stack":
        reading.stack = stack
        if rest.startswith("[<"):
            frame(reading, rest)
    elif not (rest and _content(reading, kind, rest)):
        reading.selected = stack
        reading.enter(_syscall_line if kind == "syscall" else _wchan_line)
    return True


def _in_one_line(reading: Reading, line: str) -> bool:
    """``pid 15887  State: S  wchan: futex_do_wait``, in whatever way somebody printed it."""
    match = _ON_ONE_LINE.search(line, 0, 400)
    if match is None:
        return False
    pid = int(match[1])
    trace = reading.process(pid, fresh=reading.trace.pid != pid and not reading.trace.empty)
    stack = trace.find(None, pid) or reading.heading(FORM, None, pid, switch=True)
    stack.wchan = match[2]
    state, parent = _STATE.search(line), _PARENT.search(line)
    stack.state = state[1] if state is not None else None
    trace.ppid = int(parent[1]) if parent is not None else None
    trace.form("wchan")
    return True


def _content(reading: Reading, kind: str, text: str) -> bool:
    return _syscall_line(reading, text, text) if kind == "syscall" else _wchan_line(reading, text, text)


def _thread(reading: Reading) -> int | None:
    stack = reading.selected or reading.stack
    return stack.tid if stack is not None else None


def _syscall_line(reading: Reading, line: str, _: str) -> bool:
    architecture = ARCHITECTURES.get(reading.trace.architecture or "")
    call = parse_syscall(line, architecture)
    if call is None:
        return False
    if call.name is None and call.number in _FUTEX and int(call.arguments[1], 16) & 0x7F in {0, 9, 6, 11, 13}:
        call = Syscall(call.number, "futex", call.arguments, call.stack_pointer, call.program_counter)
    stack = reading.trace.find(None, _thread(reading)) or reading.heading(FORM, None, _thread(reading), switch=True)
    stack.syscall, stack.wait = call, describe(call, None) if call.name else None
    reading.selected = None
    return True


def _wchan_line(reading: Reading, line: str, _: str) -> bool:
    stack = reading.trace.find(None, _thread(reading))
    if stack is None or not _WCHAN.match(line):
        return False
    stack.wchan = line if line != "0" else None
    reading.trace.form("wchan")
    reading.selected = None
    return True


def bare_number(reading: Reading, line: str) -> bool:
    """A line of a loop over threads that holds only an id. Believed when a kernel stack follows."""
    match = _BARE.match(line) if len(line) < 40 and reading.mode is None else None
    if match is None:
        return False
    reading.enter(_after_number(int(match[1])))
    return False


def _after_number(tid: int) -> Callable[[Reading, str, str], bool]:
    def mode(reading: Reading, line: str, _: str) -> bool:
        reading.mode = None
        if not _FRAME.match(line):
            return False
        reading.heading(FORM, None, tid, switch=True)
        return frame(reading, line)

    return mode


def _call_trace(reading: Reading, line: str, _: str) -> bool:
    match = _TRACE_LINE.match(line)
    if match is None:
        return line in {"<TASK>", "</TASK>", "Call Trace:"} or frame(reading, line)
    if not match[1]:
        _add(reading, match[2], match[3])
    return True


def call_trace(reading: Reading, line: str) -> bool:
    """``Call Trace:`` of the kernel's log."""
    if line not in {"Call Trace:", "Call trace:", "<TASK>"}:
        return False
    reading.enter(_call_trace)
    return True


def task(reading: Reading, line: str) -> bool:
    """The kernel's hung task report and sysrq-t; the crash utility's ``bt``."""
    crash = _CRASH.match(line)
    if crash is not None:
        reading.process(None, crash[2], fresh=reading.trace.has_frames)
        reading.heading("crash", None, int(crash[1]), crash[2])
        return True
    match = _TASK.match(line)
    if match is None:
        old = _OLD_TASK.match(line)
        if old is not None:
            reading.process(None, old[1], fresh=reading.trace.has_frames)
            reading.heading(FORM, None, int(old[3]), old[1], switch=True).state = old[2]
        return old is not None
    name, state, tid, tgid, hung_name, hung_tid = match.groups()
    reading.process(int(tgid) if tgid else None, name or hung_name, fresh=reading.trace.has_frames)
    stack = reading.heading(FORM, None, int(tid or hung_tid), name or hung_name)
    stack.state = state or "D"
    return True


def log(reading: Reading, line: str) -> bool:
    """What begins a call trace in the kernel's log."""
    return call_trace(reading, line) or task(reading, line)


HANDLERS: dict[str, Handler] = {"[": frame, "_": path, "_2": task, "_3": bare_number, "Ct<I": log, "P": task}
