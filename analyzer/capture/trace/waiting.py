"""What a frame's printed arguments tell about the wait: the futex's address and, in angle brackets, the symbol there.

Only the innermost frames are asked, and only functions that wait; every other argument is dropped.
"""

from __future__ import annotations

import re

from analyzer.lean_dataclass import dataclass
from analyzer.model import ThreadRef, Wait

INNERMOST = 8
"""Deeper frames are not asked: the wait itself is a few inlined functions at most."""

_WAIT = re.compile(
    r"futex|lll_(?:mutex_)?lock|lll_lock_wait|mutex_(?:timed|clock)?lock|rwlock_\w*(?:lock|wait)|cond_(?:timed|clock)?wait"
    r"|^_{0,2}(?:GI_|libc_)?_{0,3}wait(?:pid|4|4_time64)?$|sem_(?:timed|clock)?wait|^__lock$|^__wait$|^__timedwait|^lock$|SpinLockDelay|lockfile|__lll|thread_gscope_wait"
)
_WAITED_FOR = frozenset({"futex_word", "futex", "uaddr", "mutex", "mut", "rwlock", "cond", "sem", "addr", "lk", "l", "m", "w"})
_TIMEOUTS = frozenset({"abstime", "abs_timeout", "timeout", "at", "to"})
_VALUE = re.compile(
    r"(?:3D)?(?:\w{1,40}@entry=(?:3D)?)?(0x[0-9a-fA-F]{1,16})\b(?: <([^\s<>]{1,400}(?:<[^<>]{0,200}>[^\s<>]{0,200}){0,4})>)?"
)
_ARGUMENTS_LIMIT = 2000
_LOCKS = re.compile("lll|mutex|lock|SpinLockDelay")
_OTHERS = re.compile("cond|sem_|gscope")
_NEUTRAL = re.compile(r"^(?:__)?(?:internal_)?sys(?:call|_futex)|^__syscall|^__kernel_vsyscall$|^__libc_do_syscall$|^__cp_")
"""Between the kernel and the function that waits, and saying nothing."""


def is_wait(function: str | None) -> bool:
    """Whether a function of this name may print what it waits for."""
    if function is None or not ("lock" in function or "wait" in function or "futex" in function or "Spin" in function):
        return False
    return _WAIT.search(function) is not None


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
    child: int | None = None
    """The process that a wait for a child names."""
    levels: int = 0
    """Frames up to here belong to the wait."""
    over: bool = False
    """Frames further out have nothing to do with the wait any more."""

    def look(self, function: str, text: str) -> None:
        """Read what one frame prints; ``text`` is its line or its arguments."""
        if _OTHERS.search(function) is not None:
            self.lock, self.over = False, True
        elif _LOCKS.search(function) is not None:
            self.lock = True
        for argument in text[text.find("(") + 1 : _ARGUMENTS_LIMIT].split(", "):
            name, _, value = argument.strip().partition("=")
            if name in _WAITED_FOR:
                match = _VALUE.match(value)
                if match is not None:
                    self._address(int(match[1], 16), match[2])
            elif name == "pid" and "wait" in function and value.isdecimal() and 0 < len(value) < 10:
                self.child = self.child or int(value) or None
            elif name in _TIMEOUTS and self.timed is None:
                match = _VALUE.match(value)
                if match is not None:
                    self.timed = int(match[1], 16) != 0

    def _address(self, address: int, symbol: str | None) -> None:
        if address < 4096:  # optimised away, or nonsense
            return
        text = f"{address:#x}"
        if self.address is None:
            self.address = text
        if symbol is not None and self.symbol is None and text == self.address:
            self.symbol = symbol

    def wait(self) -> Wait | None:
        """The wait in the words of a live capture; None where nothing was printed."""
        if self.address is None:
            return Wait("wait", "a child process to end", timed=False, peers=(ThreadRef(self.child),)) if self.child else None
        named = f" ({self.symbol})" if self.symbol else ""
        return Wait("futex", f"a futex at {self.address}{named}", timed=self.timed, address=self.address)
