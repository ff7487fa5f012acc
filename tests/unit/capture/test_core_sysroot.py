"""The files that a core names are looked at before they are opened: some act on being opened, as a watchdog or a tape does."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.capture.core_sysroot import build_id_of

IN_OPEN = 0x20


def opened(path: Path, act: Callable[[], object]) -> bool:
    """Whether somebody opened the file at ``path`` to read or write it while ``act`` ran."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert watch >= 0
    try:
        assert libc.inotify_add_watch(watch, os.fsencode(path), IN_OPEN) >= 0
        act()
        try:
            return bool(os.read(watch, 4096))
        except BlockingIOError:
            return False
    finally:
        os.close(watch)


def test_a_program_is_opened(tmp_path: Path) -> None:
    program = tmp_path / "program"
    shutil.copy(sys.executable, program)
    assert opened(program, lambda: build_id_of(program))


@pytest.mark.parametrize("linked", [False, True])
def test_what_is_no_file_is_not_opened(tmp_path: Path, linked: bool) -> None:
    place = named = tmp_path / "place"
    os.mkfifo(place)
    if linked:
        named = tmp_path / "link"
        named.symlink_to(place)
    assert not opened(place, lambda: build_id_of(named))
    assert build_id_of(named) is None
