"""Cores from small guests of every architecture in the table, read on the host: values, not only names."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from analyzer.analyse import analyse_core
from analyzer.capture.architecture import ARCHITECTURES as NUMBERS
from analyzer.capture.core import CoreOptions

from .errors import CannotRunHere, GuestError
from .hostgdb import ask_about_core
from .hostpackages import require
from .smallguest import ARCHITECTURES, FOREIGN, MadeCore, SmallImage, make_core, small_image


@pytest.mark.parametrize("name", FOREIGN)
def test_the_core_shows_the_orphaned_lock(name: str, tmp_path: Path) -> None:
    try:
        require(["gdb-multiarch"])
        image = small_image(name)
    except CannotRunHere as reason:
        pytest.skip(str(reason))
    made = make_core(image, tmp_path)
    print(f"{name}: core after {made.seconds:.1f} s, {made.core.stat().st_blocks * 512 / 1e3:.0f} kB on disk")
    number, lock, operation, value = made.syscall.split()[:4]
    assert (int(number), int(operation, 16), int(value, 16)) == (ARCHITECTURES[name].futex, 0x80, 2)

    told = ask_about_core(
        image.sysroot,
        made.program,
        made.core,
        [
            "bt",
            "p/x (long) &list_all_lock",
            "p list_all_lock.lock",
            "p list_all_lock.cnt",
            "p ((struct pthread *) list_all_lock.owner)->tid",
            "p ((unsigned int *) &_thread_db_pthread_tid)[2]",
            "x/4xb &list_all_lock",
        ],
    )
    assert re.search(r"_IO_list_lock.*\n.*__libc_fork.*\n.*main", told), told
    values = re.findall(r"^\$\d+ = (\S+)", told, re.MULTILINE)
    child = int(re.search(r"^NSpid:.*\t(\d+)$", made.status, re.MULTILINE)[1])  # type: ignore[index]
    assert int(values[0], 16) == int(lock, 16)
    assert values[1:3] == ["2", "1"]
    assert int(values[3]) in made.parent_tasks - {child}
    assert int(values[4]) == NUMBERS[name].tid_offset
    raw = bytes(int(byte, 16) for byte in told.splitlines()[-1].split(":")[1].split())
    assert raw == struct.pack(">I" if name == "s390x" else "<I", 2)
    assert_proven(made, image, owner=int(values[3]))


def assert_proven(made: MadeCore, image: SmallImage, owner: int) -> None:
    """What the project makes of the same core."""
    diagnosis = analyse_core(made.core, CoreOptions(made.program, image.sysroot), with_reference=False)
    (finding,) = [found for found in diagnosis.findings if found.certainty == "proven"]
    assert finding.signature == "glibc-fork-lock-after-raw-clone"
    assert finding.lock is not None
    assert (finding.lock.symbol, finding.lock.word) == ("list_all_lock", 2)
    assert finding.lock.owner is not None
    assert finding.lock.owner.tid == owner
    (process,) = diagnosis.snapshot.processes
    assert process.architecture == image.name
    assert process.threads[0].syscall is not None
    assert process.threads[0].syscall.number == ARCHITECTURES[image.name].futex
    assert [frame.function for frame in process.threads[0].frames][-2:] == ["__libc_fork", "main"]


@pytest.mark.s390x
def test_a_guest_that_ends_early_says_so_with_its_console(tmp_path: Path) -> None:
    try:
        image = small_image("s390x")
    except CannotRunHere as reason:
        pytest.skip(str(reason))
    source = tmp_path / "no_hang.c"
    source.write_text('#include <unistd.h>\nint main(void) { write(2, "nothing hangs\\n", 14); return 3; }\n')
    with pytest.raises(GuestError, match=r"(?s)guest ended before a core.*guest console.*nothing hangs"):
        make_core(image, tmp_path, source)
