"""lock-holder-possible: could another thread of this process hold the lock, which does not say who holds it?

A thread holds a lock of libc only while it is inside libc. So a thread cannot be the holder when all of its stack was seen and
libc appears in it only as the scaffolding that started it and as one plain wait (pause, read, pthread_cond_wait ...); nor can
one that waits for the same lock. Every other thread could: one that runs, one whose stack is cut, one inside malloc. Being
careful here costs certainty, never truth.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.capture.facts.answer import unknown, yes_no
from analyzer.capture.locks import STARTERS
from analyzer.capture.seen import Seen
from analyzer.capture.stacks import RawFrame
from analyzer.model import Fact

_NAME = "lock-holder-possible"
_PLAIN_WAITS = {
    "pause", "read", "write", "readv", "poll", "ppoll", "select", "pselect", "nanosleep", "clock_nanosleep", "usleep", "sleep",
    "pthread_cond_wait", "pthread_cond_timedwait", "pthread_cond_clockwait", "sem_wait", "sem_timedwait", "epoll_wait",
    "epoll_pwait", "accept", "accept4", "recv", "recvfrom", "recvmsg", "send", "sendmsg", "wait", "wait4", "waitpid", "waitid",
    "sigwait", "sigwaitinfo", "sigtimedwait", "sigsuspend", "pthread_join", "syscall", "flock", "fcntl", "pthread_mutex_lock",
}  # fmt: skip


def measure(seen: Seen, family: Mapping[int, Seen]) -> list[Fact]:  # noqa: ARG001 - every fact has the same form
    """One answer a thread that waits for a lock."""
    facts = []
    for tid, lock in seen.locks.items():
        how = f"gdb -p {seen.pid} -batch -ex 'thread apply all bt'"
        if lock.owner is not None and lock.owner.orphaned is not None:
            facts.append(yes_no(_NAME, not lock.owner.orphaned, "the lock names its holder", how, tid))
            continue
        candidates = [
            other.tid for other in seen.before.threads if other.tid != tid and _could_hold(seen, other.tid, lock.address)
        ]
        if len(seen.before.threads) > 1 and not seen.stacks.threads:
            facts.append(unknown(_NAME, "the stacks of the other threads were not seen", how, tid))
        elif candidates:
            named = ", ".join(map(str, candidates[:5])) + (", ..." if len(candidates) > 5 else "")
            value = f"{len(candidates)} other thread(s) run, or are inside libc: {named}"
            facts.append(yes_no(_NAME, True, value, how, tid))
        else:
            value = "no other thread is inside libc" if len(seen.before.threads) > 1 else "there is no other thread"
            facts.append(yes_no(_NAME, False, value, how, tid))
    return facts


def _could_hold(seen: Seen, tid: int, address: str) -> bool:
    futex = seen.futex(tid)
    if futex is not None and f"{futex.address:#x}" == address:
        return False
    stack = seen.stacks.threads.get(tid)
    if seen.moved(tid) is not False and seen.live:
        return True
    if stack is None or stack.cut or stack.problem or not stack.frames:
        return True
    innermost, rest = _split_innermost_libc(seen, stack.frames)
    if not innermost or _bare(innermost[-1]) not in _PLAIN_WAITS:
        return True
    return any(_in_libc(seen, frame) and frame.function not in STARTERS for frame in rest)


def _split_innermost_libc(seen: Seen, frames: tuple[RawFrame, ...]) -> tuple[list[RawFrame], list[RawFrame]]:
    """The innermost run of libc's frames, and everything further out."""
    count = next((index for index, frame in enumerate(frames) if not _in_libc(seen, frame)), len(frames))
    return list(frames[:count]), list(frames[count:])


def _in_libc(seen: Seen, frame: RawFrame) -> bool:
    module = seen.space.module(frame.address) if seen.space and frame.address is not None else None
    return module is not None and module[0] == seen.libc.value.path


def _bare(frame: RawFrame) -> str:
    """``__GI___pthread_cond_wait``, ``__libc_pause`` -> the name in the manual."""
    name = (frame.function or "").split("@")[0]
    for prefix in ("__GI_", "__libc_", "___", "__"):
        name = name.removeprefix(prefix)
    return name
