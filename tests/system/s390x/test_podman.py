"""The real podman in the guest: it works, it hangs under the widener, and the guest's gdb names the lock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import podman
from .guest import Guest
from .rootimage import ORDINARY_USER

pytestmark = pytest.mark.s390x


@pytest.fixture(scope="module", autouse=True)
def _prepared(guest: Guest) -> Iterator[None]:
    podman.prepare(guest)
    yield
    # The widener's thread would take one of the guest's two processors from whoever comes next.
    podman.forget(guest)


def test_a_plain_first_run_loads_the_image(guest: Guest) -> None:
    loaded = podman.plain_run(guest)
    assert loaded.exit_code == 0, loaded.stderr
    assert loaded.stdout == "Loaded image: localhost/tiny:1\n"


def test_a_widened_first_run_hangs_on_the_list_lock(guest: Guest) -> None:
    hung = podman.hang(guest)
    command = (
        f"gdb --nx -iex 'set auto-load no' -iex 'set sysroot /proc/{hung.child}/root' -batch -p {hung.child} "
        "-ex bt -ex 'p list_all_lock.lock' "
        "-ex 'p list_all_lock.owner ? ((struct pthread *) list_all_lock.owner)->tid : 0'"
    )
    told = guest.run("podman-bt", command, 90, ORDINARY_USER, check=True).stdout
    assert "_IO_list_lock" in told
    assert "reexec_in_user_namespace" in told
    assert "$1 = 2" in told
    owner = told.rpartition("$2 = ")[2].split()[0]
    listed = guest.run("podman-tasks", f"ls /proc/{hung.parent}/task; echo; ls /proc/{hung.child}/task", 10, check=True)
    parents, childs = (part.split() for part in listed.stdout.split("\n\n"))
    assert len(childs) == 1
    if owner == "0":
        # Seen once in six: copied between taking the lock word and noting the owner. The word alone is set then, and
        # the only thread there is waits for it.
        print("owner not recorded")
    else:
        assert owner in parents
        assert owner not in childs
