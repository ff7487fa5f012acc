"""The same stack printed twice in one session (``bt``, then ``bt full`` or ``thread apply all bt``) is one stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.capture.trace.drafts import TraceDraft
from analyzer.model import Frame


def without_repeats(drafts: Iterable[TraceDraft]) -> Iterator[TraceDraft]:
    """The drafts without those that only repeat their neighbour. Holds back one draft at a time."""
    held: TraceDraft | None = None
    for draft in drafts:
        if held is None:
            held = draft
        elif held.headed and draft.headed:
            yield held
            held = draft
        elif repeats(held, draft):
            draft.lines += held.lines
            draft.pid = draft.pid if draft.pid is not None else held.pid
            held = draft
        elif repeats(draft, held):
            held.lines += draft.lines
        else:
            yield held
            held = draft
    if held is not None:
        yield held


def repeats(small: TraceDraft, large: TraceDraft) -> bool:
    """Whether ``small`` is one stack without a heading that ``large`` holds as well.

    A single frame that a debugger shows in passing is enough; a whole stack only within the same session, because two
    processes that hang alike print alike.
    """
    if not small.anonymous or not small.stacks[0].frames:
        return False
    if small.pid is not None and large.pid is not None and small.pid != large.pid:
        return False
    names = small.stacks[0].names()
    in_passing = len(names) == 1 and names[0][0] == 0
    same_session = small.session == large.session and (large.headed or small.prompts or large.prompts)
    if not (in_passing or same_session):
        return False
    if in_passing and not same_session and len(large.stacks[0].frames) < 2:
        return False
    return any(_begins_with(other.frames, names) for other in large.stacks)


def _begins_with(frames: list[Frame], names: tuple[tuple[int, str | None], ...]) -> bool:
    return len(frames) >= len(names) and all(
        frame.level == level and frame.function == function for frame, (level, function) in zip(frames, names, strict=False)
    )
