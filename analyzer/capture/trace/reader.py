"""The careful way of a line: cleaning, wrapped lines, the forms, and prefixes taken off one by one."""

from __future__ import annotations

import re

from analyzer.capture.trace import declined, wrap
from analyzer.capture.trace.forms import delve, eu_stack, gdb
from analyzer.capture.trace.forms.table import ANY_FIRST, BY_FIRST
from analyzer.capture.trace.frames import FAST, FAST_LIMIT, has_arguments, is_prose, known, read_frame, starts_frame, vouched
from analyzer.capture.trace.peel import dig, peel, unglue
from analyzer.capture.trace.plain import dirty, plain
from analyzer.capture.trace.reading import Reading
from analyzer.capture.trace.waiting import is_wait

LINE_LIMIT = 2000
"""Longer lines are read only by the forms whose lines are long: frames, and gdb's machine interface."""
LAYERS = 6
_SKIPPED = frozenset({
    "..", "...", "[..]", "[...]", "(...)", "<...>", "snip", "[snip]", "<snip>", "(snip)", "[snipped]", "[cut]", "<cut>",
})  # fmt: skip
"""What people write where they left frames out."""


_COMMENT = re.compile(r"(?<! ) {1,200}(?:(?:<-{1,2}|←) .{0,400}|(?<=   )\[\d{1,7}/\d{1,7}\]?)$")
"""What stands beside a frame: ``#2  flush ()   <- blocked here``, or a terminal multiplexer's ``[390/7275]``."""
_PAGER = re.compile(r"-{2,3}Type <.{1,12}> (?:for more|to continue).{0,60}?-{2,3}|-{2,3}Type <.{1,12}> .{0,90}$")
_BLANK_ENDS = frozenset({"kernel stack", "backtrace_symbols", "SystemTap", "addr2line", "old pstack", "jstack -m", "perf"})
"""Forms without numbers: a blank line is all that ends their stacks."""


class LineReader:
    """Reads one line after the other; ``reading`` holds what they said."""

    def __init__(self) -> None:
        self.reading = Reading()
        self.pending: str | None = None
        """A frame's or a heading's text that the next line may complete."""
        self.since = 0
        """Number of the line it began in."""
        self.depth = 0
        """Layers that were taken off the line that ``pending`` began with."""
        self.usual = (0, "")
        """Layers of the last line that wore any, and its first character."""
        self.column = 0
        """Width of the prefix it wore, where no layer describes that."""
        self.lead = ""
        """Its first character: a continuation without it wears no layer."""
        self.width = 0
        """Of the physical line that ``pending`` ends with."""
        self.fast: str | None = None
        """The line before, if the fast path took it."""
        self.carry: str = ""
        """Lines that quoted-printable broke."""

    def settle(self) -> None:
        """Something begins that continues nothing."""
        if self.carry:
            self.carry, carry = "", self.carry
            self.line(carry)
        if self.pending is not None:
            self.flush()

    def _wait_for_more(self, text: str) -> None:
        self.pending, self.since = text, self.reading.line
        self.reading.busy = True

    def line(self, raw: str) -> None:
        """Anything the fast path did not take."""
        raw = raw.rstrip("\r\n")
        if not raw and self.pending is None and self.reading.mode is None and not self.carry:
            self._blank()
            return
        if self.carry or raw.endswith("="):
            if wrap.is_soft_break(raw) and len(self.carry) < wrap.TEXT_LIMIT:
                self.carry += raw[:-1]
                self.reading.busy = True
                return
            raw, self.carry = self.carry + raw, ""
        text = plain(raw) if dirty(raw) else raw
        if "-Type <" in text:
            text = self._pager(text)
        if "\n" in text:
            for part in text.split("\n"):
                self._one(part)
        else:
            self._one(text)

    def _pager(self, text: str) -> str:
        """The text without the question of gdb's pager, which may stand in the middle of a word."""
        before, *rest = _PAGER.split(text)
        if rest and not before.strip() and self.reading.stack is not None:
            self.flush()
            stack = self.reading.stack
            stack.paged = self.reading.busy = True
            return rest[-1]
        return before + "".join(rest)

    def _one(self, raw: str) -> None:
        reading = self.reading
        line = raw.strip()
        if not line:
            self._blank()
            return
        if self.pending is not None:
            longer = self._longer(self.pending, line)
            if longer is not None:
                self.pending, self.width = longer, len(line)
                return
            self.flush()
        elif self.fast is not None:
            longer = wrap.joined(self.fast.strip(), line)
            if longer is not None and self._reopen(longer):
                return
        self.fast = None
        if " = " in line and line[: line.find(" = ")].isidentifier():  # a local variable of «bt full»
            reading.trace.ignored += 1
            return
        mode = reading.mode
        self.depth = self.column = 0
        self.width, self.lead = len(line), line[0]
        if not (self._as_usual(line, raw) or self.dispatch(line, raw) or self._layers(line, raw)) and reading.mode is mode:
            reading.mode = None
        while reading.again:
            again, reading.again = reading.again, []
            for text in again:
                self._one(text)

    def _as_usual(self, line: str, raw: str) -> bool:
        """A frame or a heading below the same layers as the one before: the short way through a log."""
        depth, lead = self.usual
        if not depth or line[0] != lead:
            return False
        rest: str | None = line
        for _ in range(depth):
            rest = peel(rest.strip()) if rest else None
        rest = rest.strip() if rest else None
        if not rest or not (starts_frame(rest) or rest.startswith("Thread ")):
            return False
        self.depth = depth
        return self.dispatch(rest, raw)

    def _longer(self, head: str, line: str) -> str | None:
        """``head`` with this line as its continuation, which wears the same layers; None where it is none."""
        bare: str | None = line
        for _ in range(self.depth if line[0] == self.lead else 0):
            bare = peel(bare) if bare else None
        rest = (bare or line).strip()
        if self.column:
            rest = line[self.column :].strip() or line
        if self.depth:
            rest = rest.rstrip("`") or rest
        return wrap.joined(head, rest, self.width) if head[0] == "#" else wrap.joined_heading(head, rest)

    def _blank(self) -> None:
        """A line without text: what was open may be over."""
        reading = self.reading
        self.flush()
        self.fast = None
        reading.amendable = None
        mode = reading.mode
        if mode is not None and not mode(reading, "", ""):
            reading.mode = None
            reading.close_list()
        elif reading.stack is not None and reading.stack.form in _BLANK_ENDS:
            reading.close_list()

    def _reopen(self, longer: str) -> bool:
        """The line before was a frame already placed; take it back, because it goes on."""
        stack = self.reading.stack
        match = FAST.match(self.fast or "")
        if stack is None or match is None or not stack.frames or stack.frames[-1] is not known(match.groups())[1]:
            return False  # the frame went nowhere
        frame = stack.frames.pop()
        stack.next_level = frame.level
        self.fast = None
        self._wait_for_more(longer)
        return True

    def dispatch(self, line: str, raw: str) -> bool:
        """Whether the line, as it stands, was part of a trace."""
        reading = self.reading
        if starts_frame(line):
            if is_prose(line):
                return False
            self._wait_for_more(line)
            reading.amendable = None
            return True
        if len(line) > LINE_LIMIT and line[0] not in "^*=~&0123456789":
            return False
        mode = reading.mode
        if mode is not None and mode(reading, line, raw):
            return True
        signed = delve.with_sign(line) if line[0].isdecimal() else None
        if signed is not None:
            self._wait_for_more(signed)
            reading.hint = reading.hint or "numbered list"
            return True
        if line.startswith("Thread ") and len(line) < 300 and (line.count("(") > line.count(")") or line[7:].isdecimal()):
            self._wait_for_more(line)
            return True
        for handler in BY_FIRST.get(line[0], ()):
            if handler(reading, line):
                return True
        if reading.amendable is not None and eu_stack.amend(reading, line):
            return True
        return any(handler(reading, line) for handler in ANY_FIRST) if len(line) <= LINE_LIMIT else False

    def _layers(self, line: str, raw: str) -> bool:
        """Take off what stands in front, layer by layer, until the rest is part of a trace; whether it ever was."""
        reading = self.reading
        rest: str | None = line
        for depth in range(LAYERS + 1):
            if rest is None:
                break
            rest = rest.strip()
            self.depth = depth
            form = declined.foreign(rest) if len(rest) <= LINE_LIMIT else None
            if form is not None:
                reading.declined[form] = reading.declined.get(form, 0) + 1
                return False
            if not rest:
                return False
            if depth and self.dispatch(rest, raw):
                self.usual = (depth, line[0])
                return True
            if rest.lower() in _SKIPPED:
                line = rest
                break
            last, rest = rest, peel(rest)
            if rest is None and len(last) <= LINE_LIMIT:
                frame = unglue(last)
                if frame is not None and self.dispatch(frame, raw):
                    return True
        at = dig(line) if len(line) <= LINE_LIMIT else 0
        self.depth, self.column = 0, at
        if at and self.dispatch(line[at:], raw):
            return True
        if line.lower() in _SKIPPED:
            if reading.stack is not None and reading.stack.frames and not reading.stack.descending:
                reading.stack.elided = reading.busy = True
            return True
        if line[0] == "#" and " 0x" in line[:24] and line[1:2].isdecimal():
            reading.unreadable(reading.line)
        else:
            reading.trace.ignored += 1
        return False

    def flush(self) -> None:
        """The text that waited for a continuation is complete."""
        text, self.pending = self.pending, None
        if text is None:
            return
        reading = self.reading
        if text[0] != "#":
            if not gdb.thread(reading, text):
                reading.trace.ignored += 1
            return
        match = FAST.match(text) if len(text) <= FAST_LIMIT else None
        if match is not None:
            _, frame, waits, weak = known(match.groups())
            stack = reading.place(frame, weak=weak and not has_arguments(text))
            if stack is not None and waits:
                stack.look(frame, text)
            elif stack is None and not reading.skip:
                reading.trace.ignored += 1
            return
        comment = _COMMENT.search(text)
        if comment is not None:
            text = text[: comment.start()]
        line = read_frame(text)
        if line is None:
            if "0x" in text[:24]:
                reading.unreadable(self.since)
            else:
                reading.trace.ignored += 1
            return
        stack = reading.place(line.frame, line.form, weak=line.weak and not vouched(line))
        if stack is None:
            return
        if not line.closed:
            stack.elided = reading.busy = True
        if line.form in {"eu-stack", "coredumpctl"}:
            reading.amendable = stack
        if line.arguments and "0x" in line.arguments and is_wait(line.frame.function):
            stack.look(line.frame, line.arguments)
