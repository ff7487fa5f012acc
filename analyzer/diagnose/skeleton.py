"""A new signature's file from a saved snapshot: what was seen is filled in, what only a person knows is marked."""

from __future__ import annotations

from analyzer.diagnose.answers import Answers
from analyzer.diagnose.catalogue import Catalogue
from analyzer.diagnose.fits import Fits
from analyzer.diagnose.symbols import home, normalise
from analyzer.model import Process, Snapshot, Thread, ThreadRef

_PREFERRED = ("lock-wait", "mutex-lock", "fork-internal", "fork-entry", "libc-internal", "libc-locking", "futex-call")


def skeleton(snapshot: Snapshot, catalogue: Catalogue, identity: str, subject: ThreadRef | None = None) -> str:
    """TOML for ``signatures/ID.toml``. ValueError where the snapshot has no thread with frames."""
    process, thread = _chosen(snapshot, subject)
    answers = Answers(snapshot, process)
    fits = Fits(catalogue, process, trace=answers.method == "trace")
    elements = _elements(thread, fits, catalogue)
    facts = [fact.name for fact in process.facts if fact.holds == "yes" and fact.tid in (None, thread.tid)]
    seen = [f"#   #{frame.level} {frame.function or '??'} {frame.module or ''}".rstrip() for frame in thread.frames[:24]]
    return "\n".join(
        [
            f'id = "{identity}"',
            "revision = 1",
            'status = "experimental"',
            'title = "TODO: one line, what waits for what"',
            'summary = """TODO: why it hangs, in two sentences."""',
            'remedy = """TODO: what to do now, and what to change in the code."""',
            'references = [] # { kind = "bug", url = "https://..." }',
            "false-positives = []",
            "",
            f"# Seen in thread {thread.tid} of process {process.pid}:",
            *seen,
            "",
            "[match]",
            f"frames = [{', '.join(_quoted(element) for element in elements)}]",
            "",
            "[[veto]]",
            'frames = ["...", "@signal-handler"]',
            'because = "a signal interrupted this very thread, which may have held the lock itself"',
            "",
            f"# Facts that were answered yes: {', '.join(facts) or 'none'}",
            "# [likely]",
            "# all = []",
            "",
        ]
    )


def _chosen(snapshot: Snapshot, subject: ThreadRef | None) -> tuple[Process, Thread]:
    for process in snapshot.processes:
        for thread in process.threads:
            asked = subject is None or (process.pid == subject.pid and subject.tid in (None, thread.tid))
            if asked and thread.frames:
                return process, thread
    raise ValueError("no thread with frames in this snapshot")


def _elements(thread: Thread, fits: Fits, catalogue: Catalogue) -> list[str]:
    """Sets where a shipped set knows the frame, names of libc else, up to the first function of the program."""
    elements: list[str] = []
    for frame in thread.frames:
        name, where = normalise(frame.function), home(frame.module)
        known = [one for one in _PREFERRED if one in catalogue.sets and name and catalogue.sets[one].holds(name, where)]
        if known:
            element = f"@{known[0]}+"
        elif name is None:
            element = "??"
        else:
            element = name
        if not elements or elements[-1] != element:
            elements.append(element)
        if name is not None and not fits.in_libc(frame):
            break
    return elements or ["??"]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
