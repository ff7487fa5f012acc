"""strace, also -f with the threads' lines interleaved, and -k with stacks: who is in which call when the text ends.

The lines of all threads are gathered first and made into processes when something else begins: clone calls tell which
ids are threads and which are processes of their own, and whether glibc's fork made them.
"""

from __future__ import annotations

import re

from analyzer.capture.trace.calls import Call
from analyzer.capture.trace.forms import Handler
from analyzer.capture.trace.forms.addresses import symbol_line
from analyzer.capture.trace.forms.strace_wait import wait_of
from analyzer.capture.trace.reading import Reading
from analyzer.lean_dataclass import dataclass, field

FORM = "strace"
_TASKS_LIMIT = 20_000
_BREAKS_AT = 55
"""No terminal is narrower; mail programs break before the word that does not fit."""
_COMPLETE = ("NULL", ")", ">", '"')
_CALL_LIMIT = 4_000
_PREFIX = re.compile(
    r"(?:\[pid +(\d{1,9})\] +|(\d{1,9}) +(?=[<+\w-]))?"
    r"(?:\d\d:\d\d:\d\d(?:\.\d{1,9})? +|\d{10}\.\d{1,9} +)?(?:\( *\+ *[\d.]+\) +)?"
)
_CALL = re.compile(r"([a-z_][a-z0-9_]{1,40})\(")
_RESUMED = re.compile(r"<\.\.\. ([a-z_][a-z0-9_]{1,40}) resumed>\s?")
_ATTACHED = re.compile(r"(?:strace: )?Process (\d{1,9}) (attached|detached|suspended|resumed)(?: with (\d{1,6}) threads)?")
_GONE = re.compile(r"\+\+\+ (?:exited with|killed by) ")
_RESULT = re.compile(r"\) *= (-?\d{1,18}|0x[0-9a-f]{1,16}|\?)(?: (E[A-Z]{2,20}))?")
_BEGINS_STRACE = re.compile(
    r"(?:futex\(0x|clone3?\((?:child_stack|\{)|v?fork\(\)|wait4\(|waitid\(P_|pause\(|<\.\.\. [a-z_]{2,40} resumed>"
    r"|restart_syscall\(<|p?poll\(\[|epoll_p?wait\(\d|read\(\d)"
)
_INTERRUPTED = {"ERESTARTSYS", "ERESTART_RESTARTBLOCK", "ERESTARTNOINTR", "ERESTARTNOHAND", "EINTR"}


@dataclass(slots=True)
class Task:
    """One kernel task as far as strace showed it."""

    tid: int | None
    call: str | None = None
    """The call it is in, with its arguments; None when it is in none."""
    gone: bool = False
    frames: list[Call] = field(default_factory=list)


@dataclass(eq=False)
class Book:
    """All tasks of one strace."""

    attached: int | None = None
    tasks: dict[int | None, Task] = field(default_factory=dict)
    parent: dict[int, int | None] = field(default_factory=dict)
    """New process -> the task that made it."""
    leader: dict[int, int | None] = field(default_factory=dict)
    """New thread -> the task that made it."""
    roots: set[int] = field(default_factory=set)
    """Processes that strace was told to attach to, besides the first."""
    raw: set[int] = field(default_factory=set)
    """Processes made by a clone call that glibc's fork never makes."""
    newest: Task | None = None
    lines: int = 0
    broken: bool = False
    """The line before was as long as a terminal is wide, and its call is not complete."""

    def task(self, tid: int | None) -> Task:
        """The task with this id; lines without an id speak of the one that was attached to."""
        tid = tid if tid is not None else self.attached
        if tid not in self.tasks and None in self.tasks and tid not in self.parent and tid not in self.leader:
            main = self.tasks.pop(None)  # the first task, which had no need of an id until there were others
            main.tid = self.attached = tid
            self.tasks[tid] = main
        if tid not in self.tasks:
            if len(self.tasks) >= _TASKS_LIMIT:
                self.tasks.pop(next(iter(self.tasks)))
            self.tasks[tid] = Task(tid)
        self.newest = self.tasks[tid]
        return self.newest

    def group(self, tid: int | None) -> int | None:
        """The process a task belongs to; None = the one that strace was told to follow."""
        seen = 0
        while tid in self.leader and seen < 1000:
            tid, seen = self.leader[tid], seen + 1
        return tid if tid in self.parent or tid in self.roots else None

    def made(self, by: int | None, arguments: str, result: int) -> None:
        """A clone, fork or vfork call returned ``result``."""
        if result <= 0 or len(self.parent) + len(self.leader) > _TASKS_LIMIT:
            return
        if "CLONE_THREAD" in arguments:
            self.leader[result] = self.leader.get(by, by) if by is not None else None
            return
        self.parent[result] = by
        if arguments.startswith("clone") and "CLONE_VM" not in arguments and "CLONE_CHILD_SETTID" not in arguments:
            self.raw.add(result)


def _feed(book: Book, line: str) -> bool:
    prefix = _PREFIX.match(line)
    text = line[prefix.end() :] if prefix is not None else line
    tid = int(prefix[1] or prefix[2]) if prefix is not None and (prefix[1] or prefix[2]) else None
    if _GONE.match(text):
        task = book.task(tid)
        task.call, task.gone = None, True
        return True
    resumed = _RESUMED.match(text)
    if resumed is not None:
        task = book.task(tid)
        before = task.call or f"{resumed[1]}("
        _finish(book, task, before + text[resumed.end() :])
        return True
    call = _CALL.match(text)
    if call is not None:
        task = book.task(tid)
        task.frames = []
        _finish(book, task, text)
        return True
    return text.startswith(("--- SIG", "--- stopped", "<unfinished ...>", "<detached ...>", "strace: ", "^C", "exit_group"))


def _finish(book: Book, task: Task, text: str) -> None:
    """A call's text so far: is it over?"""
    result = _RESULT.search(text[-300:])
    if result is None or "<unfinished ...>" in text[-40:]:
        task.call = text.partition("<unfinished ...>")[0].strip()
        return
    if result[1] == "?" or result[2] in _INTERRUPTED:
        task.call = text[: text.rfind(")")] or text  # interrupted by strace itself, or by the end
        return
    task.call = None
    if text.startswith(("clone", "fork(", "vfork(")) and result[1].isdecimal():
        book.made(task.tid, text, int(result[1]))


def _lines(reading: Reading, line: str, _: str) -> bool:
    book = reading.book
    if not isinstance(book, Book) or not line:
        return not line
    book.lines += 1
    match = _ATTACHED.match(line)
    if match is not None:
        if match[2] == "attached" and book.attached is None:
            book.attached = int(match[1])
        elif match[2] == "attached" and not book.tasks and int(match[1]) != book.attached:
            book.roots.add(int(match[1]))  # before any call: another -p, not a thread that was followed
        return True
    inside = line.find("strace: Process ")
    if inside > 0:  # printed in the middle of a call's line
        return _feed(book, line[:inside]) and _lines(reading, line[inside:], "")
    frame = symbol_line(line.lstrip("> "))
    if frame is not None and book.newest is not None:
        if len(book.newest.frames) < 256:
            book.newest.frames.append(frame)
        return True
    if _feed(book, line):
        task = book.newest
        unfinished = task is not None and task.call is not None and line.endswith(task.call)
        book.broken = unfinished and len(line) >= _BREAKS_AT and not line.endswith(_COMPLETE)
        return True
    return _rest_of_call(book, line)


def _rest_of_call(book: Book, line: str) -> bool:
    """A line that a terminal or a mail program broke goes on in this one."""
    task = book.newest
    if not book.broken or task is None or task.call is None or line[0] in "#$[(" or len(task.call) > _CALL_LIMIT:
        return False
    book.broken = len(line) >= _BREAKS_AT and not line.endswith(_COMPLETE)
    _finish(book, task, task.call + line)
    return True


def _open(reading: Reading, attached: int | None) -> None:
    trace = reading.trace
    if trace.has_frames and (attached is None or trace.pid != attached):
        trace = reading.new_trace()
    reading.book = Book(attached if attached is not None else trace.pid if trace.empty else None)
    reading.settle = settle
    reading.enter(_lines)


def begin(reading: Reading, line: str) -> bool:
    """A line that only strace writes: from here on its lines are gathered."""
    match = _ATTACHED.match(line)
    if match is not None:
        if reading.book is None:
            _open(reading, int(match[1]) if match[2] == "attached" else None)
        else:
            reading.enter(_lines)
        return _lines(reading, line, line)
    prefix = _PREFIX.match(line)
    text = line[prefix.end() :] if prefix is not None else line
    marked = prefix is not None and prefix[1] is not None
    if not (_BEGINS_STRACE.match(text) or (marked and (_CALL.match(text) or _GONE.match(text)))):
        return False
    if reading.book is None:
        _open(reading, None)
    else:
        reading.enter(_lines)
    return _lines(reading, line, line)


def settle(reading: Reading) -> None:
    """Make processes of what was gathered."""
    book = reading.book
    reading.book = reading.settle = None
    if not isinstance(book, Book):
        return
    groups: dict[int | None, list[Task]] = {}
    for task in book.tasks.values():
        if not task.gone:
            groups.setdefault(book.group(task.tid), []).append(task)
    main = groups.pop(None, [])
    ordered = [(None, main)] if main else []
    for pid, tasks in [*ordered, *groups.items()]:
        _make(reading, book, pid, tasks)


def _make(reading: Reading, book: Book, pid: int | None, tasks: list[Task]) -> None:
    only = tasks[0].tid if len(tasks) == 1 else None
    known = pid if pid is not None else book.attached if book.attached is not None else only
    trace = reading.process(known, fresh=not reading.trace.empty and reading.trace.pid != known)
    trace.form(FORM)
    if pid is not None:
        if pid in book.parent:
            parent = book.parent[pid]
            leader = book.group(parent)
            trace.ppid = leader if leader is not None else book.attached if book.attached is not None else parent
        if pid in book.raw:
            trace.note(
                "strace: it was made by a clone call without CLONE_CHILD_SETTID, which glibc's fork always sets: a raw clone."
            )
    elif len(tasks) > 1 and book.attached is None:
        trace.note("strace: whether these ids are threads of one process cannot be told from its lines.")
    for task in tasks:
        stack = trace.find(None, task.tid) if task.tid is not None else None
        if stack is None:
            stack = trace.new_stack(FORM, None, task.tid)
        if task.call is not None:
            stack.wait = wait_of(task.call) or stack.wait
        for call in task.frames:
            reading.stack = stack
            reading.follow(FORM, call)
    reading.stack = None


HANDLERS: dict[str, Handler] = {"_": begin}
