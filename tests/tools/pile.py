"""Piles of inputs for tests and benchmarks: traces of a few bugs, each with other addresses, and the same ones every time."""

from __future__ import annotations

import random
from pathlib import Path

_CAUSES = (
    (
        "#0  futex_wait (private=0, expected=2, futex_word={a} <main_arena>) at ../sysdeps/nptl/futex-internal.h:146",
        "#1  __GI___lll_lock_wait_private (futex=futex@entry={a} <main_arena>) at ./nptl/lowlevellock.c:34",
        "#2  {b} in __GI___libc_malloc (bytes=bytes@entry={n}) at ./malloc/malloc.c:3327",
    ),
    (
        "#0  futex_wait (private=0, expected=2, futex_word={a} <list_all_lock>) at ../sysdeps/nptl/futex-internal.h:146",
        "#1  __GI___lll_lock_wait_private (futex=futex@entry={a} <list_all_lock>) at ./nptl/lowlevellock.c:34",
        "#2  {b} in __GI__IO_list_lock () at ./libio/genops.c:1094",
        "#3  {b} in __libc_fork () at ./posix/fork.c:71",
    ),
    (
        "#0  {a} in frobnicate_until_done (state={b}) at ../src/frob.c:{n}",
        "#1  {b} in wait_for_the_moon () at ../src/moon.c:{n}",
    ),
)
_POLL = (
    "#0  {a} in __GI___poll (fds={b}, nfds={n}, timeout=-1) at ../sysdeps/unix/sysv/linux/poll.c:29",
    "#1  {b} in ?? () from /lib/x86_64-linux-gnu/libglib-2.0.so.0",
)
BUGS = 12
"""Different callers, so different fingerprints: as many clusters."""


def trace(number: int) -> str:
    """The trace with this number; its bug is ``number % BUGS``."""
    rng = random.Random(number)
    bug = number % BUGS
    lines: list[str] = []
    pid = rng.randrange(1000, 4_000_000)
    for thread, inner in ((2, _POLL), (1, _CAUSES[bug % len(_CAUSES)])):
        lines.append(f'Thread {thread} (Thread {_address(rng)} (LWP {pid + thread - 1}) "worker"):')
        lines.extend(line.format(a=_address(rng), b=_address(rng), n=rng.randrange(9999)) for line in inner)
        for level in range(len(inner), len(inner) + 5):
            place = f"at ../src/part{level}/file_{rng.randrange(9973)}.c:{rng.randrange(4000)}"
            lines.append(f"#{level:<2} {_address(rng)} in bug{bug}_step_{level} (self={_address(rng)}, count={level}) {place}")
        last = len(inner) + 5
        lines.append(f"#{last:<2} {_address(rng)} in start_thread (arg=<optimized out>) at ./nptl/pthread_create.c:442")
        lines.append(f"#{last + 1:<2} {_address(rng)} in clone3 () at ../sysdeps/unix/sysv/linux/x86_64/clone3.S:81")
        lines.append("")
    return "\n".join(lines) + "\n"


def traces(folder: Path, count: int) -> Path:
    """``count`` traces, a hundred a folder."""
    for number in range(count):
        place = folder / f"{number // 100:04}"
        if number % 100 == 0:
            place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:06}.txt").write_text(trace(number))
    return folder


def _address(rng: random.Random) -> str:
    return f"0x{rng.randrange(0x7F0000000000, 0x7FFFFFFFFFFF):016x}"
