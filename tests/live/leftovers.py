"""Whether anything of a series of runs is still there: by a mark in the environment, by session and by process group."""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path

from tests.live.analysing import Ran, hanganalyze
from tests.targets import procs

MARK = "HANGANALYZE_TEST_MARK"


class Leftovers:
    """Made before the series, whose commands write their pid with ``echo $$ >> $PIDS``; asked afterwards."""

    def __init__(self, folder: Path) -> None:
        self.mark = uuid.uuid4().hex
        self.pids_file = folder / "pids"
        self.environment = {MARK: self.mark, "PIDS": str(self.pids_file)}

    def hanganalyze(
        self, *arguments: str | float | Path, user: int | None = None, cwd: Path | None = None, cache: Path | None = None
    ) -> Ran:
        """Run the command line; whatever came of it, an AssertionError when something of it is left running."""
        environment = self.environment if cache is None else self.environment | {"XDG_CACHE_HOME": str(cache)}
        ran = hanganalyze(*map(str, arguments), user=user, cwd=cwd, **environment)  # type: ignore[arg-type] # not those names
        self.gone()
        return ran

    def started(self) -> list[int]:
        """The pids that the commands wrote; each led a session and a process group of its own."""
        return [int(line) for line in self.pids_file.read_text().split()] if self.pids_file.exists() else []

    def there(self) -> list[str]:
        """What is left, in words."""
        led = set(self.started())
        found = []
        for entry in procs.PROC.iterdir():
            if not entry.name.isdecimal() or int(entry.name) == os.getpid():
                continue
            stat = procs.stat_of(int(entry.name))
            if not stat or stat[0] in "ZX":
                continue
            if int(stat[2]) in led or int(stat[3]) in led or self._is_marked(entry):
                found.append(f"{entry.name}: {(entry / 'cmdline').read_bytes()!r}")
        return found

    def _is_marked(self, entry: Path) -> bool:
        try:
            return f"{MARK}={self.mark}".encode() in (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            return False

    def gone(self, within: float = 0.0) -> None:
        """An AssertionError when something is left after so many seconds."""
        deadline = time.monotonic() + within
        while (left := self.there()) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert left == []
