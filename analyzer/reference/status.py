"""The lines that the loader's processes write on their status descriptor, gathered into one picture."""

from __future__ import annotations

from analyzer.lean_dataclass import dataclass, field

STEPS = ("threads", "clone", "idmap", "root", "pause-process", "setenv", "reexec", "load", "done")
"""In order. The loader enters threads, clone, idmap and done; its child all others."""


@dataclass
class Status:
    """What was announced so far."""

    steps: dict[str, int] = field(default_factory=dict)
    """Step -> pid of the process that entered it, in the order of arrival."""
    processes: dict[str, int] = field(default_factory=dict)
    """loader, child, pause-maker, pause -> pid."""
    held: tuple[str, int] | None = None
    """Step and pid of the process that ``--stop-at`` holds."""
    widener_tid: int | None = None
    """Thread of the loader that holds the lock."""
    userns_refused: str | None = None
    """Why there is no user namespace; the loader goes on without."""
    widen_refused: str | None = None
    """Why the lock is not held for certain."""

    def take(self, line: str) -> None:
        """Understand one line; unknown ones are passed over, so that a newer loader may say more."""
        match line.split(" ", 2):
            case ["userns", "no", reason]:
                self.userns_refused = reason
            case ["widen", "no", reason]:
                self.widen_refused = reason
            case ["step", name, pid]:
                self.steps[name] = int(pid)
            case ["process", name, pid]:
                self.processes[name] = int(pid)
            case ["held", step, pid]:
                self.held = (step, int(pid))
            case ["widen", _, tid]:
                self.widener_tid = int(tid)
