"""Target programs of the live tests, in the guest: the verdict is the one that the same program gets on this machine."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from .livetargets import TARGETS, Seen, on_this_machine
from .outcomes import note

pytestmark = pytest.mark.s390x

SECONDS = 480.0


def verdict(result: dict[str, Any]) -> dict[str, object]:
    """What does not depend on the machine: who waits where for what, and how certain that is."""
    return {
        "status": result["status"],
        "findings": [(finding["signature"], finding["certainty"]) for finding in result["findings"]],
        "locks": [lock["symbol"] for process in result["snapshot"]["processes"] for lock in process["locks"]],
        "threads": sorted(len(process["threads"]) for process in result["snapshot"]["processes"]),
    }


@pytest.mark.parametrize("name", TARGETS)
def test_the_verdict_is_that_of_this_machine(running_targets: dict[str, Future[list[Seen]]], name: str) -> None:
    for seen in running_targets[name].result(SECONDS):
        assert {process["architecture"] for process in seen.result["snapshot"]["processes"]} == {"s390x"}
        here = on_this_machine(name, seen.method)
        assert verdict(seen.result) == verdict(here)
        found = ", ".join(f"{signature} {certainty}" for signature, certainty in verdict(here)["findings"])  # type: ignore[attr-defined]
        note(f"{name:22} {seen.method:8} {seen.result['status']:12} {found}  {seen.seconds:.1f} s")
