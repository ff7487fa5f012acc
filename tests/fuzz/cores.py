"""Mutated and cut-off cores, through the whole analysis: no crash, no hang, no wrong «proven».

    python -m tests.fuzz.cores --count 10000 --real-every 100

gdb takes most of an analysis, and what it lists depends on little of a core. So it reads each core once, whole; the mutated ones
get those stacks, and everything else is read from the mutated bytes. One of so many goes through a real gdb.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import functools
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

from analyzer.analyse import analyse_core
from analyzer.capture import core as core_capture
from analyzer.capture import core_stacks, core_sysroot
from analyzer.capture.core import CoreOptions
from analyzer.capture.stacks import Stacks
from analyzer.errors import HangAnalyzeError
from analyzer.model import Diagnosis
from tests import targets

CASES: dict[tuple[str, ...], bool] = {
    # whether a proof of a raw clone's hang is right
    ("raw_clone_lock", "fork"): True,
    ("owner_alive",): False,
    ("plain_fork_child", "mutex"): False,
    ("signal_self_deadlock", "malloc", "raw"): False,
    ("vm_shared_child",): False,
    ("two_lock_cycle",): False,
}
FAMILY = {"glibc-fork-lock-after-raw-clone", "glibc-lock-after-raw-clone"}
SLOWEST_S = 60
known_build_id = functools.cache(core_sysroot.build_id_of)
"""Of a file of this machine, read once."""
EXTREMES = (0, 1, 1 << 31, (1 << 32) - 1, 1 << 63, (1 << 64) - 1)


@dataclass(frozen=True)
class Whole:
    """A core before anything is done to it."""

    case: tuple[str, ...]
    data: bytes
    places: tuple[tuple[int, int], ...]
    """(start, end) of the headers, of the notes, and of everything."""
    program: Path
    stacks: Stacks


class HangError(Exception):
    """One analysis took too long."""


def take(case: tuple[str, ...], folder: Path) -> Whole:
    """The core of a target."""
    place = folder / "-".join(case)
    with targets.running(*case) as target:
        program = Path(shutil.copy(f"/proc/{target.pid}/exe", f"{place}.program"))
        subprocess.run(["gcore", "-o", str(place), str(target.pid)], capture_output=True, check=True, timeout=60)
        written = Path(f"{place}.{target.pid}")
    data = written.read_bytes()
    written.unlink()
    stacks: list[Stacks] = []
    real = core_stacks.photograph

    def keep(*arguments: Any, **named: Any) -> Stacks:
        stacks.append(real(*arguments, **named))
        return copy.deepcopy(stacks[0])

    path = folder / "whole"
    path.write_bytes(data)
    with mock.patch.object(core_stacks, "photograph", keep):
        diagnosis = analyse_core(path, CoreOptions(program), with_reference=False)
    assert proven(diagnosis) == CASES[case], (case, diagnosis.findings)
    return Whole(case, data, places(data), program, stacks[0])


def places(data: bytes) -> tuple[tuple[int, int], ...]:
    """Where the headers, the notes and everything of an x86_64 core lie. gcore writes the notes behind the memory."""
    (offset,), (count,) = struct.unpack_from("<Q", data, 32), struct.unpack_from("<H", data, 56)
    headers = [struct.unpack_from("<IIQQQQQQ", data, offset + 56 * number) for number in range(count)]
    notes = next(header for header in headers if header[0] == 4)
    return (0, offset + 56 * count), (notes[2], notes[2] + notes[5]), (0, len(data))


def mutated(whole: Whole, rng: random.Random) -> bytes:
    """The core with something of its headers, its notes, seldom of its memory changed, or cut off, or both."""
    data = bytearray(whole.data)
    first, end = rng.choices(whole.places, (4, 6, 1))[0]
    kind = rng.randrange(8)
    if kind <= 3:
        for _ in range(rng.randint(1, 5)):
            data[rng.randrange(first, end)] = rng.randrange(256)
    elif kind == 4:
        struct.pack_into("<Q", data, rng.randrange(first, end - 8), rng.choice(EXTREMES))
    elif kind == 5:
        start, size = rng.randrange(first, end), rng.randint(1, 400)
        data[start : start + size] = bytes(size) if rng.random() < 0.5 else rng.randbytes(size)
    elif kind == 6:
        one, other, size = rng.randrange(first, end), rng.randrange(first, end), rng.choice((4, 8, 20, 336, 400))
        data[one : one + size] = data[other : other + size]
    if kind == 7 or rng.random() < 0.1:
        del data[rng.randrange(len(data)) :]
    return bytes(data)


def proven(diagnosis: Diagnosis) -> bool:
    """Whether it proves a hang that a raw clone left behind."""
    return any(one.certainty == "proven" and one.signature in FAMILY for one in diagnosis.findings)


@contextlib.contextmanager
def without_gdb(stacks: Stacks) -> Iterator[None]:
    """Every core has these stacks, and its files stay the same."""
    with (
        mock.patch.object(core_sysroot, "build_id_of", known_build_id),
        mock.patch.object(core_stacks, "photograph", side_effect=lambda *_, **__: copy.deepcopy(stacks)),
        mock.patch.object(core_capture, "debugger_for", return_value=mock.Mock(path="gdb", version="13.1")),
    ):
        yield


def too_long(_: int, __: FrameType | None) -> None:
    raise HangError


def main() -> int:
    """0: nothing went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.cores")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--real-every", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=0, help="stop after so long")
    options = parser.parse_args()
    rng, outcomes, wrong, began = random.Random(options.seed), Counter[str](), 0, time.monotonic()
    signal.signal(signal.SIGALRM, too_long)
    # Every round writes a core and throws it away: better into memory than onto a disk.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="hanganalyze-cores-", dir=memory) as name:
        folder = Path(name)
        cores = [take(case, folder) for case in CASES]
        path = folder / "core"
        for number in range(options.count):
            if options.seconds and time.monotonic() - began > options.seconds:
                break
            whole = cores[number % len(cores)]
            path.write_bytes(data := mutated(whole, rng))
            real = options.real_every and (number // len(cores)) % options.real_every == 0
            signal.alarm(SLOWEST_S)
            outcome = ""
            try:
                with contextlib.nullcontext() if real else without_gdb(whole.stacks):
                    diagnosis = analyse_core(path, CoreOptions(whole.program), with_reference=False)
                outcome = "proven" if proven(diagnosis) else "not proven"
                bad = outcome == "proven" and not CASES[whole.case]
            except HangAnalyzeError:
                outcome, bad = "refused", False
            except Exception as error:  # whatever it is, it is what is looked for
                outcome, bad = f"{error!r}", True
            finally:
                signal.alarm(0)
            outcomes[("with gdb: " if real else "") + outcome] += 1
            if bad:
                wrong += 1
                kept = Path(f"crash-core-{number}")
                kept.write_bytes(data)
                print(f"{' '.join(whole.case)}: {outcome}: {kept}", file=sys.stderr)
    total = sum(outcomes.values())
    print(f"{total} mutated cores in {time.monotonic() - began:.0f} s, {wrong} wrong: {dict(outcomes)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
