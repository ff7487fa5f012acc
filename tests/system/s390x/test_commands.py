"""What else of the project runs in the guest: doctor, and trials of the reference loader."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from .commands import RUNS, Answer
from .outcomes import note

pytestmark = pytest.mark.s390x

SECONDS = 480.0


def test_doctor_finds_what_an_s390x_needs(running_commands: dict[str, Future[Answer]]) -> None:
    told = running_commands["doctor"].result(SECONDS).step
    assert told.exit_code == 0, told.stderr + told.stdout
    lines = told.stdout.splitlines()
    assert "yes  architecture: s390x" in lines
    assert any(line.startswith("yes  gdb: ") for line in lines)
    # It says what the guest has not, and what that means.
    assert any(line.startswith("no   C compiler: ") for line in lines), told.stdout
    note(f"doctor  {told.seconds:.1f} s")


@pytest.mark.parametrize(("fix", "hung"), [("none", RUNS), ("complete", 0)])
def test_trials_count_the_hangs(running_commands: dict[str, Future[Answer]], fix: str, hung: int) -> None:
    answer = running_commands[f"trials-{fix}"].result(SECONDS)
    assert answer.result is not None, answer.step.stderr
    (numbers,) = answer.result["numbers"]
    assert (numbers["counted"], numbers["hung"], numbers["failed"], numbers["signalled"]) == (RUNS, hung, 0, 0)
    assert answer.result["host"]["machine"] == "s390x"
    for one in answer.result["hangs"]:
        (finding,) = one["diagnosis"]["findings"]
        assert (finding["signature"], finding["certainty"]) == ("glibc-fork-lock-after-raw-clone", "proven")
    note(f"trials  fix {fix}, widener stdio: {hung} of {RUNS} hung, {answer.step.seconds:.1f} s")
