"""address-space-shared: does the process share its memory with its parent or another of the family (CLONE_VM, vfork)?

If so, a lock held by a thread of the other process is not orphaned: that thread can release it. The kernel compares the two
(kcmp(2), KCMP_VM); it needs the right to ptrace both, and a kernel built with CONFIG_KCMP.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from analyzer.capture.architecture import ARCHITECTURES
from analyzer.capture.facts.answer import unknown, yes_no
from analyzer.capture.kernel_calls import KCMP_VM, same_memory
from analyzer.capture.procfs import process_state
from analyzer.capture.seen import Seen
from analyzer.model import Fact

_NAME = "address-space-shared"


def measure(seen: Seen, family: Mapping[int, Seen]) -> list[Fact]:
    """One answer for the process."""
    ours = ARCHITECTURES.get(os.uname().machine)
    number = ours.kcmp if ours is not None else "kcmp"
    # Prints 0 where the two have the same memory, 1 or 2 where not, -1 where it may not be asked.
    how = (
        f"python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall({number}, {seen.pid}, {seen.before.ppid}, {KCMP_VM}, 0, 0))'"
    )
    if not seen.live and seen.shares_memory is not None:
        text = "it shared its memory" if seen.shares_memory else "its memory was its own"
        return [yes_no(_NAME, seen.shares_memory, f"{text} when the core was taken", how)]
    if not seen.live:
        return [unknown(_NAME, "only the kernel knows it, and the process is not running here", how)]
    if ours is None:
        return [unknown(_NAME, f"no system call table for {os.uname().machine}", how)]
    others = {seen.before.ppid, *family} - {seen.pid, 0, 1}
    refused = []
    for other in sorted(others):
        answer = same_memory(seen.pid, other, ours.kcmp)
        if answer is True:
            return [yes_no(_NAME, True, f"it shares its memory with process {other}", how)]
        if isinstance(answer, str) and process_state(other) is not None:
            refused.append(f"process {other}: {answer}")
    if refused:
        return [unknown(_NAME, "; ".join(refused), how)]
    return [yes_no(_NAME, False, "its memory is its own", how)]
