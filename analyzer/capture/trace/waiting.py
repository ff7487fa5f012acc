"""What a frame's printed arguments tell about the wait: the futex's address and, in angle brackets, the symbol there.

Only the innermost frames are asked, and only functions that wait; every other argument is dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzer.model import Wait

INNERMOST = 8
"""Deeper frames are not asked: the wait itself is a few inlined functions at most."""

_WAIT = re.compile(
    r"futex|lll_(?:mutex_)?lock|lll_lock_wait|mutex_(?:timed|clock)?lock|rwlock_\w*(?:lock|wait)|cond_(?:timed|clock)?wait"
    r"|sem_(?:timed|clock)?wait|sem_wait|^__lock$|^__wait$|^__timedwait|^lock$|SpinLockDelay|lockfile|__lll|thread_gscope_wait"
)
_ARGUMENT = re.compile(
    r"\b(futex_word|futex|uaddr|mutex|mut|rwlock|cond|sem|addr|lk|l|m|w)=(?:3D)?(?:\w{1,40}@entry=(?:3D)?)?(0x[0-9a-fA-F]{1,16})\b"
    r"(?: <([^\s<>]{1,400}(?:<[^<>]{0,200}>[^\s<>]{0,200}){0,4})>)?"
)
_TIMEOUT = re.compile(r"\b(?:abstime|abs_timeout|timeout|at|to)=(?:\w{1,40}@entry=)?(0x[0-9a-fA-F]{1,16})\b")
_LOCKS = ("lll", "mutex", "rwlock", "__lock", "lock", "lockfile", "SpinLockDelay")
_OTHERS = ("cond", "sem_", "gscope")


_NEUTRAL = re.compile(r"^(?:__)?(?:internal_)?sys(?:call|_futex)|^__syscall|^__kernel_vsyscall$|^__cp_")
"""Between the kernel and the function that waits, and saying nothing."""


def is_wait(function: str | None) -> bool:
    """Whether a function of this name may print what it waits for."""
    return function is not None and _WAIT.search(function) is not None


def is_neutral(function: str | None) -> bool:
    """Whether a function of this name may stand between the kernel and the one that waits."""
    return function is None or _NEUTRAL.search(function) is not None


@dataclass(slots=True)
class SeenWait:
    """What the frames of one stack printed about their wait, gathered from the innermost outwards."""

    address: str | None = None
    symbol: str | None = None
    lock: bool = False
    """A function that takes a lock is among them, and none that waits for a condition or a semaphore."""
    timed: bool | None = None
    levels: int = 0
    """Frames up to here belong to the wait."""
    over: bool = False
    """Frames further out have nothing to do with the wait any more."""

    def look(self, function: str, text: str) -> None:
        """Read what one frame prints; ``text`` is its line or its arguments."""
        if any(word in function for word in _OTHERS):
            self.lock, self.over = False, True
        elif any(word in function for word in _LOCKS):
            self.lock = True
        for _, address, symbol in _ARGUMENT.findall(text, 0, 2000):
            number = int(address, 16)
            if number < 4096:  # optimised away, or nonsense
                continue
            if self.address is None:
                self.address = f"{number:#x}"
            if symbol and self.symbol is None and number == int(self.address, 16):
                self.symbol = symbol
        if self.timed is None:
            timeout = _TIMEOUT.search(text, 0, 2000)
            if timeout is not None:
                self.timed = int(timeout[1], 16) != 0

    def wait(self) -> Wait | None:
        """The wait in the words of a live capture; None where nothing was printed."""
        if self.address is None:
            return None
        named = f" ({self.symbol})" if self.symbol else ""
        return Wait("futex", f"a futex at {self.address}{named}", timed=self.timed, address=self.address)
