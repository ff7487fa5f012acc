"""Certainty: what raises it, what lowers it, and that nothing is proven that is not."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.diagnose import diagnose
from analyzer.diagnose.cases import outcome
from analyzer.model import Frame, Lock, Owner, Snapshot, Thread
from analyzer.model.facts import FACTS
from tests.unit.diagnose.build import ORPHANED, RAW_CLONE, shipped, snapshot, thread

FORK = "glibc-fork-lock-after-raw-clone"
CALL = "glibc-lock-after-raw-clone"
FORK_STACK = "__lll_lock_wait_private libc.so.6 <- _IO_list_lock libc.so.6 <- fork libc.so.6 <- work prog <- main prog"
CALL_STACK = "__lll_lock_wait_private libc.so.6 <- malloc libc.so.6 <- setenv libc.so.6 <- work prog <- main prog"
EVERYTHING = {**RAW_CLONE, **ORPHANED}
DECISIVE = ("created-by-raw-clone", "lock-orphaned", "lock-word-held", "address-space-shared")


def verdicts(taken: Snapshot) -> dict[str, str]:
    return outcome(diagnose(taken, shipped()))


@pytest.mark.parametrize(("stack", "signature"), [(FORK_STACK, FORK), (CALL_STACK, CALL)])
def test_proven_with_all_facts_and_the_caller_named(stack: str, signature: str) -> None:
    found = diagnose(snapshot(thread(stack), answers=EVERYTHING), shipped())
    assert found.status == "root-cause"
    assert [(one.signature, one.certainty) for one in found.findings] == [(signature, "proven")]
    guilty = found.findings[0].guilty_level
    assert found.snapshot.processes[0].threads[0].frames[guilty or 0].function == "work"
    reasons = {reason.fact: reason for reason in found.findings[0].reasons if reason.fact}
    assert {name: reasons[name].decides for name in DECISIVE} == dict.fromkeys(DECISIVE, "proven")
    assert all(reason.asked.endswith("?") for reason in found.findings[0].reasons)


@pytest.mark.parametrize("stack", [FORK_STACK, CALL_STACK])
@pytest.mark.parametrize("missing", DECISIVE)
@pytest.mark.parametrize("how", ["unknown", "absent"])
def test_never_proven_when_a_decisive_fact_is_unknown(stack: str, missing: str, how: str) -> None:
    answers = {name: holds for name, holds in EVERYTHING.items() if name != missing or how == "unknown"}
    if how == "unknown":
        answers[missing] = "unknown"
    assert "proven" not in verdicts(snapshot(thread(stack), answers=answers)).values()


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(FACTS)), st.sampled_from(["yes", "no", "unknown"])), st.booleans())
def test_proven_means_every_decisive_fact_and_no_veto(answers: dict[str, str], fork: bool) -> None:
    found = verdicts(snapshot(thread(FORK_STACK if fork else CALL_STACK), answers=answers))
    family = {name: word for name, word in found.items() if name in (FORK, CALL)}
    if "proven" in family.values():
        assert answers["created-by-raw-clone"] == "yes"
        assert answers["lock-orphaned"] == "yes"
        assert answers["lock-word-held"] == "yes"
        assert answers["address-space-shared"] == "no"
        assert answers.get("lock-owner-alive") != "yes"
        assert answers.get("lock-owner-is-self") != "yes"
        assert answers.get("no-progress") != "no"
        assert answers.get("same-process") != "no"


@settings(max_examples=200, deadline=None)
@given(st.permutations(sorted(EVERYTHING)), st.integers(0, len(EVERYTHING)))
def test_forgetting_facts_only_lowers(order: list[str], kept: int) -> None:
    rank = ["nothing", "near-miss", "possible", "likely", "proven"]
    more = verdicts(snapshot(thread(FORK_STACK), answers={name: EVERYTHING[name] for name in order[: kept + 1]}))
    less = verdicts(snapshot(thread(FORK_STACK), answers={name: EVERYTHING[name] for name in order[:kept]}))
    assert rank.index(less[FORK]) <= rank.index(more[FORK])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([FORK_STACK, CALL_STACK]), st.sets(st.integers(0, 4)))
def test_missing_symbols_only_lower(stack: str, hidden: set[int]) -> None:
    rank = ["nothing", "near-miss", "possible", "likely", "proven"]
    whole = thread(stack)
    frames = tuple(Frame(frame.level, None if frame.level in hidden else frame.function, frame.module) for frame in whole.frames)
    full = verdicts(snapshot(whole, answers=EVERYTHING))
    bare = verdicts(snapshot(Thread(whole.tid, frames=frames), answers=EVERYTHING))
    # Together: what was fork's lock with names is still a lock of libc without them, and no surer.
    best = [max(rank.index(found.get(name, "nothing")) for name in (FORK, CALL)) for found in (bare, full)]
    assert best[0] <= best[1]


def test_a_trace_is_never_more_than_possible_even_with_facts() -> None:
    assert verdicts(snapshot(thread(FORK_STACK), answers=EVERYTHING, method="trace"))[FORK] == "possible"


@pytest.mark.parametrize(
    ("fact", "answer", "words"),
    [
        ("lock-owner-alive", "yes", "lives and can release it"),
        ("lock-owner-is-self", "yes", "holds the lock itself"),
        ("address-space-shared", "yes", "shares its memory"),
        ("created-by-raw-clone", "no", "glibc's own fork"),
        ("futex-wait", "no", "not in a futex call"),
        ("lock-word-held", "no", "says free"),
        ("no-progress", "no", "ran in between"),
        ("same-process", "no", "another process"),
        ("libc-is-glibc", "no", "another C library"),
    ],
)
def test_what_speaks_against_it_makes_a_near_miss_with_its_reason(fact: str, answer: str, words: str) -> None:
    found = diagnose(snapshot(thread(FORK_STACK), answers={**EVERYTHING, fact: answer}), shipped())
    assert not [one for one in found.findings if one.signature == FORK]
    near = next(one for one in found.near_misses if one.signature == FORK)
    assert words in near.because
    assert any(reason.fact == fact for reason in near.reasons)


def test_a_signal_handler_in_the_stack_is_a_near_miss() -> None:
    stack = FORK_STACK.replace("work prog", "handler prog <- <signal handler called> <- _int_malloc libc.so.6")
    assert verdicts(snapshot(thread(stack), answers=EVERYTHING))[FORK] == "near-miss"


def test_a_fork_handler_of_the_program_is_not_swallowed() -> None:
    for handler in ("prepare prog", "?? prog", "?? libplugin.so.1"):
        inner = f"__lll_lock_wait libc.so.6 <- pthread_mutex_lock libc.so.6 <- {handler} <- __run_prefork_handlers libc.so.6"
        found = verdicts(snapshot(thread(f"{inner} <- fork libc.so.6 <- main prog"), answers=EVERYTHING))
        assert found.get(FORK) == "near-miss", handler


def test_facts_of_another_thread_prove_nothing() -> None:
    taken = snapshot(thread("read libc.so.6 <- main prog", 11), thread(FORK_STACK, 10), answers={**RAW_CLONE, **ORPHANED})
    assert verdicts(taken)[FORK] == "likely"  # lock-orphaned was answered for thread 11


def test_answers_that_contradict_each_other_are_unknown() -> None:
    taken = snapshot(thread(FORK_STACK), answers=EVERYTHING)
    process = taken.processes[0]
    doubled = [fact for fact in process.facts if fact.name == "lock-orphaned"]
    more = tuple(type(fact)(fact.name, fact.asked, "no", "seen", "look", fact.tid) for fact in doubled)
    changed = type(process)(process.pid, process.name, threads=process.threads, facts=process.facts + more)
    assert verdicts(Snapshot(taken.capture, (changed,)))[FORK] == "likely"


def test_a_core_need_not_answer_what_no_core_can_but_nothing_may_contradict() -> None:
    answers = {name: holds for name, holds in EVERYTHING.items() if name != "address-space-shared"}
    assert verdicts(snapshot(thread(FORK_STACK), answers=answers, method="core"))[FORK] == "proven"
    assert verdicts(snapshot(thread(FORK_STACK), answers=answers, method="attach"))[FORK] == "likely"
    shared = {**answers, "address-space-shared": "yes"}
    assert verdicts(snapshot(thread(FORK_STACK), answers=shared, method="core"))[FORK] == "near-miss"


def test_where_a_signal_could_be_hidden_only_a_lock_that_names_an_absent_holder_proves() -> None:
    cut = FORK_STACK.replace(" <- main prog", " <- ...")
    assert verdicts(snapshot(thread(cut), answers=EVERYTHING))[FORK] == "likely"
    orphan = Lock("0x1000", word=2, records_owner=True, owner=Owner("0x2", 99, orphaned=True), waiters=(10,))
    assert verdicts(snapshot(thread(cut), answers=EVERYTHING, locks=(orphan,)))[FORK] == "proven"
    from_go = cut.replace("work prog", "_cgo_1_Cfunc_work prog")
    assert verdicts(snapshot(thread(from_go), answers=EVERYTHING))[FORK] == "proven"


def test_main_behind_a_guessed_frame_is_no_sign_that_nothing_is_hidden() -> None:
    """The debugger left «work» by rule of thumb: a signal's frame may lie between it and main."""
    whole = {"frames_total": 5, "cut": False}
    assert verdicts(snapshot(thread(FORK_STACK, **whole), answers=EVERYTHING))[FORK] == "proven"
    guessed = snapshot(thread(FORK_STACK, **whole, guessed_beyond=3), answers=EVERYTHING)
    assert verdicts(guessed)[FORK] == "likely"
    orphan = Lock("0x1000", word=2, records_owner=True, owner=Owner("0x2", 99, orphaned=True), waiters=(10,))
    assert (
        verdicts(snapshot(thread(FORK_STACK, **whole, guessed_beyond=3), answers=EVERYTHING, locks=(orphan,)))[FORK] == "proven"
    )


@pytest.mark.parametrize("kept", range(1, 3))
def test_a_cut_stack_of_the_family_is_unclear_and_says_so(kept: int) -> None:
    parts = FORK_STACK.split(" <- ")[:kept]
    found = diagnose(snapshot(thread(" <- ".join([*parts, "..."])), method="trace"), shipped())
    assert not found.findings
    assert found.status == "unclear"
    assert any("missing" in text and FORK in text for text in found.unexplained)


WAITS = {
    "2.17": "__lll_lock_wait_private libc-2.17.so <- _L_lock_4250 libc-2.17.so",
    "2.28 stripped": "?? libc-2.28.so",
    "2.31": "__lll_lock_wait_private libc-2.31.so",
    "2.36 debug": "futex_wait libc.so.6 <- __GI___lll_lock_wait_private libc.so.6",
    "2.36": "__lll_lock_wait_private libc.so.6",
}
FORK_LOCKS = {
    "atfork": "__run_prefork_handlers",
    "atfork 2.28": "__run_fork_handlers",
    "nss": "__nss_database_fork_prepare_parent",
    "stdio": "__GI__IO_list_lock",
    "arena": "__malloc_fork_lock_parent",
    "arena 2.17": "ptmalloc_lock_all",
    "popen": "_IO_proc_file_chain_lock",
    "stripped": "??",
}


@pytest.mark.parametrize(("wait", "lock"), list(itertools.product(WAITS, FORK_LOCKS)))
@pytest.mark.parametrize("fork", ["__libc_fork", "fork", "__fork", "__GI___fork"])
def test_every_lock_of_fork_in_every_spelling(wait: str, lock: str, fork: str) -> None:
    stack = f"{WAITS[wait]} <- {FORK_LOCKS[lock]} libc.so.6 <- {fork} libc.so.6 <- work prog <- main prog"
    assert verdicts(snapshot(thread(stack), answers=EVERYTHING)) == {FORK: "proven"}


@pytest.mark.parametrize(
    "stack",
    [
        "__futex_abstimed_wait_common64 <- __pthread_rwlock_rdlock_full64 <- ___pthread_rwlock_rdlock <- __abort_lock_rdlock"
        " <- _Fork <- __libc_fork <- main",
        "?? libc.so.6 <- pthread_rwlock_rdlock libc.so.6 <- _Fork libc.so.6 <- fork libc.so.6 <- main prog",
        "__futex_abstimed_wait_common <- __pthread_rwlock_rdlock_full64 <- __abort_lock_rdlock <- __spawnix <- __spawni"
        " <- posix_spawn <- main",
    ],
)
def test_the_lock_of_abort_under_fork_and_spawn(stack: str) -> None:
    assert verdicts(snapshot(thread(stack), answers=EVERYTHING)) == {FORK: "proven"}


@pytest.mark.parametrize(
    "frames",
    [
        "malloc", "__libc_calloc", "_int_free <- free", "arena_get2 <- malloc", "__libc_malloc2 <- malloc", "?? <- free",
        "__add_to_environ <- setenv", "putenv", "unsetenv", "clearenv",
        "_IO_puts", "__vfprintf_internal <- printf", "_IO_link_in <- _IO_new_file_init_internal <- fopen64",
        "_IO_flush_all_lockp <- fflush", "_IO_new_fclose",
        "__tz_convert <- localtime_r", "__tz_convert <- __localtime64_r", "?? <- mktime", "tzset",
        "nss_database_check_reload_and_get <- __nss_database_get <- getpwnam_r", "__nss_lookup_function <- getaddrinfo",
        "__run_exit_handlers <- exit", "_IO_cleanup <- __run_exit_handlers <- exit", "__cxa_atexit",
        "___pthread_mutex_lock <- _dl_open <- dlopen_doit <- _dl_catch_exception <- dlopen", "___pthread_mutex_lock <- __dlsym",
        "___pthread_mutex_lock <- __GI___dl_iterate_phdr",
        "allocate_stack <- __pthread_create_2_1", "__pthread_once_slow", "__nptl_setxid <- setuid",
        "__vsyslog_internal <- syslog", "abort",
    ],
)  # fmt: skip
def test_other_calls_that_take_a_lock(frames: str) -> None:
    inner = " <- ".join(f"{name} libc.so.6" for name in frames.split(" <- "))
    stack = f"__lll_lock_wait_private libc.so.6 <- {inner} <- work prog <- main prog"
    assert verdicts(snapshot(thread(stack), answers=EVERYTHING))[CALL] == "proven"
    found = diagnose(snapshot(thread(stack), answers=EVERYTHING), shipped()).findings[0]
    assert found.guilty_level == len(frames.split(" <- ")) + 1


@pytest.mark.parametrize(
    "stack",
    [
        "_L_unlock_123 <- fflush <- main",
        "__lll_unlock_wake_private <- fork <- main",
        "pause <- main",
        "__GI___wait4 <- fork <- main",
        "__lll_lock_wait <- pthread_mutex_lock <- work <- main",
        "__libc_fork <- main",
        "clone <- ?? <- posix_spawn <- main",
        "__lll_lock_wait <- pthread_mutex_lock <- je_malloc_mutex_lock_slow <- malloc libjemalloc.so.2 <- main",
    ],
)
def test_other_waits_are_not_of_this_family(stack: str) -> None:
    found = verdicts(snapshot(thread(stack), answers=EVERYTHING))
    assert not {FORK, CALL} & {name for name, word in found.items() if word != "near-miss"}


def test_the_allocator_entered_twice_may_wait_for_itself() -> None:
    stack = (
        "__lll_lock_wait_private libc.so.6 <- malloc libc.so.6 <- report prog <- malloc_printerr libc.so.6"
        " <- _int_free libc.so.6 <- free libc.so.6 <- main prog"
    )
    assert verdicts(snapshot(thread(stack), answers=EVERYTHING))[CALL] == "near-miss"


def test_threads_that_say_the_same_are_told_once() -> None:
    threads = tuple(thread(CALL_STACK, tid) for tid in range(10, 60))
    found = diagnose(snapshot(*threads, method="trace"), shipped())
    assert [one.signature for one in found.findings] == [CALL]
    assert found.findings[0].reasons[-1].value.startswith("49 more: 11, 12")


def test_the_frames_behind_a_handler_that_ended_the_process_are_judged() -> None:
    """A watchdog's handler raises the signal again; levels stay those of the whole stack."""
    stack = f"raise libc.so.6 <- on_timeout prog <- <signal handler called> <- {FORK_STACK}"
    found = diagnose(snapshot(thread(stack), method="trace"), shipped())
    assert [(one.signature, one.certainty) for one in found.findings] == [(FORK, "possible")]
    assert found.findings[0].matched_levels == (3, 4, 5)
    assert found.findings[0].guilty_level == 6


def test_every_fact_asks_a_question() -> None:
    for name, kind in FACTS.items():
        assert kind.name == name
        assert kind.asked.endswith("?")
        assert kind.yes
        assert kind.no


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(EVERYTHING)), st.sampled_from(["yes", "no", "unknown"])), st.booleans())
def test_the_needed_answers_are_those_that_make_it_surer(answers: dict[str, str], fork: bool) -> None:
    rank = ["possible", "likely", "proven"]
    stack = thread(FORK_STACK if fork else CALL_STACK)
    for finding in diagnose(snapshot(stack, answers=answers), shipped()).findings:
        needed = {one.fact: one.needed for one in finding.reasons if one.fact and one.needed}
        assert bool(needed) == (finding.certainty != "proven")
        assert all(answers.get(name) != holds for name, holds in needed.items())
        again = diagnose(snapshot(stack, answers={**answers, **needed}), shipped()).findings
        (surer,) = (one for one in again if one.signature == finding.signature)
        assert surer.certainty == "proven" or rank.index(surer.certainty) > rank.index(finding.certainty)


def test_frames_that_could_rule_it_out_are_needed_too() -> None:
    cut = thread("__lll_lock_wait_private libc.so.6 <- _IO_list_lock libc.so.6 <- fork libc.so.6", cut=True)
    unowned = {**RAW_CLONE, "lock-orphaned": "unknown", "lock-word-held": "yes"}
    (finding,) = diagnose(snapshot(cut, answers=unowned), shipped()).findings
    asked = [one for one in finding.reasons if one.needed]
    assert finding.certainty == "likely"
    assert {one.needed for one in asked if one.fact is None} == {"no"}
    assert [one.fact for one in asked if one.fact and one.needed == "yes"] == ["lock-orphaned"]
