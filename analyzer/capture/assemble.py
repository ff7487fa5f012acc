"""From what was seen of each process to the Snapshot."""

from __future__ import annotations

import datetime
import os
import sys

from analyzer import __version__
from analyzer.capture import procfs
from analyzer.capture.loaded_elf import LoadedElf
from analyzer.capture.memory import MemoryUnreadable
from analyzer.capture.seen import Seen
from analyzer.capture.stacks import named_frame
from analyzer.model import Capture, Fact, Host, Libc, Lock, Module, Process, Thread, Tool


def process(
    seen: Seen, facts: tuple[Fact, ...], capture: Capture, *, include_values: bool, executable: str | None = None
) -> Process:
    """One process of the snapshot. ``executable`` is for a core; a live process is asked."""
    before = seen.before
    if seen.live:
        executable = procfs.link(seen.pid, "exe")
    threads = tuple(_thread(seen, tid) for tid in (thread.tid for thread in before.threads))
    libc = seen.libc.value
    return Process(
        pid=seen.pid,
        name=before.name,
        ppid=before.ppid,
        namespace_pids=before.namespace_pids,
        uid=before.uid,
        state=before.state or None,
        executable=executable,
        build_id=_build_id(seen, executable),
        package=seen.package,
        architecture=seen.architecture.name if seen.architecture else None,
        started_at=procfs.started_at(before.start_ticks) if seen.live else None,
        cpu_s=before.cpu_s if seen.live else None,
        command_line=_command_line(seen.pid) if include_values else None,
        libc=Libc(libc.kind, libc.version, libc.path, libc.build_id, seen.stacks.libc_debug_info),
        modules=_modules(seen, threads),
        threads=threads,
        threads_total=len(before.threads),
        locks=_unique_locks(seen),
        facts=facts,
        capture=capture,
    )


def _thread(seen: Seen, tid: int) -> Thread:
    """One thread; of one whose parts make no sense only that it is there, and why no more."""
    try:
        return _whole_thread(seen, tid)
    except Exception as error:
        return Thread(tid=tid, problem=f"what was seen of it made no sense: {error!r}")


def _whole_thread(seen: Seen, tid: int) -> Thread:
    sample = seen.before.thread(tid)
    assert sample is not None
    stack = seen.stacks.threads.get(tid)
    pointer = seen.thread_pointer(tid)
    return Thread(
        tid=tid,
        name=sample.name or None,
        state=sample.counters.state or None,
        namespace_tid=sample.namespace_tid,
        wchan=sample.wchan,
        syscall=seen.syscalls.get(tid),
        wait=seen.waits.get(tid),
        thread_pointer=f"{pointer:#x}" if pointer is not None else None,
        moved=seen.moved(tid),
        frames=tuple(named_frame(frame, seen.space) for frame in stack.frames) if stack else (),
        frames_total=stack.total if stack else None,
        cut=stack.cut if stack else False,
        problem=(stack.problem if stack else "its stack was not looked at"),
        guessed_beyond=stack.guessed_beyond if stack else None,
    )


def _unique_locks(seen: Seen) -> tuple[Lock, ...]:
    return tuple({lock.address: lock for lock in seen.locks.values()}.values())


def _modules(seen: Seen, threads: tuple[Thread, ...]) -> tuple[Module, ...]:
    paths = dict.fromkeys(frame.module for thread in threads for frame in thread.frames if frame.module)
    modules = []
    for path in paths:
        base = seen.space.base(path) if seen.space else None
        modules.append(Module(path, _build_id(seen, path), f"{base:#x}" if base is not None else None))
    return tuple(modules)


def _build_id(seen: Seen, path: str | None) -> str | None:
    base = seen.space.base(path) if seen.space and path else None
    if base is None or seen.memory is None:
        return None
    try:
        return LoadedElf(seen.memory, base).build_id
    except MemoryUnreadable:
        return None


def _command_line(pid: int) -> tuple[str, ...] | None:
    text = procfs.read_text(f"/proc/{pid}/cmdline")
    return tuple(text.rstrip("\0").split("\0")) if text else None


def host() -> Host:
    """The machine we are on."""
    distribution = None
    for line in (procfs.read_text("/etc/os-release") or "").splitlines():
        if line.startswith("PRETTY_NAME="):
            distribution = line.partition("=")[2].strip("\"'")
    system = os.uname()
    return Host(system.machine, system.release, distribution, os.cpu_count())


def tools(debugger: str | None, version: str | None) -> tuple[Tool, ...]:
    """The programs that took part."""
    found = [Tool("hanganalyze", __version__), Tool("python", "{}.{}.{}".format(*sys.version_info), sys.executable)]
    if debugger:
        found.append(Tool("gdb", version or "unknown", debugger))
    return tuple(found)


def now() -> str:
    """This moment, UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0).isoformat()
