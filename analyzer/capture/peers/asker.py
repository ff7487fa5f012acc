"""What every thread of a process waits for, and who could end it.

An Asker lives as long as one analysis. What is expensive to ask (everybody's file descriptors, the table of locks) it asks once,
and only when some wait needs it; the files for rarer waits are imported only then, because importing costs more than asking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.capture.memory import MemoryUnreadable
from analyzer.capture.peers import children, held_up
from analyzer.capture.peers.answer import Answer
from analyzer.capture.peers.descriptor import Descriptor, descriptor
from analyzer.capture.peers.holders import Holders
from analyzer.capture.peers.streams import Streams
from analyzer.capture.seen import Seen
from analyzer.lean_dataclass import replace
from analyzer.model import Syscall, Wait

if TYPE_CHECKING:
    from analyzer.capture.peers.file_locks import FileLocks
    from analyzer.capture.peers.polled import Polled

_READS = {"read", "readv", "pread64", "recvfrom", "recvmsg", "recvmmsg", "splice"}
_WRITES = {"write", "writev", "sendto", "sendmsg"}
_ACCEPTS = {"accept", "accept4"}
_POLLS = {"poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait", "epoll_pwait2"}
MOST_ASKED = 64
"""Descriptors of one poll whose other end is looked for."""
MOST_TOLD = 3


class Asker:
    """Answers what threads wait for, and who could end it."""

    def __init__(self) -> None:
        self.holders = Holders()
        self._streams = Streams(self.holders)
        self._file_locks: FileLocks | None = None

    def ask(self, seen: Seen) -> None:
        """Put words and peers into every wait of a process; waits that are alike are asked once."""
        known: dict[tuple[str, ...], Answer | None] = {}
        for tid, syscall in seen.syscalls.items():
            thread = seen.before.thread(tid)
            state = thread.counters.state if thread else "?"
            key = (state, *((syscall.name or "", *syscall.arguments[:5]) if syscall else ()))
            if state == "D" or key not in known:
                known[key] = self._answer_or_none(seen, tid, state, syscall)
            answer = known[key]
            wait = seen.waits.get(tid)
            if answer is None:
                continue
            if wait is None:
                wait = Wait("kernel" if state == "D" else "unknown", "", timed=None)
            seen.waits[tid] = replace(wait, text=answer.words, peers=answer.peers)

    def _answer_or_none(self, seen: Seen, tid: int, state: str, syscall: Syscall | None) -> Answer | None:
        try:
            return self._answer(seen, tid, state, syscall)
        except Exception as error:  # the waits of the other threads are still to be had
            seen.notes.append(f"who could end the wait of thread {tid} could not be found out: {error!r}")
            return None

    def _answer(self, seen: Seen, tid: int, state: str, syscall: Syscall | None) -> Answer | None:
        if state in {"T", "t"}:
            tracer = seen.before.tracer
            return held_up.traced(tracer) if tracer or state == "t" else held_up.stopped(seen.pid)
        if seen.memory is None and syscall is None and state == "S":
            return Answer("something that the kernel does not show to us (another user's process: sudo hanganalyze)")
        answer = self._call(seen, tid, syscall) if syscall is not None and syscall.name is not None else None
        if state != "D":
            return answer
        thread = seen.before.thread(tid)
        where = held_up.in_kernel(seen.pid, tid, thread.wchan if thread else None)
        if answer is not None:
            return replace(answer, remark=", ".join(filter(None, [answer.remark, where])))
        known = seen.waits.get(tid)
        return Answer(known.text if known else "the kernel", (), where)

    def _call(self, seen: Seen, tid: int, syscall: Syscall) -> Answer | None:
        name, pid = syscall.name, seen.pid
        if name in {"wait4", "waitid"}:
            return children.waited_for(pid, syscall)
        if name in {"vfork", "clone"}:
            return children.vfork_child(pid, tid, syscall, seen.architecture.name if seen.architecture else None)
        if name == "openat":
            from analyzer.capture.peers import opening

            return opening.opened(pid, syscall, seen.memory)
        if name in _POLLS:
            return self._poll(seen, syscall)
        if name not in _READS | _WRITES | _ACCEPTS | {"flock", "fcntl"}:
            return None
        end = descriptor(pid, int(syscall.arguments[0], 16) & 0xFFFFFFFF)
        if end is None:
            return None
        if name in {"flock", "fcntl"}:
            if self._file_locks is None:
                from analyzer.capture.peers.file_locks import FileLocks

                self._file_locks = FileLocks(self.holders)
            return self._file_locks.answer(end, str(name))
        if name in _ACCEPTS:
            return Answer(f"a connection on {end.words}")
        return self._end(end, writes=name in _WRITES)

    def _end(self, end: Descriptor, *, writes: bool) -> Answer:
        """What ``end`` has to give before a thread that reads from it, writes to it or polls it goes on."""
        if end.kind == "process":
            return children.by_pidfd(end)
        if end.kind == "timer":
            return Answer(f"a timer (file descriptor {end.number})")
        if end.kind == "signals":
            return Answer(f"a signal (file descriptor {end.number})")
        return self._streams.answer(end, writes=writes)

    def _poll(self, seen: Seen, syscall: Syscall) -> Answer | None:
        from analyzer.capture.peers.polled import polled

        order = seen.architecture.byte_order if seen.architecture else "little"
        try:
            members = polled(seen.pid, syscall, seen.memory, order)
        except MemoryUnreadable:
            return None
        if not members:
            return None
        answers = self._members(seen.pid, members, deeper=True)
        peers = dict.fromkeys(peer for answer in answers for peer in answer.peers)
        if len(members) == 1 and len(answers) == 1:
            return replace(answers[0], peers=tuple(peers))
        texts = [answer.words for answer in answers[:MOST_TOLD]]
        more = f" and {len(members) - len(texts)} more" if len(members) > len(texts) else ""
        return Answer(f"any of {len(members)}: {'; '.join(texts)}{more}", tuple(peers))

    def _members(self, pid: int, members: list[Polled], *, deeper: bool) -> list[Answer]:
        """One answer for each; an epoll set inside is opened, once."""
        from analyzer.capture.peers.polled import in_epoll_set

        answers: list[Answer] = []
        for member in members[:MOST_ASKED]:
            end = descriptor(pid, member.number)
            if end is None:
                continue
            if end.kind == "epoll" and deeper:
                answers += self._members(pid, in_epoll_set(end), deeper=False)
            else:
                answers.append(self._end(end, writes=member.writes and not member.reads))
        return answers
