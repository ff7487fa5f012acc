"""What the real command says of a hang, and what must hold of every such answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live.analysing import hanganalyze
from tests.tools.validate import check_schema

from .roots.make import ORDINARY_UID

FORK = "glibc-fork-lock-after-raw-clone"
PODMAN = "podman-libc-lock-after-raw-clone"
GENERAL = "glibc-lock-after-raw-clone"
USERS = {"root": None, "the process's own user": ORDINARY_UID}


@dataclass(frozen=True)
class Verdict:
    """One run of `hanganalyze PID --json`."""

    code: int
    result: dict[str, Any]
    text: str

    @property
    def finding(self) -> dict[str, Any]:
        """The only finding: one hang is told once."""
        assert len(self.result["findings"]) == 1, [one["signature"] for one in self.result["findings"]]
        found: dict[str, Any] = self.result["findings"][0]
        return found

    @property
    def lock(self) -> dict[str, Any]:
        """The lock that the finding is about."""
        found: dict[str, Any] = self.finding["lock"]
        return found

    @property
    def affected(self) -> dict[str, Any]:
        """What it says about the installed version."""
        found: dict[str, Any] = self.finding["affected"]
        return found

    def process(self, pid: int) -> dict[str, Any]:
        """One process of the snapshot."""
        found: dict[str, Any] = next(one for one in self.result["snapshot"]["processes"] if one["pid"] == pid)
        return found

    def functions(self, pid: int) -> list[str]:
        """The named functions on the stack of a process's main thread, innermost first."""
        return [frame["function"] for frame in self.process(pid)["threads"][0]["frames"] if frame["function"]]


def verdict(pid: int, user: int | None = None) -> Verdict:
    """Run the command as root or as another user; its JSON is held against the committed schema."""
    ran = hanganalyze(pid, "--json", "--no-reference", user=user)
    assert ran.stdout, ran.stderr
    return Verdict(ran.code, check_schema(json.loads(ran.stdout)), ran.stdout)


def assert_proven(told: Verdict, signature: str, *, waiting: int, lock: str) -> None:
    """A proven finding about the lock that `waiting` waits for, and nothing else found."""
    assert told.code == 0
    assert told.result["status"] == "root-cause"
    reasons = [(one["fact"], one["holds"], one["value"]) for one in told.finding["reasons"]]
    assert (told.finding["signature"], told.finding["certainty"]) == (signature, "proven"), reasons
    assert told.finding["pid"] == waiting
    assert told.lock["symbol"] == lock
    assert told.lock["word"] == 2


def assert_orphaned_by(told: Verdict, parent: int, thread_name: str) -> None:
    """The lock records its owner, and that is the thread of this name in the parent."""
    owner = told.lock["owner"]
    assert owner["orphaned"] is True
    assert owner["pid"] == parent
    assert Path(f"/proc/{parent}/task/{owner['tid']}/comm").read_text() == f"{thread_name}\n"


def assert_chain(told: Verdict, *pids: int) -> None:
    """Who waits for whom: each of these processes for the next, the last one for nobody who exists."""
    chain = told.result["chain"]
    assert [link["pid"] for link in chain] == list(pids)
    assert [link["for"] and link["for"]["pid"] for link in chain] == [*pids[1:], None]


def lineage(ancestor: int, descendant: int) -> list[int]:
    """The processes from an ancestor down to a descendant, from /proc."""
    found = [descendant]
    while found[0] != ancestor:
        stat = Path(f"/proc/{found[0]}/stat").read_text()
        found.insert(0, int(stat.rpartition(")")[2].split()[1]))
        assert found[0] > 1, f"{descendant} does not descend from {ancestor}"
    return found
