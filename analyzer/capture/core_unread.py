"""Stacks that lead through a file which could not be read: gdb steps out of it by rule of thumb, not by unwind information.

Nothing of such a step can be trusted: it may leave frames out, a signal handler's among them. So the stack counts as one whose
outer end is missing, and as one with a gap right there: that gdb found its way back to main proves nothing, and what could speak
against a finding is not taken as absent.
"""

from __future__ import annotations

from analyzer.capture.core_sysroot import FoundFiles
from analyzer.capture.seen import Seen
from analyzer.capture.stacks import RawFrame, ThreadStack
from analyzer.lean_dataclass import replace


def doubt_guesses(seen: Seen, files: FoundFiles) -> None:
    """Mark the stacks of a core that have a frame in a file that was not used: another one, none at all, or one without proof.
    One that was used because somebody named it is no better."""
    unread = {*files.other, *files.missing, *files.unproven, *files.believed}
    for tid, stack in seen.stacks.threads.items():
        first = next((frame for frame in stack.frames if _file_of(seen, frame) in unread), None)
        if first is not None:
            path = str(_file_of(seen, first))
            seen.stacks.threads[tid] = _doubted(stack, first, path, believed=path in files.believed)


def _doubted(stack: ThreadStack, first: RawFrame, path: str, *, believed: bool) -> ThreadStack:
    why = "nothing proves that the file named for it is the core's" if believed else f"{path} was not used"
    problem = stack.problem or f"beyond frame {first.level} gdb had to guess: {why}"
    return replace(stack, total=None, problem=problem, guessed_beyond=first.level)


def _file_of(seen: Seen, frame: RawFrame) -> str | None:
    module = seen.space.module(frame.address) if seen.space is not None and frame.address is not None else None
    return module[0] if module else None
