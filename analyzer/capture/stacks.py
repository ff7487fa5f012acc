"""What a debugger session yields for one process: stacks and registers, by kernel thread id. Every way of capturing fills it."""

from __future__ import annotations

from typing import Any

from analyzer.capture.maps import AddressSpace
from analyzer.lean_dataclass import dataclass, field
from analyzer.model import Frame

SIGNAL = "<signal handler called>"
"""As gdb names the frame of a signal."""
INNER_FRAMES, OUTER_FRAMES = 64, 16
"""Deep stacks keep this many frames at each end."""


@dataclass(frozen=True)
class RawFrame:
    """A frame as the debugger lists it."""

    level: int
    address: int | None
    function: str | None
    file: str | None = None
    line: int | None = None
    module: str | None = None


@dataclass(frozen=True)
class ThreadStack:
    """One thread's stack and thread pointer."""

    frames: tuple[RawFrame, ...] = ()
    total: int | None = None
    """Frames in the whole stack; None where they were not counted."""
    thread_pointer: int | None = None
    problem: str | None = None
    guessed_beyond: int | None = None
    """See Thread.guessed_beyond."""

    @property
    def cut(self) -> bool:
        """Frames in the middle are missing."""
        return self.total is None or self.total > len(self.frames)


@dataclass
class Stacks:
    """Everything the debugger told about one process."""

    threads: dict[int, ThreadStack] = field(default_factory=dict)
    """By kernel thread id."""
    symbols: dict[int, str] = field(default_factory=dict)
    """Address -> the symbol that begins exactly there."""
    libc_debug_info: bool | None = None
    debugger_version: str | None = None
    stopped_ms: float | None = None
    notes: list[str] = field(default_factory=list)


def parse_frames(payload: dict[str, Any]) -> tuple[RawFrame, ...]:
    """The frames of a ``-stack-list-frames`` result."""
    stack = payload.get("stack")
    if not isinstance(stack, list):
        return ()
    frames = []
    for entry in stack:
        raw = entry.get("frame", entry) if isinstance(entry, dict) else None
        # What is no frame is left out; a field that is no text (pygdbmi makes a list of one that is there twice) is not known.
        if not isinstance(raw, dict):
            continue
        fields = {name: value for name, value in raw.items() if isinstance(value, str)}
        function = fields.get("func")
        frames.append(
            RawFrame(
                level=_integer(fields.get("level")) or 0,
                address=_integer(fields.get("addr")),
                function=None if function == "??" else function,
                file=fields.get("file"),
                line=_integer(fields.get("line")),
                module=fields.get("from"),
            )
        )
    return tuple(frames)


def _integer(text: object) -> int | None:
    try:
        return int(str(text), 0)
    except ValueError:
        return None


def named_frame(raw: RawFrame, space: AddressSpace | None) -> Frame:
    """A frame for the snapshot: its module found by address, because the debugger leaves it out where it has line numbers."""
    module = space.module(raw.address) if space is not None and raw.address is not None else None
    return Frame(
        level=raw.level,
        function=raw.function,
        module=module[0] if module else raw.module,
        offset=f"{module[1]:#x}" if module else None,
        file=raw.file,
        line=raw.line,
        signal=raw.function == SIGNAL,
    )
