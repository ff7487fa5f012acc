"""The commands beside the answers: each can be typed as it stands, and shows a person what the answer rests on."""

from __future__ import annotations

from analyzer.capture.seen import Seen
from analyzer.model import Lock

_LARGEST_ID = 1 << 22  # include/linux/threads.h: PID_MAX_LIMIT


def gdb(pid: int, *expressions: str) -> str:
    """gdb commands on a running process, which it lets go again."""
    return " ".join([f"gdb -p {pid} -batch", *(f"-ex '{one}'" for one in expressions)])


def stored_tid(seen: Seen, pointer: int | None) -> str:
    """The thread id that glibc keeps for the main thread; needs no debug information where the structure was found."""
    if pointer is None or seen.architecture is None:
        shown = "print ((struct pthread *) $fs_base)->tid"
    else:
        shown = f"x/dw {pointer + seen.architecture.tid_offset:#x}"
    return f"{gdb(seen.pid, shown)}; grep NSpid /proc/{seen.pid}/status"


def holder(seen: Seen, lock: Lock) -> str:
    """The lock, the thread it names where it names one, and the threads there are."""
    shown = [f"x/2gx {lock.address}"]
    owner = lock.owner
    stored = int(owner.address, 16) if owner is not None else 0
    # A mutex keeps the id itself, in its third word; other locks point to the holder's struct pthread.
    if stored > _LARGEST_ID and seen.architecture is not None:
        shown.append(f"x/dw {stored + seen.architecture.tid_offset:#x}")
    elif stored:
        shown = [f"x/3dw {lock.address}"]
    return f"{gdb(seen.pid, *shown)}; ls /proc/{seen.pid}/task"
