"""One guest for all tests that need one: booting costs 7 to 12 s, and what a test leaves it leaves in names of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .errors import CannotRunHere
from .guest import Guest
from .hostpackages import require
from .rootimage import RootImage, root_image


@pytest.fixture(scope="session")
def image() -> RootImage:
    """The s390x root image; a machine that cannot make one skips with the reason."""
    try:
        require(["s390x-linux-gnu-gcc", "gdb-multiarch"])
        return root_image()
    except CannotRunHere as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def guest(image: RootImage) -> Iterator[Guest]:
    """The booted guest; each step's seconds are printed."""
    with Guest(image, echo=print) as booted:
        print(f"boot: {booted.boot_seconds:.1f} s")
        yield booted
    assert not Path(f"/proc/{booted.emulator_pid}").exists()
    assert not booted.share.exists()
