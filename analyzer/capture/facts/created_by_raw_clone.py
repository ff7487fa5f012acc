"""created-by-raw-clone: was the process made by a clone that bypassed glibc's fork?

Two independent signs of three: the kernel's robust list (the kernel's word), the thread id in the thread control block and the
thread count (glibc's memory). A registered robust list says no, whatever the others say: somebody ran glibc's own code.
"""

from __future__ import annotations

from analyzer.capture.facts.answer import answer
from analyzer.capture.seen import Seen
from analyzer.model import Fact, Holds

_SIGNS = {
    "robust-list-unregistered": "the robust list is not registered",
    "tcb-tid-stale": "the thread control block holds another thread id",
    "thread-count-stale": "glibc counts threads that are not there",
}


def measure(seen: Seen, facts: list[Fact]) -> list[Fact]:  # noqa: ARG001 - every fact of facts has the same form
    """One answer for the process, from the three signs."""
    signs = {fact.name: fact.holds for fact in facts if fact.name in _SIGNS}
    yes = [text for name, text in _SIGNS.items() if signs.get(name) == "yes"]
    no = [name for name in _SIGNS if signs.get(name) == "no"]
    how = _commands(facts, "yes" if len(yes) >= 2 else "no")
    name = "created-by-raw-clone"
    if "robust-list-unregistered" in no:
        return [answer(name, "no", "the robust list is registered, as glibc's fork does", how)]
    if len(yes) >= 2:
        return [answer(name, "yes", f"{len(yes)} signs: {'; '.join(yes)}", how)]
    if len(no) >= 2:
        return [answer(name, "no", f"glibc's view of the process is the kernel's: {', '.join(no)} answered no", how)]
    value = f"{len(yes)} of the two signs needed" + (f": {yes[0]}" if yes else "")
    return [answer(name, "unknown", f"could not decide: {value}", how)]


def _commands(facts: list[Fact], holds: Holds) -> str:
    """Those of two signs that say so: the shortest, because each stands beside its own answer too."""
    signs = [fact for fact in facts if fact.name in _SIGNS]
    telling = [fact.how for fact in signs if fact.holds == holds] or [fact.how for fact in signs]
    return "; ".join(sorted(telling, key=len)[:2])
