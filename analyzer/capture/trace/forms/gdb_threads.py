"""``info threads``: every thread with its innermost frame, the selected one marked."""

from __future__ import annotations

import re

from analyzer.capture.trace import wrap
from analyzer.capture.trace.drafts import StackDraft
from analyzer.capture.trace.forms import Handler
from analyzer.capture.trace.forms.gdb import target
from analyzer.capture.trace.frames import Line, read_frame
from analyzer.capture.trace.reading import Mode, Reading

_ENTRY = re.compile(
    r"(\*)?\s*(\d{1,7}(?:\.\d{1,7})?)\s+"
    r"((?:Thread|LWP|process)\s+(?:0x[0-9a-f]+|[\d.]+)(?: \((?:LWP \d+[^()]{0,40}|[^()]{0,80})\))?"
    r'(?:\s?"[^"]{0,100}")?)(?: \(Exiting\))?\s*(.*)$',
    re.DOTALL,
)


_BROKEN_LIMIT = 2000
"""Characters of an entry that goes on over several lines: it is read anew with each of them."""


def entry(reading: Reading, line: str) -> bool:
    """``* 1    Thread 0x7f.. (LWP 1234) "podman" 0x00007f.. in read () from ..``."""
    match = _ENTRY.match(line)
    if match is None:
        return False
    star, number, text, rest = match.groups()
    read = read_frame(f"#0  {rest}") if rest and not rest.startswith("(running") else None
    if rest and read is None and not rest.startswith("("):
        return False
    pid, tid, name = target(text)
    trace = reading.trace
    if star and read is not None and trace.anonymous and trace.stacks[0].frames:
        top = trace.stacks[0].frames[0]
        if top.level == 0 and top.function == read.frame.function:  # the stack printed before was this thread's
            stack = trace.stacks[0]
            stack.number, stack.tid, stack.name = number, tid, name
            trace.index(stack)
            trace.pid = trace.pid or pid
            trace.headed = True
            reading.stack, reading.selected = None, stack
            return True
    known = trace.find(number, tid)
    if known is not None and known.frames and not known.provisional:  # listed after its stack was printed
        if tid is not None and known.tid is None:
            known.tid = tid
            trace.index(known)
        known.name = known.name or name
        reading.stack = None
        return True
    if known is None and tid is not None and number in trace.by_number:  # the list of another process
        trace = reading.new_trace()
    selected = reading.selected
    stack = reading.heading("gdb info threads", number, tid, name, switch=known is None and trace.headed)
    reading.trace.pid = reading.trace.pid or pid
    if read is not None:
        _innermost(stack, read)
    stack.provisional = True
    stack.form = "gdb info threads"
    reading.stack, reading.amendable = None, stack
    reading.selected = stack if star else selected if selected in reading.trace.stacks else None
    if not rest or (read is not None and (not read.closed or read.frame.function is None)):
        reading.enter(_goes_on(stack, f"#0  {rest}".rstrip(), len(line)))
    return True


def _innermost(stack: StackDraft, read: Line) -> None:
    stack.restart()
    stack.add(read.frame)
    if read.arguments:
        stack.look(read.frame, read.arguments)
    stack.provisional = True


def _goes_on(stack: StackDraft, text: str, width: int) -> Mode:
    """The rest of an entry that a terminal or a mail program broke."""

    def mode(reading: Reading, line: str, _: str) -> bool:
        reading.mode = None
        longer = wrap.joined(text, line, width) if line and not _ENTRY.match(line) else None
        read = read_frame(longer) if longer is not None else None
        if longer is None or read is None:
            return False
        _innermost(stack, read)
        if len(longer) < _BROKEN_LIMIT:
            reading.enter(_goes_on(stack, longer, len(line)))
        return True

    return mode


def head(reading: Reading, line: str) -> bool:
    """``  Id   Target Id   Frame``."""
    return line.startswith("Id ") and "Frame" in line and reading is not None


HANDLERS: dict[str, Handler] = {"*0123456789": entry, "I": head}
