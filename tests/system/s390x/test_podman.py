"""The real podman in the guest, run as the original report did. What its hang proves stands in ``test_cases``."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from .cases import Case
from .outcomes import note
from .podman import RUNS

pytestmark = pytest.mark.s390x

SECONDS = 480.0


@pytest.fixture
def hung(running_cases: dict[str, Future[Case]]) -> Case:
    """Podman, once it has hung and was analysed."""
    return running_cases["podman"].result(SECONDS)


def test_the_user_sees_the_parent_and_the_child_hangs(hung: Case) -> None:
    result = hung.told["attach"].result
    chain = [(link["pid"], link["for"] and link["for"]["pid"]) for link in result["chain"]]
    assert chain[-1] == (hung.child, None)
    assert chain[0] == (hung.parent, chain[1][0])
    functions = [
        frame["function"]
        for process in result["snapshot"]["processes"]
        if process["pid"] == hung.child
        for frame in process["threads"][0]["frames"]
    ]
    assert "reexec_in_user_namespace" in functions


def test_plain_runs_are_counted(hung: Case) -> None:
    assert hung.plain is not None
    (numbers,) = hung.plain.numbers
    assert numbers.counted == RUNS
    assert (numbers.failed, numbers.signalled) == (0, 0)
    assert numbers.low is not None
    assert numbers.high is not None
    note(
        f"podman  without a widener: {numbers.hung} of {RUNS} hung ({numbers.low:.1%} to {numbers.high:.1%}, exact 95 %); "
        "under emulation, so no rate of a real machine"
    )
