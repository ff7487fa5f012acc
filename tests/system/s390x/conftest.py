"""One guest for all tests that need one: booting costs 7 to 12 s, and what a test leaves it leaves in names of its own.

The cases run side by side in it while the tests wait for them one by one; what each came to is printed at the end.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from . import cases, commands, crossbuilt, livetargets, podman
from .errors import CannotRunHere
from .guest import Guest
from .hostpackages import require
from .outcomes import LINES, note
from .rootimage import RootImage, root_image
from .wheels import project_disk

AT_A_TIME = 2
"""As many as the guest has processors."""
WIDENERS = ("stdio", "malloc", "atfork")


@pytest.fixture(scope="session")
def image() -> RootImage:
    """The s390x root image; a machine that cannot make one skips with the reason."""
    try:
        require(["s390x-linux-gnu-gcc", "gdb-multiarch"])
        return root_image()
    except CannotRunHere as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads that hand cases to the guest. It ends after the guest, whose end makes every step fail at once."""
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        yield threads


@pytest.fixture(scope="session")
def guest(image: RootImage, pool: ThreadPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    """The booted guest with the project on it; each step's seconds are printed."""
    try:
        project = project_disk(tmp_path_factory.mktemp("project"))
    except CannotRunHere as reason:
        pytest.skip(str(reason))
    began = time.monotonic()
    with Guest(image, echo=print, project=project) as booted:
        print(f"boot: {booted.boot_seconds:.1f} s")
        yield booted
        wall, load = time.monotonic() - began, os.getloadavg()[0]
        note(f"guest   {wall:.0f} s, {booted.processor_seconds:.0f} s of processor, load of this machine {load:.0f}")
    assert not Path(f"/proc/{booted.emulator_pid}").exists()
    assert not booted.share.exists()


@pytest.fixture(scope="session")
def loader(guest: Guest) -> Path:
    """The reference loader for the guest, on the host."""
    crossbuilt.compile_program(guest, "peek")
    return crossbuilt.build_loader(guest)


@pytest.fixture(scope="session")
def running_cases(guest: Guest, loader: Path, pool: ThreadPoolExecutor) -> dict[str, Future[cases.Case]]:
    """Every hang, handed to the guest at once; by name."""
    podman.prepare(guest)
    # The longest one first.
    podmans = pool.submit(cases.podman_case, guest)
    return {"podman": podmans, **{name: pool.submit(cases.loader_case, guest, name) for name in WIDENERS}}


@pytest.fixture(scope="session")
def running_commands(
    guest: Guest, running_cases: dict[str, Future[cases.Case]], pool: ThreadPoolExecutor
) -> dict[str, Future[commands.Answer]]:
    """What else of the project runs in the guest, after the hangs."""
    return {name: pool.submit(command, guest) for name, command in commands.ALL.items()}


@pytest.fixture(scope="session")
def running_targets(
    guest: Guest, running_commands: dict[str, Future[commands.Answer]], pool: ThreadPoolExecutor
) -> dict[str, Future[list[livetargets.Seen]]]:
    """Other programs that hang, or do not, after all else."""
    del running_commands
    return {name: pool.submit(livetargets.look, guest, name) for name in livetargets.TARGETS}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A line for every case, whether its test went well or not."""
    if LINES:
        terminalreporter.section("s390x")
        for line in LINES:
            terminalreporter.write_line(line)
