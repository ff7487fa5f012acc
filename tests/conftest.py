"""Where tests keep their files: in a folder whose name does not say who runs them.

pytest's own, /tmp/pytest-of-USER, does. hanganalyze replaces an ordinary user's name wherever it meets it, so every path of a
result would differ from the one that the test knows, and from one run to the next.
"""

from __future__ import annotations

import shutil
import tempfile

import pytest

_MADE = pytest.StashKey[str]()


@pytest.hookimpl(tryfirst=True)  # before pytest decides where they lie
def pytest_configure(config: pytest.Config) -> None:
    if config.option.basetemp is None:
        made = config.stash[_MADE] = tempfile.mkdtemp(prefix="hanganalyze-tests-")
        # As deep as pytest's own: some tests open the folders above theirs to other users, and none of those may be the system's.
        config.option.basetemp = f"{made}/run"


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What failed is left to be looked at."""
    if exitstatus == pytest.ExitCode.OK and (made := session.config.stash.get(_MADE, None)):
        shutil.rmtree(made, ignore_errors=True)
