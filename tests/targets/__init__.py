"""Small C programs, each of which stands still (or is healthy) in one way, and the means to run them.

    from tests import targets

    with targets.running("raw_clone_lock", "malloc") as target:
        analyse(target.pid)                 # the process to look at
        target.number("parent")             # what the program said about itself, see the head of its .c file

The body of the `with` begins when /proc shows every thread in the wait it was made for. At its end everything the
program made is gone, whatever happened in between.
"""

from __future__ import annotations

from .building import CannotBuildError, build, can_build, compiler, names
from .harness import NotReadyError, Target, Wait, running

__all__ = ["CannotBuildError", "NotReadyError", "Target", "Wait", "build", "can_build", "compiler", "names", "running"]
