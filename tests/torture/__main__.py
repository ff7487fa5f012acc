"""``python -m tests.torture [--runs N] [--seed S]``: exit status 1 where a target was left otherwise than it was."""

from __future__ import annotations

import argparse
import contextlib
import math
import secrets
import signal
import time

from tests.targets.subreaper import subreaper
from tests.torture.figures import summary
from tests.torture.plan import MODES, Plan, draw
from tests.torture.subject import Subject, subject
from tests.torture.trial import Outcome, make

_TYPICAL_S = 1.0
_REUSE = 20
"""Analyses of one target before a fresh one is taken."""


class _Pool:
    """One target of each size at a time."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[contextlib.ExitStack, Subject, int]] = {}

    def take(self, threads: int) -> Subject:
        """One that is as it should be."""
        stack, found, uses = self._held.pop(threads, (contextlib.ExitStack(), None, 0))
        if found is None:
            found = stack.enter_context(subject(threads))
        self._held[threads] = (stack, found, uses + 1)
        return found

    def put_back(self, outcome: Outcome) -> None:
        """A target that has ended, was left otherwise, or has served long is not used again."""
        threads = outcome.plan.threads
        if outcome.plan.condition == "exits" or outcome.problems or self._held[threads][2] >= _REUSE:
            self._held.pop(threads)[0].close()

    def close(self) -> None:
        """End them all."""
        while self._held:
            self._held.popitem()[1][0].close()


def torture(plans: list[Plan], *, seconds: float = math.inf, verbose: bool = False) -> list[Outcome]:
    """Make them one after the other, as many as can be begun within so many seconds."""
    end = time.monotonic() + seconds
    pool = _Pool()
    typical: dict[tuple[str, int], float] = {}
    outcomes: list[Outcome] = []
    try:
        with subreaper():
            for plan in plans:
                if time.monotonic() > end:
                    print(f"{len(plans) - len(outcomes)} analyses were not begun: {seconds:g} s are over", flush=True)
                    break
                began = time.monotonic()
                key = (plan.mode, plan.threads)
                outcome = make(plan, pool.take(plan.threads), typical.get(key, _TYPICAL_S))
                outcomes.append(outcome)
                pool.put_back(outcome)
                if plan.blow == "none" and outcome.seconds:
                    typical[key] = outcome.seconds
                for problem in outcome.problems:
                    print(f"{plan}: {problem}", flush=True)
                if verbose:
                    print(f"{plan}: {time.monotonic() - began:.1f} s", flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    finally:
        pool.close()
    return outcomes


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m tests.torture", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    parser.add_argument("--only", choices=MODES)
    parser.add_argument("--seconds", type=float, default=math.inf, help="begin no further analysis after this long")
    parser.add_argument("--run", type=int, help="only the run of this number")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for each run")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    chosen = [
        plan
        for plan in draw(arguments.seed, arguments.runs)
        if arguments.only in {None, plan.mode} and arguments.run in {None, plan.number}
    ]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the figures of what was done by then
    began = time.monotonic()
    results = torture(chosen, seconds=arguments.seconds, verbose=arguments.verbose)
    print(summary(results, arguments.seed, time.monotonic() - began))
    raise SystemExit(any(one.problems for one in results))
