"""A gdb for a core: one that knows its architecture, and prepared so that it sees only the files that belong to the core."""

from __future__ import annotations

import contextlib
import platform
import re
import shutil
import time

from analyzer.cache import cache_folder
from analyzer.capture import gdb
from analyzer.capture.architecture import Architecture
from analyzer.capture.gdbmi import MiSession
from analyzer.capture.least_rights import ends_with_us, limits
from analyzer.errors import DebuggerFailed, DebuggerMissing, HangAnalyzeError

_PREPARE_S, _ANSWER_S = 60.0, 30.0


class CoreDebugger:
    """A gdb session for a core: ``prepare``, then questions (``core_stacks``), then ``close`` (always)."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.session = MiSession(
            gdb.arguments(path, _index_cache()), gdb.environment(path), limit=ends_with_us(limits(path, None))
        )
        self.version: str | None = None

    def prepare(self, root: str, executable: str | None, debug_root: str, placeholder: str) -> None:
        """Load the executable's symbols; where it is not here, gdb gets the ``placeholder`` (see there). ``root`` holds the files
        that match the core, ``debug_root`` their debug files."""
        commands = gdb.preparation(root, executable, debug_root)
        if executable is None:
            commands.append(f"-file-exec-file {placeholder}")
        answers = self.session.batch(commands, time.monotonic() + _PREPARE_S, "loading symbols")
        match = re.search(rb"GNU gdb.*?(\d+\.\d+(?:\.\d+)?)(?:-\S*)?\\n", answers[0].console)
        self.version = match.group(1).decode() if match else None
        if self.version is not None:
            gdb.check_version(self.path, self.version)

    def close(self) -> None:
        """End gdb; never raises."""
        with contextlib.suppress(Exception):
            self.session.close()


def _index_cache() -> str | None:
    """Where gdb keeps its symbol indexes of cores' files, apart from those of live processes: a build id is the core's own
    claim, and must not decide what an analysis of another user's process reads."""
    try:
        folder = cache_folder() / "gdb-index" / "core"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (HangAnalyzeError, OSError):
        return None
    return str(folder)


def debugger_for(architecture: Architecture, explicit: str | None) -> CoreDebugger:
    """Start a gdb that can read cores of this architecture.

    A machine's own is tried first for its own architecture; for a foreign one gdb-multiarch, then the [gdb] extra's, then
    the plain one, which on some distributions knows them all. Raises DebuggerMissing, DebuggerFailed.
    """
    if explicit or architecture.name == platform.machine():
        return CoreDebugger(gdb.find(explicit))
    refused = []
    for path in dict.fromkeys(filter(None, (shutil.which("gdb-multiarch"), gdb.bundled_path(), shutil.which("gdb")))):
        debugger = CoreDebugger(path)
        try:
            answer = debugger.session.ask(f"-gdb-set architecture {architecture.gdb_name}", time.monotonic() + _ANSWER_S)
        except DebuggerFailed:
            answer = None
        if answer is not None and not answer.failed:
            return debugger
        debugger.close()
        refused.append(path)
    tried = f" ({', '.join(refused)} cannot)" if refused else ""
    raise DebuggerMissing(
        f"no gdb here knows {architecture.name}{tried}",
        next_command="apt-get install gdb-multiarch; without root: pip install 'hanganalyze[gdb]'",
    )
