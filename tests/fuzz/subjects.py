"""The readers that are fuzzed, each a function of bytes that returns when all is well.

An error of the project's own tree is well; anything else that is raised is a mistake of ours.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import json
import os
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from analyzer.capture import procfs, sock_diag
from analyzer.capture.architecture import ARCHITECTURES
from analyzer.capture.core_file import CoreFile
from analyzer.capture.core_own import own_note_of
from analyzer.capture.core_sysroot import build_id_of
from analyzer.capture.gdbmi import Answer, MiSession
from analyzer.capture.maps import parse_maps
from analyzer.capture.package import go_build
from analyzer.capture.peers import children, descriptor, file_locks, held_up, tcp
from analyzer.capture.peers.polled import in_epoll_set
from analyzer.capture.questions import take_names, take_threads
from analyzer.capture.stacks import Stacks, parse_frames
from analyzer.capture.trace import iter_traces, parse
from analyzer.capture.waits import describe, parse_syscall
from analyzer.diagnose.cases import read_cases
from analyzer.diagnose.document import Document
from analyzer.diagnose.match import Matcher
from analyzer.diagnose.read_catalogue import read_catalogue
from analyzer.diagnose.read_signature import read_signature
from analyzer.errors import HangAnalyzeError
from analyzer.render import FORMATS, render_any
from analyzer.render.json import any_from_json
from tests.fuzz import seeds
from tests.unit.diagnose.build import shipped

FILES = ("stat", "status", "syscall", "schedstat", "wchan", "children", "maps", "fdinfo", "locks", "tcp")


@dataclass(frozen=True)
class Subject:
    """One reader."""

    read: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    longest: int = 4096
    """Bytes of an input."""


def _every(number: int, data: bytes) -> bool:
    """Whether this input is one of every ``number``: what is slow is tried with these only."""
    return zlib.crc32(data) % number == 0


_session: list[MiSession] = []


def mi(data: bytes) -> None:
    """gdb's lines: taken apart as a session does, then every answer as its askers do."""
    if not _session:
        _session.append(MiSession(["true"], {}))
    session = _session[0]
    session._answers.clear()
    session._pending.clear()
    session._take(data + b"\n")
    answers = list(session._answers.values())
    for answer in answers:
        parse_frames(answer.payload())
        answer.message()
    if answers:
        stacks = Stacks()
        take_names(answers, range(len(answers) - 1), stacks)
        architecture = ARCHITECTURES["x86_64"]
        row = [*answers, *[answers[-1]] * 8][:8]
        take_threads({1: row, 2: [Answer(0, "done", data)] * 4}, architecture, stacks)


def proc(data: bytes) -> None:
    """Files of /proc, through everything that reads them."""
    texts = dict(zip(FILES, (piece.decode("utf-8", "backslashreplace") for piece in data.split(seeds.SEPARATOR)), strict=False))

    def read(path: str, limit: int = 0) -> str | None:
        del limit
        name = path.rpartition("/")[2]
        return texts.get("fdinfo" if "/fdinfo/" in path else "tcp" if name == "tcp6" else name, "")

    with _proc_of(read):
        with contextlib.suppress(HangAnalyzeError):
            procfs.sample(42)
        procfs.thread_counters(42, 42)
        procfs.start_ticks(42)
        procfs.process_state(42)
        procfs.children(42)
        procfs.started_at(1)
        space = parse_maps(texts.get("maps", ""))
        for mapping in space.mappings:
            space.module(mapping.end - 1)
        for architecture in ARCHITECTURES.values():
            call = parse_syscall(texts.get("syscall"), architecture)
            describe(call, "S")
            if call is not None and call.name in {"wait4", "waitid"}:
                children.waited_for(42, call)
            if call is not None:
                children.vfork_child(42, 42, call, architecture.name)
        end = descriptor.Descriptor(42, 3, "epoll", "anon_inode:[eventpoll]")
        in_epoll_set(end)
        children.by_pidfd(end)
        assert end.readable in {True, False}
        file_locks.file_locks(texts.get("locks", ""))
        held_up.kernel_stack(42, 42)
        connections = tcp.TcpConnections()
        connections.connection(os.getpid(), 7788)
    sock_diag._peer(data)


@contextlib.contextmanager
def _proc_of(read: Callable[..., str | None]) -> Iterator[None]:
    """/proc is what ``read`` says. By hand: mock.patch takes longer than all the reading."""
    places = (procfs, children, descriptor, file_locks, held_up, tcp)
    before: list[tuple[ModuleType, str, Any]] = [(place, "read_text", vars(place)["read_text"]) for place in places]
    before += [(procfs, "thread_ids", procfs.thread_ids), (procfs, "_SETTLING_S", procfs._SETTLING_S)]
    try:
        for place in places:
            setattr(place, "read_text", read)  # noqa: B010 - mypy sees modules of one kind
        procfs.thread_ids, procfs._SETTLING_S = (lambda pid: [pid]), 0
        yield
    finally:
        for place, name, value in before:
            setattr(place, name, value)


def trace(data: bytes) -> None:
    """A pasted text, whole or as a stream."""
    text = data.decode("utf-8", "backslashreplace")
    with contextlib.suppress(HangAnalyzeError):
        if _every(4, data):
            for _ in iter_traces(text.splitlines()):
                pass
        else:
            parse(text)


def toml(data: bytes) -> None:
    """A signature; some are taken for a symbol set or a case file instead."""
    if _every(8, data):
        folder = _folder()
        for name in ("symbols/fuzzed.toml", "cases/fuzzed.toml"):
            (folder / name).write_bytes(data)
        catalogue, _ = read_catalogue([folder])
        read_cases([folder], catalogue)
        return
    signature = read_signature(Document(_Text(data), "fuzzed.toml"), shipped().sets)  # type: ignore[arg-type]
    if signature is not None:
        Matcher(list(signature.patterns()), shipped().sets)


@dataclass(frozen=True)
class _Text:
    """As much of a Path as Document asks for."""

    data: bytes
    stem: str = "fuzzed"

    def stat(self) -> os.stat_result:
        return os.stat_result((0, 0, 0, 0, 0, 0, len(self.data), 0, 0, 0))

    def read_bytes(self) -> bytes:
        return self.data


_folders: list[tempfile.TemporaryDirectory[str]] = []


def _folder() -> Path:
    if not _folders:
        _folders.append(tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
        for name in ("symbols", "cases"):
            (Path(_folders[0].name) / name).mkdir()
    return Path(_folders[0].name)


def saved(data: bytes) -> None:
    """A saved result; one that is taken is rendered in every format."""
    text = edited(data[1:]) if data[:1] == b"!" else data.decode("utf-8", "replace")
    try:
        result = any_from_json(text)
    except HangAnalyzeError:
        return
    for format in FORMATS if _every(32, data) else ():
        _ = render_any(result, format)


_VALUES: list[object] = [
    None, True, 0, -1, 1 << 70, 1.5, "", "<script>", "\u202e\x1b[31m\x00", "\udcff", [], {}, [None], {"pid": 1}, "yes", "0x0",
    "x" * 3000, "proven", [[]], 2551,
]  # fmt: skip


def edited(edits: bytes) -> str:
    """The seed's document with values put in place of others: two bytes say which, one what."""
    document, paths = json.loads(seeds.document()), _paths()
    for start in range(0, min(len(edits), 48) - 2, 3):
        *way, key = paths[int.from_bytes(edits[start : start + 2], "big") % len(paths)]
        what = edits[start + 2] % (len(_VALUES) + 2)
        with contextlib.suppress(LookupError, TypeError):  # an edit before took that place away
            holder: Any = functools.reduce(_inside, way, document)
            if what < len(_VALUES):
                holder[key] = copy.deepcopy(_VALUES[what])
            elif what == len(_VALUES):
                del holder[key]
            elif isinstance(holder, list):
                holder.append(copy.deepcopy(_inside(holder, key)))
    return json.dumps(document)


def _inside(value: Any, step: str | int) -> Any:
    return value[step]


@functools.cache
def _paths() -> list[tuple[str | int, ...]]:
    def below(value: object, way: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
        items: Iterable[tuple[str | int, object]] = ()
        if isinstance(value, dict):
            items = value.items()
        elif isinstance(value, list):
            items = enumerate(value)
        for key, inner in items:
            yield (*way, key)
            yield from below(inner, (*way, key))

    return list(below(json.loads(seeds.document()), ()))


def notes(data: bytes) -> None:
    """A core and, as the same bytes, an executable."""
    from tests.unit.capture.test_core_file import read_all

    descriptor_of = os.memfd_create("fuzzed", os.MFD_CLOEXEC)
    try:
        os.write(descriptor_of, data)
        path = Path(f"/proc/self/fd/{descriptor_of}")
        if _every(32, data):
            build_id_of(path)
            go_build.find(descriptor_of)
            return
        with contextlib.suppress(HangAnalyzeError):
            read_all(path)
            core = CoreFile(path)
            try:
                own_note_of(core)
            finally:
                core.close()
    finally:
        os.close(descriptor_of)


SUBJECTS = {
    "mi": Subject(mi, seeds.mi),
    "proc": Subject(proc, seeds.proc),
    "trace": Subject(trace, seeds.trace, 6000),
    "toml": Subject(toml, seeds.toml),
    "saved": Subject(saved, seeds.saved, 12000),
    "notes": Subject(notes, seeds.notes),
}
