"""The vocabulary of facts: every question that a signature may ask of a process or thread, declared once.

Capture answers them (one file a fact in ``capture/facts/``), signatures use their names, the report prints the questions.
A fact that is missing from a snapshot is *unknown, not asked*: it never counts as a no.
"""

from __future__ import annotations

from typing import Literal

from analyzer.lean_dataclass import dataclass

Scope = Literal["thread", "process"]


@dataclass(frozen=True)
class FactKind:
    """One question, and what its answers mean."""

    name: str
    """As signatures write it."""
    scope: Scope
    """Asked of each thread (``Fact.tid`` is set) or once of the process."""
    asked: str
    """The question, in a person's words; ends with a question mark."""
    yes: str
    """What a yes means, as a clause: «the lock is held by a thread that is not here»."""
    no: str
    """What a no means, as a clause."""
    frozen: bool = False
    """It is about life going on, or about other processes: nobody can ask it of a core."""
    derived: bool = False
    """Where capture did not answer it, the diagnosis works it out from the rest of the snapshot."""


_ALL = (
    FactKind(
        "futex-wait",
        "thread",
        "Does the thread wait in a futex call without a timeout?",
        "it sleeps in a futex call that nothing but a wake-up ends",
        "it is not in a futex call, or the call ends by itself",
    ),
    FactKind(
        "lock-word-held",
        "thread",
        "Does the lock word it waits for say that the lock is held?",
        "the lock word says held",
        "the lock word says free: the wait is about to end",
    ),
    FactKind(
        "lock-orphaned",
        "thread",
        "Is the lock held by a thread that does not exist in this process?",
        "its holder is a thread that is not in this process, or it records none and nobody is there who could hold it",
        "somebody who can release it is there",
    ),
    FactKind(
        "lock-owner-alive",
        "thread",
        "Does the thread that holds the lock still live where it can release it?",
        "the holder lives and may release it",
        "no living thread that shares this memory holds it",
    ),
    FactKind(
        "lock-owner-is-self",
        "thread",
        "Does the waiting thread hold the lock itself?",
        "the thread waits for itself",
        "another thread holds it",
    ),
    FactKind(
        "lock-holder-possible",
        "thread",
        "Could another thread of this process hold the lock, which does not say who holds it?",
        "a thread that runs, or stands inside the C library, may hold it and release it",
        "no other thread is where it could hold it",
    ),
    FactKind(
        "lock-owner-elsewhere",
        "thread",
        "Does the thread that the lock names as its holder live in another process?",
        "the holder's number belongs to a thread of another process, from which this memory was copied",
        "the holder's number belongs to this process, or to no thread at all",
        derived=True,
    ),
    FactKind(
        "futex-private",
        "thread",
        "Is the word it waits for private to the process?",
        "no other process can change the word: whoever should release it must be here",
        "the word is meant to be shared, and another process may release it",
        derived=True,
    ),
    FactKind(
        "lock-cycle",
        "thread",
        "Does following the holders of the locks lead back to this thread?",
        "each thread of the circle waits for a lock that the next one holds",
        "the holders do not form a circle",
        derived=True,
    ),
    FactKind(
        "file-lock-cycle",
        "thread",
        "Does following the holders of the file locks lead back to this process?",
        "each process of the circle waits for a file lock that the next one holds",
        "the holders do not form a circle",
        frozen=True,
    ),
    FactKind(
        "waited-for-while-stopped",
        "process",
        "Is the process stopped while another one waits for it?",
        "another process can go on only when this one is continued or ends",
        "nobody who was looked at waits for it",
        frozen=True,
    ),
    FactKind(
        "robust-list-unregistered",
        "process",
        "Is the kernel's robust list pointer of the main thread empty?",
        "glibc never registered this thread with the kernel, as its fork() would have",
        "glibc registered this thread with the kernel, as fork() and program start do",
    ),
    FactKind(
        "tcb-tid-stale",
        "process",
        "Does glibc believe in another thread id than the kernel gives?",
        "glibc still has the parent's thread id, which its fork() would have replaced",
        "glibc's thread id is the kernel's",
    ),
    FactKind(
        "thread-count-stale",
        "process",
        "Does glibc count more threads than the kernel?",
        "glibc still counts the parent's threads, which its fork() would have forgotten",
        "glibc and the kernel count the same threads",
    ),
    FactKind(
        "created-by-raw-clone",
        "process",
        "Was the process made by a clone that bypassed glibc's fork?",
        "at least two independent signs say that no fork() of glibc made this process",
        "glibc's fork() or a program start made this process",
    ),
    FactKind(
        "address-space-shared",
        "process",
        "Does the process share its memory with its parent?",
        "parent and child see the same locks: a holder in the parent can release them (vfork, CLONE_VM)",
        "the process has a copy of its own: nobody outside can release its locks",
        frozen=True,
    ),
    FactKind(
        "no-progress",
        "thread",
        "Did the thread stand still between two samples?",
        "its counters did not change",
        "it ran in between",
        frozen=True,
    ),
    FactKind(
        "same-process",
        "process",
        "Is it the same process as at the start of the analysis?",
        "its start time did not change",
        "the pid was given to another process meanwhile",
        frozen=True,
    ),
    FactKind(
        "state-unchanged",
        "process",
        "Is the process in the state in which it was found?",
        "the analysis changed nothing",
        "its state differs from before",
        frozen=True,
    ),
    FactKind(
        "parent-waits-for-it",
        "process",
        "Does the parent wait for this process?",
        "what the user sees hang is the parent, which waits for this process",
        "the parent does something else",
        frozen=True,
    ),
    FactKind(
        "single-thread",
        "process",
        "Has the process one thread only?",
        "there is no other thread that could release anything",
        "there are other threads",
        derived=True,
    ),
    FactKind(
        "stopped",
        "process",
        "Is the process stopped?",
        "a signal or a debugger holds it (state T or t)",
        "it is not stopped",
    ),
    FactKind(
        "libc-is-glibc",
        "process",
        "Is glibc its C library?",
        "the process uses glibc",
        "the process uses another C library, or none",
    ),
    FactKind(
        "multithreaded-parent",
        "process",
        "Has the parent several threads?",
        "another thread of the parent could hold a lock while the process was made",
        "the parent has one thread",
        frozen=True,
    ),
)

FACTS: dict[str, FactKind] = {kind.name: kind for kind in _ALL}
"""Every fact by its name; the only names a signature may use."""
