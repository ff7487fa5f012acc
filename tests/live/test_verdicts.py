"""The verdict on every target program: the hung ones are proven with the right lock, and no other is ever called hung by this
family."""

from __future__ import annotations

import os

import pytest

from analyzer.analyse import analyse_process
from analyzer.capture.live import Options
from analyzer.model import Diagnosis
from tests import targets

pytestmark = pytest.mark.live

FORK, OTHER = "glibc-fork-lock-after-raw-clone", "glibc-lock-after-raw-clone"
FAMILY = {FORK, OTHER}

# Target and arguments, the signature, the lock. None: this libc gives the lock no name that can be known beforehand.
HUNG: list[tuple[tuple[str, ...], str, str | None]] = [
    (("raw_clone_lock", "fork"), FORK, "list_all_lock"),
    (("raw_clone_lock", "fork-malloc"), FORK, "main_arena"),
    (("raw_clone_lock", "fork-atfork"), FORK, "atfork_lock"),
    (("raw_clone_nss",), FORK, "global_database_state->lock"),
    (("clock_thread", "hung", "20"), FORK, "list_all_lock"),
    (("parent_gone",), FORK, "list_all_lock"),
    (("raw_clone_lock", "malloc"), OTHER, "main_arena"),
    (("raw_clone_lock", "free"), OTHER, "main_arena"),
    (("raw_clone_lock", "setenv"), OTHER, "envlock"),
    (("raw_clone_lock", "setenv-malloc"), OTHER, "main_arena"),
    (("raw_clone_lock", "stdio"), OTHER, "_IO_stdfile_1_lock"),
    (("raw_clone_lock", "localtime"), OTHER, "tzset_lock"),
    (("raw_clone_lock", "nss"), OTHER, None),
    (("raw_clone_lock", "exit"), OTHER, "list_all_lock"),
    (("raw_clone_lock", "dlopen"), OTHER, None),
    (("raw_clone_lock", "pthread_create"), OTHER, None),
    (("raw_clone_lock", "pthread_once"), OTHER, None),
    (("raw_clone_lock", "fopen"), OTHER, "list_all_lock"),
]

# Locks that nothing but libc's debug information names, and the call that without it shows no name at all of libc on the stack.
NAMED_BY_DEBUG_INFO = {("raw_clone_lock", call) for call in ("setenv", "stdio", "localtime", "exit")}
NAMELESS = ("raw_clone_lock", "pthread_once")

# Target and arguments, and the statuses that are true of it.
NOT_THIS: list[tuple[tuple[str, ...], set[str]]] = [
    (("cond_wait_pool",), {"unclear", "not-hung"}),
    (("pipe_read",), {"unclear", "not-hung"}),
    (("waitpid_child",), {"unclear", "not-hung"}),
    (("sleeper",), {"not-hung"}),
    (("pause_process",), {"unclear", "not-hung"}),
    (("busy_loop",), {"not-hung"}),
    (("stopped",), {"unclear", "hung", "root-cause"}),
    (("musl_static",), {"unclear", "not-hung"}),
    (("vfork_child",), {"unclear", "not-hung"}),
    (("many_threads", "100"), {"unclear", "not-hung"}),
    (("dying_threads",), {"not-hung"}),
    (("raw_clone_transient",), {"not-hung"}),
    (("deep_stack", "5000"), {"unclear", "hung"}),
    (("signal_self_deadlock", "localtime"), {"hung", "root-cause"}),
    (("signal_self_deadlock", "malloc"), {"hung", "root-cause"}),
    (("signal_self_deadlock", "localtime", "raw"), {"hung", "root-cause"}),
    (("signal_self_deadlock", "malloc", "raw"), {"hung", "root-cause"}),
    (("signal_self_deadlock", "fork", "raw"), {"hung", "root-cause"}),
    (("two_lock_cycle",), {"hung", "root-cause"}),
    (("dead_owner_mutex",), {"hung", "root-cause"}),
    (("owner_alive",), {"hung"}),
    (("owner_alive", "main_arena"), {"hung"}),
    (("vm_shared_child",), {"hung"}),
    (("atfork_handler_blocks",), {"hung", "root-cause"}),
    (("atfork_handler_blocks", "raw"), {"hung", "root-cause"}),
    (("plain_fork_child", "env"), {"hung", "root-cause"}),
    (("plain_fork_child", "mutex"), {"hung", "root-cause"}),
]


def diagnosis_of(arguments: tuple[str, ...]) -> tuple[Diagnosis, targets.Target]:
    with targets.running(*arguments) as target:
        return analyse_process(target.pid, Options(), with_reference=False), target


def has_debug_info(diagnosis: Diagnosis, pid: int) -> bool:
    """Whether libc's debug information was there (libc6-dbg, and not everybody may install it)."""
    libc = next(process.libc for process in diagnosis.snapshot.processes if process.pid == pid)
    assert libc is not None
    return libc.debug_info is True


def name(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else ""


@pytest.mark.parametrize(("arguments", "signature", "lock"), HUNG, ids=name)
def test_proven(arguments: tuple[str, ...], signature: str, lock: str | None) -> None:
    if arguments[0] == "raw_clone_nss" and (os.confstr("CS_GNU_LIBC_VERSION") or "") < "glibc 2.33":
        pytest.skip("glibc has had this lock since 2.33")
    diagnosis, target = diagnosis_of(arguments)
    debug_info = has_debug_info(diagnosis, target.pid)
    if arguments == NAMELESS and not debug_info:
        assert (diagnosis.status, diagnosis.findings) == ("hung", ())
        return
    assert diagnosis.status == "root-cause"
    (finding,) = [found for found in diagnosis.findings if found.certainty == "proven"]
    assert (finding.signature, finding.pid) == (signature, target.pid)
    assert finding.lock is not None
    if lock is not None:
        assert finding.lock.symbol == (lock if debug_info or arguments not in NAMED_BY_DEBUG_INFO else None)
    owner = finding.lock.owner
    if owner is not None and "holder" in target.facts and arguments[0] != "parent_gone":
        assert owner.orphaned is True
        assert owner.tid == target.number("holder")


@pytest.mark.parametrize(("arguments", "statuses"), NOT_THIS, ids=name)
def test_never_this_family(arguments: tuple[str, ...], statuses: set[str]) -> None:
    diagnosis, _ = diagnosis_of(arguments)
    blamed = {(found.signature, found.certainty) for found in diagnosis.findings if found.signature in FAMILY}
    assert {certainty for _, certainty in blamed} <= {"possible"}, blamed
    assert diagnosis.status in statuses, (diagnosis.status, diagnosis.findings, diagnosis.unexplained)


def test_a_program_without_glibc_is_analysed_without_glibcs_facts() -> None:
    diagnosis, target = diagnosis_of(("musl_static",))
    process = next(process for process in diagnosis.snapshot.processes if process.pid == target.pid)
    facts = {fact.name: fact for fact in process.facts}
    assert facts["tcb-tid-stale"].holds == facts["robust-list-unregistered"].holds == "unknown"
    assert "glibc" in facts["tcb-tid-stale"].value
    assert process.threads[0].frames
