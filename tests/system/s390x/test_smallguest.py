"""Cores from small guests of every architecture in the table, read on the host: values, not only names."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from .errors import CannotRunHere, GuestError
from .hostgdb import ask_about_core
from .hostpackages import require
from .smallguest import ARCHITECTURES, make_core, small_image

pytestmark = pytest.mark.s390x

TID_OFFSET = 208
"""Of `tid` in struct pthread on s390x, aarch64 and ppc64le: what _thread_db_pthread_tid must say there."""


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
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
    assert int(values[4]) == TID_OFFSET
    raw = bytes(int(byte, 16) for byte in told.splitlines()[-1].split(":")[1].split())
    assert raw == struct.pack(">I" if name == "s390x" else "<I", 2)


def test_a_guest_that_ends_early_says_so_with_its_console(tmp_path: Path) -> None:
    try:
        image = small_image("s390x")
    except CannotRunHere as reason:
        pytest.skip(str(reason))
    source = tmp_path / "no_hang.c"
    source.write_text('#include <unistd.h>\nint main(void) { write(2, "nothing hangs\\n", 14); return 3; }\n')
    with pytest.raises(GuestError, match=r"(?s)guest ended before a core.*guest console.*nothing hangs"):
        make_core(image, tmp_path, source)
