"""How the reference loader is to be run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from analyzer.lean_dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

Fix = Literal["none", "upstream", "complete"]
Widen = Literal["off", "stdio", "malloc", "atfork", "nss"]


@dataclass(frozen=True)
class LoaderOptions:
    """One way to run the loader."""

    input: Path
    """The docker-archive to load."""
    store: Path
    """Folder the image goes to; made where it is missing."""
    fix: Fix = "complete"
    """none: fork() and setenv() after the raw clone; upstream: raw clone for fork(); complete: neither."""
    widen: Widen = "off"
    """The lock that another thread holds at the moment of the clone."""
    stop_at: str | None = None
    """Step to hold at."""
    threads: int = 2
    """Idle threads besides."""
    python: str | None = None
    """Interpreter for the image load; None: this one, or one that ``user`` may run."""
    binary: Path | None = None
    """A loader that is built already; None: build it."""
    user: int | None = None
    """Uid (and gid) to run as, for root only; None: as we are."""
    wrapper: tuple[str, ...] = ()
    """Command that executes the loader given as its last arguments (``unshare ...``, ``taskset ...``)."""
