"""Relatives that cannot be looked at are told of as far as the kernel tells, and cost the process that was asked for nothing."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests import targets
from tests.live.analysing import ORDINARY_USER, as_user, hanganalyze
from tests.live.hostile.starting import runs_on, started, until_still
from tests.live.hostile.test_processes import READS, analysed, thread
from tests.targets.procs import parent_of

pytestmark = pytest.mark.live

_SEIZE, _DETACH = 0x4206, 17


@contextmanager
def traced_by_us(pid: int) -> Iterator[None]:
    """Somebody else's tracer, which leaves the process running."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    assert libc.ptrace(_SEIZE, pid, 0, 0) == 0, os.strerror(ctypes.get_errno())
    yield  # it is let go of when the process ends, or this thread does


@pytest.mark.parametrize("capture", ["attach", "stop"])
def test_a_child_that_somebody_else_traces(capture: str) -> None:
    with targets.running("raw_clone_lock", "fork") as target, traced_by_us(target.pid):
        parent = target.number("parent")
        ran = hanganalyze(parent, "--capture", capture, "--no-reference", "--json")
        process = analysed(ran)
        assert process["pid"] == parent
        assert "main" in {frame["function"] for frame in thread(process, parent)["frames"]}
        (child,) = [one for one in ran.result["snapshot"]["processes"] if one["pid"] == target.pid]
        assert f"no debugger could be attached: process {os.getpid()} traces it already" in child["capture"]["notes"]
        assert child["threads"][0]["wait"]["kind"] == "futex"  # what the kernel tells is there
        runs_on(parent)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_a_child_that_its_own_user_may_not_look_at() -> None:
    program = targets.build("hostile")
    script = 'unset TARGET_HARNESS; "$0" undumpable >/dev/null & exec "$0" plain'
    with started([*as_user(ORDINARY_USER), "sh", "-c", script, program]) as child:
        parent = parent_of(child)
        assert parent is not None
        until_still(parent)
        ran = hanganalyze(parent, "--no-reference", "--json", user=ORDINARY_USER)
        process = analysed(ran)
        assert process["pid"] == parent
        assert READS in {frame["function"] for frame in thread(process, parent)["frames"]}
        (other,) = [one for one in ran.result["snapshot"]["processes"] if one["pid"] == child]
        assert any("its memory could not be read: not permitted" in note for note in other["capture"]["notes"])
        assert other["name"].startswith("hostile")
        runs_on(parent)
        runs_on(child)
