"""Stacks and traces while they are being read: what the lines said so far, and nothing that has to be guessed yet."""

from __future__ import annotations

from analyzer.capture.trace.waiting import INNERMOST, SeenWait, is_neutral, is_wait
from analyzer.lean_dataclass import dataclass, field
from analyzer.model import Frame, Module, Syscall, Wait

WHOLE = 256
"""Stacks up to this many frames are kept whole; deeper ones keep ``INNER`` and ``OUTER`` frames, as everywhere."""
INNER, OUTER = 64, 16
SHRINK = 1024
"""Frames at which the middle of a stack is dropped, to be filled again."""
THREADS_LIMIT = 20_000
"""Threads kept for one process, so that a file without end cannot fill the memory."""


def small_number(text: str | None) -> int:
    """The number that ``text`` is; -1 for everything else, also for numbers too long to be an id."""
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else -1


@dataclass(slots=True, eq=False)
class StackDraft:
    """One thread's stack."""

    form: str = "gdb"
    number: str | None = None
    """The debugger's number for the thread."""
    tid: int | None = None
    """Kernel thread id, where the text has it."""
    name: str | None = None
    state: str | None = None
    wchan: str | None = None
    syscall: Syscall | None = None
    wait: Wait | None = None
    """From a system call in the text."""
    address: str | None = None
    """Of the innermost frame's code, where a listing of threads gave it."""
    frames: list[Frame] = field(default_factory=list)
    next_level: int = 0
    """What the next frame's number should be."""
    thinned: bool = False
    """Frames in the middle were dropped to keep the memory bounded."""
    provisional: bool = False
    """Only the innermost frame was listed (``info threads``): a whole stack may follow."""
    outer_missing: bool = False
    """The text says that frames further out are missing."""
    problems: list[str] = field(default_factory=list)
    seen: SeenWait | None = None
    descending: bool = False
    """The text lists the outermost frame first."""
    limit: int | None = None
    """Frames that the command allowed (``bt 5``)."""
    paged: bool = False
    """A pager asked in the middle: frames are missing unless something of the same print follows."""
    elided: bool = False
    """The text leaves frames out here, unless the numbers go on."""

    def add(self, frame: Frame) -> None:
        """One frame more."""
        self.frames.append(frame)
        self.next_level = -1 if self.descending else frame.level + 1
        self.paged = self.elided = False
        if len(self.frames) >= SHRINK:
            self.thin()

    def thin(self) -> None:
        """Drop frames in the middle; called every now and then, so its cost does not count."""
        del self.frames[INNER:-OUTER]
        self.thinned = True

    def restart(self) -> None:
        """Forget the frames: the same stack follows again, more of it."""
        self.frames.clear()
        self.next_level, self.seen, self.provisional, self.paged = 0, None, False, False

    def look(self, frame: Frame, text: str) -> None:
        """Let a waiting function's printed arguments speak."""
        if frame.level >= INNERMOST or frame.function is None:
            return
        seen = self.seen
        if seen is None:
            seen = self.seen = SeenWait()
        if seen.over:
            return
        between = (inner.function for inner in self.frames[: frame.level] if inner.level >= seen.levels)
        if frame.level != seen.levels and not all(is_neutral(function) or is_wait(function) for function in between):
            seen.over = True
            return
        seen.levels = frame.level + 1
        seen.look(frame.function, text)

    def cut(self, why: str) -> None:
        """The outer end is missing, because ..."""
        self.outer_missing = True
        if why not in self.problems:
            self.problems.append(why)

    def has(self, frame: Frame) -> bool:
        """Whether this very frame was read before."""
        return any(other.level == frame.level and other.function == frame.function for other in self.frames)

    def names(self) -> tuple[tuple[int, str | None], ...]:
        """What two prints of the same stack have in common."""
        return tuple((frame.level, frame.function) for frame in self.frames)


@dataclass(slots=True, eq=False)
class TraceDraft:
    """Everything that the text says about one process, up to the point where another one begins."""

    session: int
    """Number of the debugger session or command it was printed by."""
    pid: int | None = None
    ppid: int | None = None
    name: str | None = None
    executable: str | None = None
    architecture: str | None = None
    stacks: list[StackDraft] = field(default_factory=list)
    modules: dict[str, Module] = field(default_factory=dict)
    listed: set[int] = field(default_factory=set)
    """Threads that the debugger said exist."""
    notes: list[str] = field(default_factory=list)
    forms: dict[str, int] = field(default_factory=dict)
    """Forms that came without a stack of their own (strace)."""
    by_number: dict[str, StackDraft] = field(default_factory=dict)
    by_tid: dict[int, StackDraft] = field(default_factory=dict)
    dropped_threads: int = 0
    headed: bool = False
    """A line above a stack named its thread."""
    prompts: bool = False
    """A debugger's prompt was seen."""
    lines: int = 0
    """Lines read while this trace was the current one."""
    ignored: int = 0
    unreadable: int = 0
    first_unreadable: int | None = None
    """Number of the first line that looked like part of a trace and could not be read; lines count from 1."""

    def new_stack(self, form: str, number: str | None = None, tid: int | None = None, name: str | None = None) -> StackDraft:
        """A thread more."""
        stack = StackDraft(form, number, tid, name)
        if len(self.stacks) < THREADS_LIMIT:
            self.stacks.append(stack)
        else:
            self.dropped_threads += 1
        self.index(stack)
        return stack

    def index(self, stack: StackDraft) -> None:
        """Make a stack findable by what names it."""
        if len(self.by_number) < THREADS_LIMIT and stack.number is not None:
            self.by_number[stack.number] = stack
        if len(self.by_tid) < THREADS_LIMIT and stack.tid is not None:
            self.by_tid[stack.tid] = stack

    def find(self, number: str | None, tid: int | None) -> StackDraft | None:
        """The newest stack of this thread. A number alone is believed only where no kernel id contradicts."""
        if tid is not None and tid in self.by_tid:
            return self.by_tid[tid]
        stack = self.by_number.get(number) if number is not None else None
        return None if stack is None or (tid is not None and stack.tid is not None) else stack

    def form(self, name: str) -> None:
        """Something of this form was read that is no stack."""
        self.forms[name] = self.forms.get(name, 0) + 1

    def note(self, text: str) -> None:
        """Something worth telling that has no field."""
        if text not in self.notes and len(self.notes) < 50:
            self.notes.append(text)

    @property
    def has_frames(self) -> bool:
        """Some stack has a frame."""
        return any(stack.frames for stack in self.stacks)

    @property
    def empty(self) -> bool:
        """Nothing in it that a diagnosis could use."""
        return not self.forms and not any(stack.frames or stack.wait or stack.syscall or stack.wchan for stack in self.stacks)

    @property
    def anonymous(self) -> bool:
        """One stack, and no line named its thread."""
        return len(self.stacks) == 1 and self.stacks[0].number is None and self.stacks[0].tid is None
