"""The race wideners, preloaded: built on demand, and tried before a series is measured with one that does nothing."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from analyzer.capture.procfs import read_text, thread_ids
from analyzer.errors import CannotAnalyse, NoSuchProcess
from analyzer.reference.build import build_widener
from analyzer.trials.plan import Subject

_TRIED_WITHIN_S = 20.0


class WidenerIdle(CannotAnalyse):
    """A widener was asked for that does nothing here."""


def build(widener: str) -> Path:
    """The library for LD_PRELOAD. Raises CompilerMissing, BuildFailed, and WidenerIdle where this C library has no such lock."""
    library = build_widener()
    with subprocess.Popen(
        ["/bin/sh", "-c", "read wait"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LD_PRELOAD": str(library), "HANGANALYZE_WIDEN": widener},
        start_new_session=True,
    ) as probe:
        try:
            deadline = time.monotonic() + _TRIED_WITHIN_S
            while not _runs_in(probe.pid, widener):
                if time.monotonic() > deadline or probe.poll() is not None:
                    raise WidenerIdle(
                        f"The widener «{widener}» does nothing here: its thread did not start in a program of this system.",
                        cause="This C library has no such lock (nss needs glibc 2.33), or does not take preloaded libraries.",
                        next_command="hanganalyze run --widen with another widener, or without one",
                    )
                time.sleep(0.005)
        finally:
            probe.kill()
    return library


def _runs_in(pid: int, widener: str) -> bool:
    try:
        return any((read_text(f"/proc/{pid}/task/{tid}/comm") or "").startswith(f"widen_{widener}") for tid in thread_ids(pid))
    except NoSuchProcess:
        return False


def why_without_effect(subject: Subject) -> str | None:
    """A sentence where the subject's program cannot be widened by preloading; None where it can, as far as its file tells."""
    import shutil
    import stat

    found = subject.command[0] if subject.root is not None else shutil.which(subject.command[0])
    if found is None or subject.root is not None:
        return None
    path = Path(found)
    if path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID):
        return f"{path.name} is set-user-id: the dynamic loader preloads nothing there, so the widener has no effect on it."
    if _is_static(path):
        return f"{path.name} is statically linked: nothing can be preloaded there, so the widener has no effect on it."
    return None


def _is_static(path: Path) -> bool:
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with path.open("rb") as file:
            return not any(segment.header.p_type == "PT_INTERP" for segment in ELFFile(file).iter_segments())
    except (ELFError, OSError):  # a script, or not ours to read
        return False
