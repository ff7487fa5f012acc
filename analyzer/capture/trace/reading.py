"""Where a reader stands in the text: which process, which thread, what the next line may mean.

The forms call the methods here; the rules for what belongs together are all in this file:

* A frame goes to the stack whose numbers it continues. A frame 0 without a heading begins another trace, unless it
  repeats the frame just shown (debuggers show a thread's innermost frame when they select it).
* A heading for a thread that already has frames begins another trace: a second process, or a second look at the first.
* A process named by the text begins another trace.
"""

from __future__ import annotations

from collections.abc import Callable

from analyzer.capture.trace.calls import Call
from analyzer.capture.trace.drafts import StackDraft, TraceDraft, small_number
from analyzer.capture.trace.frames import make
from analyzer.lean_dataclass import dataclass, field
from analyzer.model import Frame

Mode = Callable[["Reading", str, str], bool]
"""Reads the lines of a form whose lines mean nothing by themselves: (reading, text, line with its indentation) -> was it one?"""


@dataclass(eq=False)
class Reading:
    """The state of reading one text."""

    trace: TraceDraft = field(default_factory=lambda: TraceDraft(session=0))
    stack: StackDraft | None = None
    finished: list[TraceDraft] = field(default_factory=list)
    mode: Mode | None = None
    selected: StackDraft | None = None
    """The thread that the debugger speaks of when a stack comes without a heading."""
    unnumbered: Frame | None = None
    """The frame a debugger shows when it stops; a list that begins at #1 continues it."""
    skip: bool = False
    """The next frame is shown again (``frame 4``, ``up``), it belongs to no list."""
    limit: int | None = None
    hint: str | None = None
    """The form, where a command in the text names it."""
    session: int = 0
    line: int = 0
    """Number of the current line, from 1."""
    counted: int = 0
    """Lines up to here belong to traces that are finished."""
    busy: bool = False
    """Something is pending that the next frame must settle first."""
    declined: dict[str, int] = field(default_factory=dict)
    book: object | None = None
    """What strace's lines said so far; ``settle`` makes processes of it."""
    settle: Callable[[Reading], None] | None = None
    wanted: str | None = None
    """The thread whose stack a command of the machine interface asked for."""
    console: str = ""
    """The beginning of a line that the machine interface prints in pieces."""
    again: list[str] = field(default_factory=list)
    """Lines that were found inside the current one, to be read next."""
    apple: bool = False
    """The trace is one of macOS's, which are not read."""
    separated: bool = False
    """Go prints several parts of one dump with a rule between them."""
    amendable: StackDraft | None = None
    """The stack whose newest frame the next line may complete (a source line, a library)."""

    # Processes

    def new_trace(self, *, same_session: bool = False) -> TraceDraft:
        """Another process begins; the one before is finished."""
        old = self.trace
        if not old.empty:
            self.finished.append(old)
        if not same_session:
            self.session += 1
            self.hint = None
            self.apple = False
        self.trace = TraceDraft(session=self.session)
        if same_session:
            self.trace.pid, self.trace.name, self.trace.executable = old.pid, old.name, old.executable
            self.trace.architecture, self.trace.prompts = old.architecture, old.prompts
        self.stack = self.selected = self.mode = self.unnumbered = None
        self.skip = False
        self.busy = False
        return self.trace

    def settle_book(self) -> None:
        """What was gathered from interleaved lines becomes processes, because something else begins."""
        settle, self.settle = self.settle, None
        if settle is not None:
            settle(self)

    def process(self, pid: int | None, name: str | None = None, *, fresh: bool = True) -> TraceDraft:
        """The text names the process that follows. Without ``fresh`` it may be the one that is being read."""
        self.settle_book()
        trace = self.trace
        if not trace.empty and (fresh or (pid is not None and trace.pid not in {None, pid})):
            trace = self.new_trace()
        if pid is not None:
            trace.pid = pid
        if name:
            trace.name = name[:64]
        return trace

    # Threads

    def heading(
        self,
        form: str,
        number: str | None = None,
        tid: int | None = None,
        name: str | None = None,
        *,
        switch: bool = False,
    ) -> StackDraft:
        """A line names the thread whose stack follows. ``switch``: the debugger turned to it, within the same process."""
        self.settle_book()
        trace = self.trace
        self._leave()
        if self.stack is not None:
            self.stack.paged = False  # the print went on
        trace_has_frames = trace.has_frames
        old = trace.find(number, tid)
        clash = old is None and number is not None and number in trace.by_number  # this number is another thread's
        if old is not None and (old.provisional or not (old.frames or old.wait)):
            stack = old
            stack.provisional = stack.provisional or bool(stack.frames)
        elif old is not None and switch:
            stack = trace.new_stack(form, number or old.number, tid or old.tid, name or old.name)
        else:
            unheaded = trace_has_frames and trace.anonymous and not switch and self._is_whole(trace)
            if clash or (old is not None and old.frames) or unheaded:
                trace = self._split(number, tid) if clash or old is not None else self.new_trace(same_session=True)
            again = trace.find(number, tid) if old is not None and not old.frames else None
            stack = again or trace.new_stack(form, number, tid, name)
        if tid is not None and stack.tid is None:
            stack.tid = tid
            trace.index(stack)
        if stack.number is None:
            stack.number = number
        stack.name = name or stack.name
        stack.limit = self.limit
        trace.headed = True
        self.stack = stack
        self.selected = stack if switch else None
        if stack.provisional:
            self.busy = True
        return stack

    @staticmethod
    def _is_whole(trace: TraceDraft) -> bool:
        """Whether a stack without a heading has its innermost frame; else the text just begins in the middle of a list."""
        frames = trace.stacks[0].frames
        return not frames or frames[0].level == 0

    def _split(self, number: str | None, tid: int | None) -> TraceDraft:
        """A thread's number comes again: another process. gdb counts down, so stacks just before may belong to it."""
        old = self.trace
        tail: list[StackDraft] = []
        wanted = small_number(number) + 1
        if wanted:
            for stack in reversed(old.stacks):
                apart = tid is not None and stack.tid is not None and stack.tid >= tid
                if small_number(stack.number) != wanted or not apart:
                    break
                tail.insert(0, stack)
                wanted += 1
        if tail and len(tail) < len(old.stacks):
            before = old.stacks[-len(tail) - 1]
            if before.number == number:  # 1 | 3 2 and now 1: «3 2» belong to the process that begins
                del old.stacks[-len(tail) :]
            else:
                tail = []
        else:
            tail = []
        trace = self.new_trace()
        trace.headed = True
        for stack in tail:
            trace.stacks.append(stack)
            trace.index(stack)
        return trace

    # Frames

    def place(self, frame: Frame, form: str = "gdb", *, weak: bool = False) -> StackDraft | None:
        """Put a frame where it belongs; None where it belongs nowhere."""
        self.settle_book()
        candidate, self.unnumbered = self.unnumbered, None
        self.mode = None
        self.busy = False
        level, stack = frame.level, self.stack
        if self.skip:
            self.skip = False
            if stack is None or level != stack.next_level or stack.has(frame):
                return None
        if stack is not None and stack.provisional:
            stack.restart()
        if stack is None:
            if level and (weak or any(known.has(frame) for known in self.trace.stacks)):
                return None  # a frame of a list that is over, shown again
            stack = self._unheaded(frame, form)
        elif level == stack.next_level or not stack.frames:
            if weak and level and not stack.frames:
                return None
        elif stack.descending:
            if level >= stack.frames[-1].level:
                stack = self._another(form)
        elif level == 0 and not (len(stack.frames) == 1 and stack.next_level == 2):
            top = stack.frames[0]
            if len(stack.frames) == 1 and top.level == 0 and top.function == frame.function:
                stack.restart()
            else:
                stack = self._another(form)
        elif weak:
            return None
        elif level > stack.next_level:
            pass
        elif stack.has(frame):
            return None
        elif len(stack.frames) == 1 and level < stack.frames[0].level:
            stack.descending = True
        else:
            stack = self._another(form)
        if candidate is not None and level == 1 and not stack.frames:
            stack.add(candidate)
        if not stack.frames:
            stack.form = self.hint or form
            stack.limit = self.limit
        stack.add(frame)
        return stack

    def follow(self, form: str, call: Call) -> StackDraft:
        """A frame of a form that does not number its frames: the next one further out."""
        self.settle_book()
        stack = self.stack
        if stack is None or (stack.frames and stack.form != form):
            self.selected = None
            stack = self._unheaded(Frame(0, None), form)
        if not stack.frames or stack.provisional:
            stack.restart()
            stack.form = form
        stack.add(make(stack.next_level, call))
        return stack

    def close_list(self) -> None:
        """A list without numbers is over; the next frame begins another."""
        self.stack = None

    def _unheaded(self, frame: Frame, form: str) -> StackDraft:
        selected, self.selected = self.selected, None
        trace = self.trace
        if selected is not None and frame.level == 0 and (selected.provisional or not selected.frames):
            if selected.provisional:
                selected.restart()
            stack = selected
        elif len(trace.stacks) == 1 and not trace.stacks[0].frames and trace.stacks[0].number is None:
            stack = trace.stacks[0]  # a system call was shown, now the stack below it
        else:
            if trace.stacks:
                trace = self.new_trace(same_session=True)
            stack = trace.new_stack(form)
        self.stack = stack
        return stack

    def _another(self, form: str) -> StackDraft:
        trace = self.new_trace(same_session=True)
        self.stack = trace.new_stack(form)
        return self.stack

    def _leave(self) -> None:
        self.mode = self.unnumbered = None
        self.skip = self.busy = False

    # What else lines say

    def enter(self, mode: Mode) -> None:
        """From here on, lines are read by ``mode`` first, until one is none of its."""
        self.mode = mode
        self.busy = True

    def command(self, limit: int | None = None) -> None:
        """A debugger's command: the next stack is another print."""
        self.limit = limit
        self.trace.prompts = True

    def unreadable(self, line: int) -> None:
        """The line of this number looks like part of a trace, and is not understood."""
        trace = self.trace
        trace.unreadable += 1
        if trace.first_unreadable is None:
            trace.first_unreadable = line

    def end(self) -> None:
        """The text is over."""
        self.settle_book()
        if self.unnumbered is not None and not self.trace.has_frames:
            frame, self.unnumbered = self.unnumbered, None
            stack = self.place(frame)
            if stack is not None:
                stack.cut("only the innermost frame is in the text")
        if not self.trace.empty:
            self.finished.append(self.trace)
        self.trace = TraceDraft(session=self.session + 1)
        self.stack = None
