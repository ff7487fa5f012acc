"""gdb's machine interface: ``^done,stack=[frame={...},...]``, ``^done,threads=[...]``, ``*stopped,frame={...}``, console output.

A record that was cut off in the middle is read as far as it goes: a scanner walks over it once and never goes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.capture.architecture import ARCHITECTURES
from analyzer.capture.trace.calls import Call
from analyzer.capture.trace.drafts import small_number
from analyzer.capture.trace.forms import Handler
from analyzer.capture.trace.forms.gdb import prompt, target
from analyzer.capture.trace.frames import make
from analyzer.capture.trace.reading import Mode, Reading
from analyzer.capture.trace.waiting import is_wait

FORM = "gdb MI"
TOP_LIMIT = 20_000
"""Characters of a stack's list in which its first frame is looked for."""
_RECORD = re.compile(r"(?:\d{0,12})[\^*=](?:done|stopped|running|error|thread-\w+|[a-z-]{3,40}),?")
_NEXT = re.compile(r'(?:.{0,60}[\s>|])?(?:\d{0,12}[\^*=](?:done|stopped|running|error|thread-)|[~&]"|\(gdb\))')
"""The line after a record, whatever stands in front of it."""
PARTS_LIMIT = 1 << 20
"""Characters of a record that goes on and on over many lines."""
_COMMAND = re.compile(r"\d{0,12}-(stack-list-frames|stack-info-frame|thread-info|thread-select|target-attach)\b(.*)$")
_TOKEN = re.compile(r'([A-Za-z_-]{1,40})=(?:"((?:[^"\\]|\\.)*)"|(?=[{\[]))|[{}\[\]]')
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "", "b": "", "f": "", "v": "", "a": "", "e": "\x1b"}
_THREAD = re.compile(r"--thread (\d{1,7})|-thread-select (\d{1,7})")


def unescape(text: str) -> str:
    """A C string as MI writes it."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8) & 0xFF) if match[1] else _ESCAPES.get(match[2], match[2]), text)


def _scan(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every ``frame`` and ``thread`` of a record, in the order they end (a thread's frame before the thread).

    Yields ("frame" or "thread", its own values); nested lists (arguments) are not in them.
    """
    open_: list[tuple[str, dict[str, str]]] = []
    pending = ""
    lists: list[str] = []
    for match in _TOKEN.finditer(text):
        mark = match[0]
        if mark == "{":
            kind = pending or ("thread" if lists and lists[-1] == "threads" else "")
            open_.append((kind, {}))
            pending = ""
        elif mark == "[":
            lists.append(pending)
            pending = ""
        elif mark == "]":
            if lists:
                lists.pop()
        elif mark == "}":
            if open_:
                kind, values = open_.pop()
                if kind in {"frame", "thread"}:
                    yield kind, values
                elif kind == "" and open_ and "value" in values and lists and lists[-1] == "args":
                    _argument(open_, values)
        elif match[2] is None:
            pending = match[1]
        elif open_:
            open_[-1][1][match[1]] = match[2]
    while open_:
        kind, values = open_.pop()
        if kind in {"frame", "thread"} and values:
            yield kind, {**values, "cut": "yes"}


def _argument(open_: list[tuple[str, dict[str, str]]], values: dict[str, str]) -> None:
    """Keep an argument's text, for the lock's address."""
    owner = open_[-1][1]
    if len(owner.get("arguments", "")) < 1000:
        owner["arguments"] = f"{owner.get('arguments', '(')}, {values.get('name', '')}={unescape(values['value'])}"


def _integer(text: str | None) -> int | None:
    number = small_number(text)
    return number if number >= 0 else None


def _call(values: dict[str, str]) -> Call:
    function = unescape(values.get("func", "??"))
    file, module = values.get("file"), values.get("from")
    return Call(
        None if function == "??" else function,
        file=unescape(file) if file else None,
        line=_integer(values.get("line")),
        module=unescape(module) if module else None,
    )


def record(reading: Reading, line: str) -> bool:
    """One record. Console output is read as the text it carries."""
    if line.startswith(('~"', '&"')):
        return _console(reading, line)
    if not _RECORD.match(line):
        return line in {"(gdb)", "^running", "^done", "^exit"}
    if "frame={" not in line and "threads=[" not in line:
        return True
    if _open(line) > 0 and reading.settle is None:
        parts = [line]
        reading.settle = lambda reading: _settle(reading, parts)
        reading.enter(_goes_on(parts))
        return True
    return _read(line, reading)


def _open(text: str) -> int:
    """Brackets that are opened and not closed."""
    return text.count("{") + text.count("[") - text.count("}") - text.count("]")


def _settle(reading: Reading, parts: list[str]) -> None:
    _read(_whole(parts), reading)


def _whole(parts: list[str]) -> str:
    """The record in one line: a terminal breaks anywhere, always at its edge; a mail program at blanks."""
    return ("" if len({len(part) for part in parts[:-1]}) < 2 else " ").join(parts)


def _goes_on(parts: list[str]) -> Mode:
    """The rest of a record that somebody broke into lines; one that was cut off is read as far as it goes."""
    open_ = [_open(parts[0]), len(parts[0])]

    def mode(reading: Reading, line: str, _: str) -> bool:
        more = bool(line) and not _NEXT.match(line) and open_[1] < PARTS_LIMIT
        if more:
            parts.append(line)
            open_[0] += _open(line)
            open_[1] += len(line)
        if not more or open_[0] <= 0:
            reading.mode = None
            reading.settle_book()
        return more

    return mode


def _read(line: str, reading: Reading) -> bool:
    if "stack-args=[" in line:
        return _arguments(reading, line)
    is_list = "stack=[" in line
    if is_list:
        _begin_stack(reading, next((values for _, values in _scan(line[:TOP_LIMIT])), {}))
    frame: dict[str, str] = {}
    for kind, values in _scan(line):
        if kind == "thread":
            _listed(reading, values, frame)
            frame = {}
        elif is_list:
            _frame(reading, values)
        else:
            frame = values
    if frame and not is_list:  # *stopped: where the selected thread is
        reading.stack = None
    return True


def _frame(reading: Reading, values: dict[str, str]) -> None:
    level = _integer(values.get("level"))
    if level is None:
        return
    stack = reading.place(make(level, _call(values)), FORM)
    if stack is None:
        return
    if values.get("arch"):
        reading.trace.architecture = _ARCHITECTURES.get(values["arch"], reading.trace.architecture)
    if "arguments" in values and is_wait(stack.frames[-1].function):
        stack.look(stack.frames[-1], values["arguments"])
    if "cut" in values:
        stack.cut("the record ends in the middle")


_ARCHITECTURES = {"i386": "i386", **{one.gdb_name: one.name for one in ARCHITECTURES.values()}}


def _begin_stack(reading: Reading, top: dict[str, str]) -> None:
    """Whose stack a list is: the thread the command named, else one that stands where the list begins, else the next."""
    trace = reading.trace
    number, reading.wanted = reading.wanted, None
    stack = trace.find(number, None) if number is not None else None
    if stack is None:
        without = [stack for stack in trace.stacks if stack.form == FORM and stack.provisional]
        there = [stack for stack in without if stack.address is not None and stack.address == top.get("addr")]
        stack = next(iter(there or without), None)
    if stack is None:
        if trace.stacks:
            reading.new_trace()
        stack = reading.trace.new_stack(FORM, number)
    seen = stack.seen  # the arguments of its innermost frame, which lists of frames leave out
    stack.restart()
    stack.seen = seen
    reading.stack = stack
    reading.busy = False


def _arguments(reading: Reading, line: str) -> bool:
    """-stack-list-arguments: they belong to the stack listed before."""
    stack = reading.stack
    frames = {frame.level: frame for frame in stack.frames} if stack is not None else {}
    for _, values in _scan(line):
        frame = frames.get(_integer(values.get("level")) or 0)
        if stack is not None and frame is not None and is_wait(frame.function) and "arguments" in values:
            stack.look(frame, values["arguments"])
    return True


def _listed(reading: Reading, values: dict[str, str], frame: dict[str, str]) -> None:
    """An entry of -thread-info; its innermost frame came just before."""
    number = values.get("id")
    pid, tid, name = target(unescape(values.get("target-id", "")))
    known = reading.trace.find(number, tid)
    if known is not None and known.frames and not known.provisional:
        reading.new_trace()
    stack = reading.heading(FORM, number, tid, unescape(values["name"]) if "name" in values else name, switch=True)
    reading.trace.pid = reading.trace.pid or pid
    if frame:
        stack.restart()
        stack.add(make(_integer(frame.get("level")) or 0, _call(frame)))
        stack.address = frame.get("addr")
        if "arguments" in frame and is_wait(stack.frames[0].function):
            stack.look(stack.frames[-1], frame["arguments"])
    stack.provisional = True
    reading.stack = None


def _console(reading: Reading, line: str) -> bool:
    """``~"#0  0x00007f.. in poll ()\\n"``: pieces of lines that a newline ends."""
    body = line[2:-1] if line.endswith('"') and len(line) > 2 else line[2:]
    if line[0] == "&":
        return prompt(reading, f"(gdb) {unescape(body).strip()}")
    reading.console += unescape(body)
    if len(reading.console) > 1 << 16:
        reading.console = ""
    if "\n" in reading.console:
        *whole, reading.console = reading.console.split("\n")
        reading.again.extend(whole)
    return True


def command(reading: Reading, line: str) -> bool:
    """``12-stack-list-frames --thread 2``: whose stack the next list is."""
    match = _COMMAND.match(line)
    if match is None:
        return False
    thread = _THREAD.search(line)
    if thread is not None:
        reading.wanted = thread[1] or thread[2]
    pid = small_number(match[2].strip())
    if match[1] == "target-attach" and pid > 0:
        reading.process(pid, fresh=reading.trace.has_frames)
    reading.trace.prompts = True
    return True


HANDLERS: dict[str, Handler] = {"^*=~&": record, "0123456789": record, "-": command, "0123456789-": command}
