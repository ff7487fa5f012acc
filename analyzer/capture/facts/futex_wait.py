"""futex-wait: does the thread wait in a futex call that only a wake-up ends?

From /proc/PID/task/TID/syscall: the call's number and arguments as the kernel holds them; nothing is guessed from frames.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.capture.facts.answer import unknown, yes_no
from analyzer.capture.seen import Seen
from analyzer.model import Fact

_NAME = "futex-wait"


def measure(seen: Seen, family: Mapping[int, Seen]) -> list[Fact]:  # noqa: ARG001 - every fact has the same form
    """One answer a thread."""
    facts = []
    for thread in seen.before.threads:
        tid = thread.tid
        how = f"cat /proc/{seen.pid}/task/{tid}/syscall"
        syscall = seen.syscalls.get(tid)
        futex = seen.futex(tid)
        if futex is not None:
            value = f"futex({futex.address:#x}, wait for it to change from {futex.expected:#x}, "
            value += "with a timeout)" if futex.timed else "no timeout)"
            facts.append(yes_no(_NAME, not futex.timed, value, how, tid))
        elif syscall is not None:
            value = f"it is in {syscall.name or f'system call {syscall.number}'}"
            facts.append(yes_no(_NAME, False, value, how, tid))
        elif thread.counters.syscall == "running" or thread.counters.state == "R" or (syscall is None and seen.moved(tid)):
            facts.append(yes_no(_NAME, False, "it runs", how, tid))
        else:
            facts.append(unknown(_NAME, "the kernel does not show its system call", how, tid))
    return facts
