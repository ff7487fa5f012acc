"""Capture of a core: the same Snapshot as of a live process, from the core's own notes and memory.

What only the kernel knows of a running process (robust list, shared memory, samples) stays unknown; what stands in memory (lock
words, owners, glibc's thread ids and count) is measured by the same code as live, so a core can prove a cause.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from analyzer.capture import assemble, core_stacks
from analyzer.capture.core_debugger import debugger_for
from analyzer.capture.core_file import CoreFile, CoreMemory
from analyzer.capture.core_links import link_names
from analyzer.capture.core_notes import CoreProcess, read_notes, system_call, thread_pointer
from analyzer.capture.core_own import add_own_note, correct_stacks, own_note_of
from analyzer.capture.core_placeholder import write_placeholder
from analyzer.capture.core_space import core_space, executable_path
from analyzer.capture.core_sysroot import FilledMemory, FoundFiles, find_files, lay_out
from analyzer.capture.core_unpack import plain_core
from analyzer.capture.core_unread import doubt_guesses
from analyzer.capture.core_words import about_files, about_writer
from analyzer.capture.facts import measure_all
from analyzer.capture.glibc_threads import pthread_size
from analyzer.capture.libc import find_libc
from analyzer.capture.locks import find_locks
from analyzer.capture.procfs import Counters, ProcessSample, ThreadSample
from analyzer.capture.seen import Seen
from analyzer.capture.stacks import Stacks, ThreadStack
from analyzer.capture.waits import describe
from analyzer.errors import UsageError
from analyzer.lean_dataclass import dataclass, replace
from analyzer.model import Capture, Fact, Snapshot
from analyzer.scratch import scratch_folder


@dataclass(frozen=True)
class CoreOptions:
    """What the caller may choose."""

    executable: Path | None = None
    """The program that the core is of; None = look for it where the core says it was."""
    sysroot: Path | None = None
    """Folder with the files of the machine the core comes from; None = this machine's own."""
    debugger: str | None = None
    """Path of a gdb; None = find one that knows the architecture."""


def capture_core(path: Path, options: CoreOptions, meanwhile: Callable[[], None] = lambda: None) -> Snapshot:
    """A snapshot of the process that left this core. Raises CoreUnreadable, the errors of the debugger, UsageError."""
    if options.sysroot is not None and not options.sysroot.is_dir():
        raise UsageError(f"--sysroot {options.sysroot} is not a folder.")
    if options.executable is not None and not options.executable.is_file():
        raise UsageError(f"--exe {options.executable} is not a file.")
    with ExitStack() as stack:
        plain = stack.enter_context(plain_core(path))
        core = CoreFile(plain, str(path))
        stack.callback(core.close)
        notes = read_notes(core)
        own = own_note_of(core)
        seen, files, memory = _look(core, notes, options)
        if own is not None:
            add_own_note(seen, own, core.named)
        stack.callback(memory.close)
        root = stack.enter_context(scratch_folder("root"))
        links = link_names(memory, seen.space, notes.auxv, core.architecture) if seen.space else {}
        lay_out(files, links, root)
        debugger = debugger_for(core.architecture, options.debugger)
        stack.callback(debugger.close)
        meanwhile()
        executable = executable_path(seen.space, notes.auxv) if seen.space else None
        program = files.matching.get(executable, files.believed.get(executable)) if executable else None
        debug_root = str(options.sysroot or "")
        nothing = write_placeholder(stack.enter_context(scratch_folder("program")), core.architecture)
        debugger.prepare(str(root), str(program) if program else None, debug_root, str(nothing))
        futexes = {tid: wait for tid in seen.syscalls if (wait := seen.futex(tid)) is not None and not wait.timed}
        addresses = list(dict.fromkeys(wait.address for wait in futexes.values()))
        found = core_stacks.photograph(debugger.session, plain, [seen.pid, *futexes], addresses, named=str(path))
        _add_thread_pointers(seen, notes, core, found, debugger.version)
        if own is not None:
            correct_stacks(seen, own)
        doubt_guesses(seen, files)
        return _snapshot(seen, core, notes, files, executable, str(path), debugger.path)


def _look(core: CoreFile, notes: CoreProcess, options: CoreOptions) -> tuple[Seen, FoundFiles, FilledMemory]:
    """What the core tells without a debugger."""
    own = CoreMemory(core)
    space = core_space(notes.files, core.segments, notes.auxv)
    executable = executable_path(space, notes.auxv)
    given = (executable, options.executable) if executable and options.executable else None
    files = find_files(space, own, options.sysroot or Path("/"), given)
    memory = FilledMemory(own, files, notes.files)
    seen = Seen(_sample(notes), core.architecture, space, memory, live=False, foreign_numbers=core.by_debugger)
    seen.libc = find_libc(space, memory, executable)
    for thread in notes.threads:
        seen.syscalls[thread.tid] = system_call(thread, core.architecture, memory.read)
        seen.waits[thread.tid] = describe(seen.syscalls[thread.tid], None)
    return seen, files, memory


def _sample(notes: CoreProcess) -> ProcessSample:
    ids = sorted((thread.tid for thread in notes.threads), key=lambda tid: (tid != notes.pid, tid))
    threads = tuple(ThreadSample(tid, tid, "", None, Counters("", None, None, None, None)) for tid in ids)
    return ProcessSample(
        pid=notes.pid,
        ppid=notes.ppid or 0,
        name=notes.name,
        state=notes.state or "",
        start_ticks=0,
        cpu_s=0.0,
        uid=notes.uid or 0,
        tracer=0,
        namespace_pids=(),
        kernel_thread=False,
        threads=threads,
        taken=0.0,
    )


def _add_thread_pointers(seen: Seen, notes: CoreProcess, core: CoreFile, found: Stacks, debugger_version: str | None) -> None:
    """Thread pointers come from the notes; only threads that the notes have come into the snapshot: libthread_db is off, and
    whatever else a debugger may invent is left out."""
    size = pthread_size(seen)
    stacks = Stacks(symbols=found.symbols, libc_debug_info=found.libc_debug_info, debugger_version=debugger_version)
    stacks.stopped_ms, stacks.notes = found.stopped_ms, found.notes
    for thread in notes.threads:
        stack = found.threads.get(thread.tid, ThreadStack(problem="gdb does not list this thread"))
        pointer = thread_pointer(thread, core.architecture, size)
        stacks.threads[thread.tid] = ThreadStack(stack.frames, stack.total, pointer, stack.problem)
    seen.stacks = stacks


def _facts(seen: Seen, path: str) -> tuple[Fact, ...]:
    """The facts, with commands that a person can type: the process that they name is gone."""
    facts = measure_all(seen, {seen.pid: seen})
    return tuple(replace(fact, how=fact.how.replace(f"gdb -p {seen.pid}", f"gdb --core {path}")) for fact in facts)


def _snapshot(
    seen: Seen, core: CoreFile, notes: CoreProcess, files: FoundFiles, executable: str | None, path: str, gdb: str
) -> Snapshot:
    find_locks(seen, {seen.pid: seen})
    capture = Capture(
        method="core",
        stopped_ms=None,
        consistent=True,
        state_before=None,
        state_after=None,
        why="a core shows one moment",
        notes=(*seen.notes, *seen.stacks.notes),
    )
    process = assemble.process(seen, _facts(seen, path), capture, include_values=False, executable=executable)
    return Snapshot(
        capture=capture,
        processes=(process,),
        tools=assemble.tools(gdb, seen.stacks.debugger_version),
        taken_at=None,
        source=path,
        notes=(*about_files(files, seen.libc.value.path, executable), *about_writer(core, notes)),
    )
