# ruff: noqa: E501 - the lines are as long as tools print them
"""No text makes reading take more than linear time. Twice the length may take at most about twice the time, whatever it is."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest

from analyzer.capture.trace import parse
from analyzer.errors import TraceDeclined

FRAME = "#0  0x00007f0000000001 in "
HOSTILE: dict[str, Callable[[int], str]] = {
    "signs of quoting": lambda n: ">" * n + "\n",
    "signs of quoting with blanks": lambda n: "> " * n + "\n",
    "blanks": lambda n: " " * n + "x\n",
    "tabs": lambda n: "\t" * n + "x\n",
    "hashes": lambda n: "#" * n + "\n",
    "hashes with blanks": lambda n: "# " * n + "\n",
    "numbers": lambda n: "#0 " * n + "\n",
    "a flat stack": lambda n: "".join(f"#{i} 0x00007f0000000001 in f () " for i in range(n // 32)) + "\n",
    "brackets open": lambda n: FRAME + "f (" + "(" * n + "\n",
    "brackets closed": lambda n: FRAME + "f (" + ")" * n + "x\n",
    "places": lambda n: FRAME + "f (" + ") at a:1" * (n // 8) + "x\n",
    "places without lines": lambda n: FRAME + "f (" + ") at aaaa " * (n // 10) + "\n",
    "colons": lambda n: FRAME + "f () at " + "1:" * (n // 2) + "x\n",
    "libraries": lambda n: FRAME + "f () from " + ".so" * (n // 3) + "!\n",
    "angles": lambda n: FRAME + "a" + "<" * n + "\n",
    "templates": lambda n: FRAME + "a<b>::" * (n // 6) + "c (x=1) at d.c:3\n",
    "operators": lambda n: FRAME + "operator " * (n // 9) + "\n",
    "a name": lambda n: FRAME + "a" * n + " () at b.c:3\n",
    "arguments": lambda n: FRAME + "futex_wait (" + "futex=0x7f1234567890, " * (n // 22) + ") at f.c:3\n",
    "a string": lambda n: FRAME + 'f (s="' + "x) at y:1 " * (n // 10) + '") at f.c:3\n',
    "escapes": lambda n: "\x1b[" * (n // 2) + "\n",
    "escapes without end": lambda n: "\x1b]" + "x" * n + "\n",
    "colours": lambda n: "[0;" * (n // 3) + "[m\n",
    "entities": lambda n: "&lt;" * (n // 4) + "\n",
    "ampersands": lambda n: "&" * n + ";\n",
    "tags": lambda n: "<br>" * (n // 4) + "\n",
    "tags without end": lambda n: "</" + "<a " * (n // 3) + "\n",
    "backslashes": lambda n: "\\" * n + "_(\n",
    "escaped newlines": lambda n: "{#0" + "\\n" * (n // 2) + "\n",
    "soft breaks": lambda n: ("a" * 70 + "=\n") * (n // 72),
    "unfinished frames": lambda n: "#0  0x00007f0000000001 in f (a=1,\n" + "b=2,\n" * (n // 5),
    "unfinished headings": lambda n: "Thread 1 (Thread 0x7f (LWP\n" * (n // 27),
    "a pager": lambda n: "--Type <RET> for more" * (n // 21) + "\n",
    "machine interface": lambda n: "^done,stack=[" + 'frame={level="0",' * (n // 17) + "\n",
    "machine interface, quotes": lambda n: '^done,stack=[frame={a="' + '\\"' * (n // 2) + "\n",
    "machine interface, brackets": lambda n: "^done,stack=[frame={" + "{[" * (n // 2) + "\n",
    "console": lambda n: '~"' + "\\n#0" * (n // 4) + '"\n',
    "console without newlines": lambda n: '~"#0  0x00"\n' * (n // 12),
    "goroutine": lambda n: "goroutine 1 [" + "a" * n + "\n",
    "go names": lambda n: "goroutine 1 [select]:\n" + "main." * (n // 5) + "f(0x1)\n",
    "an entry of a list that goes on": lambda n: '* 1  Thread 0x7f (LWP 11) "x" f (\n' + "a=1,\n" * (n // 5),
    "a record that goes on": lambda n: '^done,stack=[frame={level="0",\n' + 'addr="0x1",\n' * (n // 12),
    "records that go on": lambda n: '^done,stack=[frame={level="0",\n' * (n // 31),
    "a call of Go that goes on": lambda n: "goroutine 1 [running]:\nmain.main(\n" + "x,\n" * (n // 3),
    "places of Go without lines": lambda n: "goroutine 1 [running]:\n" + "/a/b\n" * (n // 5),
    "a system call that goes on": lambda n: f"strace: Process 11 attached\nfutex({'0' * 60},\n" + ("x" * 60 + ",\n") * (n // 62),
    "a log's record": lambda n: '{"log":"' + "#0 a\\n" * (n // 6) + '"}\n',
    "records inside of records": lambda n: '{"a":' * (n // 5) + "\\n\\n}\n",
    "a library's path that goes on": lambda n: "TID 1:\n#0  0x00007f0000000001 f - /usr\n" + "/lib\n" * (n // 5),
    "strace": lambda n: "futex(0x7f00aa, " + "{[(" * (n // 3) + "\n",
    "strace quotes": lambda n: 'read(3, "' + '\\"' * (n // 2) + "\n",
    "strace lines": lambda n: "".join(f"[pid {i}] futex(0x7f00aa, FUTEX_WAIT_PRIVATE, 2, NULL <unfinished ...>\n" for i in range(n // 70)),
    "strace families": lambda n: "".join(f"[pid {i}] fork() = {i + 1}\n" for i in range(1, n // 24)),
    "strace threads": lambda n: "".join(f"[pid {i}] clone(flags=CLONE_THREAD) = {i + 1}\n" for i in range(1, n // 40)),
    "symbols": lambda n: "/lib/x.so(" + "a+0x" * (n // 4) + ") [0x1]\n",
    "perf": lambda n: "x" * n + " 12 1.000000: cycles:\n",
    "arrows": lambda n: "a_b <- " * (n // 7) + "c_d\n",
    "log prefixes": lambda n: "Nov  3 10:00:00 " * (n // 16) + "\n",
    "bracketed prefixes": lambda n: "[a] " * (n // 4) + "\n",
    "stacks": lambda n: "#0  0x00007f0000000001 in f ()\n\n" * (n // 32),
    "descending numbers": lambda n: "".join(f"#{i} 0x00007f0000000001 in f ()\n" for i in range(n // 32, 0, -1)),
    "threads": lambda n: "".join(f"Thread {i} (Thread 0x7f (LWP {i + 9})):\n#0  0x00007f0001 in f ()\n" for i in range(n // 65)),
    "threads counted down": lambda n: "".join(f"Thread {i} (LWP {i + 9}):\n#0  0x00007f0001 in f ()\n" for i in range(n // 55, 0, -1)),
    "the same thread": lambda n: "Thread 1 (Thread 0x7f (LWP 9)):\n#0  0x00007f0001 in f ()\n" * (n // 60),
    "selected threads": lambda n: "[Switching to thread 1 (Thread 0x7f (LWP 9))]\n#0  0x00007f0001 in f ()\n" * (n // 70),
    "lists of threads": lambda n: '* 1    Thread 0x7f (LWP 9) "x" 0x00007f0001 in f ()\n' * (n // 50),
    "new threads": lambda n: "".join(f"[New LWP {i}]\n" for i in range(n // 14)),
    "modules": lambda n: "".join(f"Module lib{i}.so with build-id {i:040x}\n" for i in range(n // 70)),
    "invisible": lambda n: "\u200b" * n + "\n",
    "empty lines": lambda n: "\n" * n,
}  # fmt: skip
BASE = 200_000
PER_CHARACTER = 3e-6
"""Seconds of processor time a character that no text may exceed: a generous bound, which a quadratic pattern at this length
exceeds a hundredfold."""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text(name: str) -> None:
    text = HOSTILE[name](BASE)
    begin = time.process_time()
    with contextlib.suppress(TraceDeclined):
        parse(text)
    seconds = time.process_time() - begin
    assert seconds < PER_CHARACTER * len(text) + 0.2


def test_one_line_of_ten_megabytes() -> None:
    for text in (
        "a" * 10_000_000,
        ">" * 10_000_000,
        FRAME + "f (" + "x=1, " * 2_000_000 + ") at f.c:3",
        "^done,stack=[" + "{}" * 500_000,
    ):
        begin = time.process_time()
        parse(text)
        assert time.process_time() - begin < 10


def test_a_stack_of_a_hundred_thousand_frames() -> None:
    def seconds(depth: int) -> float:
        text = "".join(f"#{i} 0x00007f0000000001 in f{i} (x={i}) at file{i}.c:{i + 1}\n" for i in range(depth))
        begin = time.process_time()
        thread = parse(text).snapshot.processes[0].threads[0]
        assert thread.frames_total == depth
        return time.process_time() - begin

    small, large = min(seconds(10_000) for _ in range(3)), seconds(100_000)
    assert large < 30 * small
