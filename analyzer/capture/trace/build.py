"""From drafts to the snapshot's values: ids are decided, gaps are named, locks are gathered."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from analyzer.capture.trace.drafts import INNER, OUTER, WHOLE, StackDraft, TraceDraft, small_number
from analyzer.capture.trace.frames import KERNEL
from analyzer.capture.trace.quality import Tally
from analyzer.model import Capture, Frame, Lock, Process, Thread

NAMED_BY = "printed in the trace"
THREAD_STAND_INS = "The text does not tell every thread's id: the debugger's own numbers, or numbers from 0, stand in for them."
UNKNOWN_NAME = "unknown"
ONLY_INNERMOST = "only the innermost frame was listed"


@lru_cache(maxsize=16)
def capture(notes: tuple[str, ...]) -> Capture:
    """How a text was captured: nobody knows what it cost the process."""
    return Capture("trace", None, None, None, None, why="the input is text", notes=notes)


def _shape(stack: StackDraft) -> tuple[tuple[Frame, ...], int | None, bool, str | None]:
    """(frames, frames in the whole stack, whether frames are missing, why)."""
    frames = stack.frames
    if stack.descending:
        frames = frames[::-1]
    problems = list(stack.problems)
    if not frames:
        return (), None, False, "; ".join(problems) or None
    if stack.elided or stack.paged:
        stack.outer_missing = True
        problems.append("the text leaves frames out" if stack.elided else "the print stops where a pager asked to go on")
    if stack.provisional:
        stack.outer_missing = True
        problems.append(ONLY_INNERMOST)
    if stack.limit is not None and len(frames) == stack.limit and frames[-1].level == stack.limit - 1 and not stack.outer_missing:
        stack.outer_missing = True
        problems.append(f"the command printed at most {stack.limit} frames")
    whole = frames[-1].level + 1
    missing = _missing(frames, problems) if len(frames) != whole and not stack.thinned else False
    if stack.thinned or len(frames) > WHOLE:
        if len(frames) > INNER + OUTER:
            frames = frames[:INNER] + frames[-OUTER:]
        problems.append(f"{whole - INNER - OUTER} frames in the middle were dropped here, they are in the text")
        missing = True
    total = None if stack.outer_missing else whole
    return tuple(frames), total, missing or stack.outer_missing, "; ".join(problems) or None


def _missing(frames: list[Frame], problems: list[str]) -> bool:
    """Name the gaps between the frames' numbers."""
    if frames[0].level:
        problems.append(f"the stack begins at frame {frames[0].level}")
    gaps = [(before.level + 1, after.level - 1) for before, after in pairwise(frames) if after.level > before.level + 1]
    for first, last in gaps[:3]:
        problems.append(f"frame {first} is missing" if first == last else f"frames {first} to {last} are missing")
    if len(gaps) > 3:
        problems.append(f"and {len(gaps) - 3} more gaps")
    return bool(frames[0].level or gaps)


def _thread(stack: StackDraft, tid: int) -> Thread:
    frames, total, cut, problem = _shape(stack)
    wait = stack.wait
    if stack.seen is not None and (wait is None or (wait.address is None and not wait.peers)):
        wait = stack.seen.wait() or wait
    return Thread(
        tid=tid,
        name=stack.name,
        state=stack.state,
        wchan=stack.wchan,
        syscall=stack.syscall,
        wait=wait,
        frames=frames,
        frames_total=total,
        cut=cut,
        problem=problem,
    )


def _merged(stacks: list[StackDraft]) -> list[StackDraft]:
    """One stack a thread: of two prints of the same thread the longer one; user frames before kernel frames."""
    seen: dict[int, StackDraft] = {}
    result: list[StackDraft] = []
    for stack in stacks:
        old = seen.get(stack.tid) if stack.tid is not None else None
        if old is None:
            if stack.tid is not None:
                seen[stack.tid] = stack
            result.append(stack)
            continue
        better, worse = (stack, old) if _rank(stack) > _rank(old) else (old, stack)
        better.wait = better.wait or worse.wait
        better.syscall = better.syscall or worse.syscall
        better.wchan = better.wchan or worse.wchan
        better.state = better.state or worse.state
        better.name = better.name or worse.name
        better.number = better.number or worse.number
        result[result.index(old)] = better
        seen[stack.tid or 0] = better
    return result


def _rank(stack: StackDraft) -> tuple[bool, int]:
    return (bool(stack.frames) and stack.frames[0].module != KERNEL, len(stack.frames))


def process_id(trace: TraceDraft) -> int | None:
    """The process id, if the text tells: by name, or as the kernel id of the debugger's thread 1, which is the process's own
    when no other is smaller (a debugger that attaches numbers the main thread 1)."""
    if trace.pid is not None:
        return trace.pid
    ids = [stack.tid for stack in trace.stacks if stack.tid is not None]
    if not ids:
        return None
    if len(trace.stacks) == 1 and trace.stacks[0].number is None:
        return ids[0]
    numbers = trace.by_number
    first = numbers.get("1") or next((numbers[number] for number in numbers if number.endswith(".1")), None)
    smallest = min(ids)
    return smallest if first is not None and first.tid == smallest else None


def build(trace: TraceDraft, pid: int, *, stands_in: bool) -> tuple[Process, Tally]:
    """The process of a draft under the id ``pid``, and the counts for the parse quality."""
    tally = Tally(
        lines=trace.lines,
        ignored=trace.ignored,
        unreadable=trace.unreadable,
        first_unreadable=trace.first_unreadable,
        processes=1,
        standing_in=int(stands_in),
    )
    stacks = _merged(trace.stacks) if len(trace.stacks) > 1 else trace.stacks
    taken = {stack.tid for stack in stacks if stack.tid is not None}
    threads: list[Thread] = []
    waiters: dict[tuple[str, str | None], list[int]] = {}
    stand_ins = 0
    spare = 0
    for stack in stacks:
        tid = stack.tid
        if tid is None:
            stand_ins += len(stacks) > 1 or stands_in
            wanted = small_number(stack.number.lstrip("g").rpartition(".")[2]) if stack.number else -1
            tid = wanted if wanted >= 0 and wanted not in taken else None
            if tid is None and len(stacks) == 1 and not stands_in:
                tid = pid
            while tid is None:
                tid, spare = (spare, spare + 1) if spare not in taken else (None, spare + 1)
            taken.add(tid)
        thread = _thread(stack, tid)
        threads.append(thread)
        if stack.form not in trace.forms:
            tally.count(stack.form)
        _count(tally, thread)
        if stack.seen is not None and stack.seen.lock and stack.seen.address is not None:
            waiters.setdefault((stack.seen.address, stack.seen.symbol), []).append(tid)
    for form, count in trace.forms.items():
        tally.count(form, count)
    tally.threads = len(threads)
    threads = _main_first(threads, stacks, pid)
    total = max(len(threads) + trace.dropped_threads, len(trace.listed))
    names = {thread.name for thread in threads if thread.name and not thread.name.startswith("goroutine ")}
    process = Process(
        pid=pid,
        name=trace.name or _program(trace.executable) or (names.pop() if len(names) == 1 else None) or UNKNOWN_NAME,
        ppid=trace.ppid,
        executable=trace.executable,
        architecture=trace.architecture,
        modules=tuple(trace.modules.values()),
        threads=tuple(threads),
        threads_total=total if total > len(threads) else None,
        locks=tuple(
            Lock(address, symbol, NAMED_BY if symbol else None, waiters=tuple(tids))
            for (address, symbol), tids in waiters.items()
        ),
        capture=capture(_notes(trace, stand_ins, stands_in)),
    )
    return process, tally


def _count(tally: Tally, thread: Thread) -> None:
    named = placed = 0
    for frame in thread.frames:
        if frame.function is not None:
            named += 1
        if frame.module is not None or frame.file is not None:
            placed += 1
    tally.cut += thread.cut
    tally.frames += len(thread.frames)
    tally.named += named
    tally.placed += placed


def _main_first(threads: list[Thread], stacks: list[StackDraft], pid: int) -> list[Thread]:
    """The main thread first, the others as the text has them."""
    if len(threads) < 2:
        return threads
    for index, stack in enumerate(stacks):
        if threads[index].tid == pid or stack.number == "1":
            return [threads[index], *threads[:index], *threads[index + 1 :]]
    return threads


def _program(executable: str | None) -> str | None:
    return executable.rpartition("/")[2][:64] or None if executable else None


def _notes(trace: TraceDraft, stand_ins: int, stands_in: bool) -> tuple[str, ...]:
    notes = list(trace.notes)
    if stands_in:
        notes.append("The text does not tell the process id: the number here only stands in for it.")
    if stand_ins and not (stands_in and len(trace.stacks) == 1):
        notes.append(THREAD_STAND_INS)
    if trace.dropped_threads:
        notes.append(f"{trace.dropped_threads} threads more are in the text; they were not kept.")
    return tuple(notes)
