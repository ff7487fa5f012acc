"""``hanganalyze scan``: once, or again and again; with or without the full analysis of the likeliest. Prints through ``out``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import HangAnalyzeError, UsageError
from analyzer.lean_dataclass import replace
from analyzer.model.scan import Scan, Suspect
from analyzer.render.scan import to_json, to_text, told
from analyzer.render.words import words_for
from analyzer.scan import scan

if TYPE_CHECKING:
    import argparse

    from analyzer.render import Format

Out = Callable[[str], None]


class ScanCommand:
    """One run of the command; ``found`` says at any moment whether it has seen what it looks for."""

    def __init__(self, arguments: argparse.Namespace, out: Out, complain: Out, width: int = 100) -> None:
        self._arguments, self._out, self._complain, self._width = arguments, out, complain, width
        self._words = words_for(arguments.lang, os.environ)
        self.found = False
        """A process that looks hung; with --analyse: one whose root cause was found."""

    def run(self) -> None:
        """Once, or with --watch until a signal ends it. Raises UsageError, CannotAnalyse."""
        self._check()
        if not self._arguments.watch:
            self._tell(self._analysed(scan()))
            return
        known: set[tuple[int, str, str]] = set()
        while True:
            began = time.monotonic()
            self._watched(scan(), known)
            time.sleep(max(0.0, self._arguments.every - (time.monotonic() - began)))

    def _check(self) -> None:
        from analyzer.output import is_folder

        target = self._arguments.output
        if target is not None and not self._arguments.analyse:
            raise UsageError("-o names the folder for the reports of --analyse.", next_command="hanganalyze scan --json > FILE")
        if target is not None and not is_folder(Path(target)):
            raise UsageError(f"-o must be a folder, and {target} is none.", next_command="mkdir reports; then -o reports")

    def _watched(self, seen: Scan, known: set[tuple[int, str, str]]) -> None:
        """Tell what is new since the last look; what is over is forgotten, so that it is told when it comes again."""
        now = {(one.pid, one.name, one.rank): one for one in seen.suspects if one.rank != "waits"}
        fresh = [one for key, one in now.items() if key not in known]
        known.intersection_update(now)
        known.update(now)
        if self._arguments.json or fresh:
            new = replace(seen, suspects=tuple(fresh))
            analysed = self._analysed(new)
            if self._arguments.json:
                self._out(to_json(analysed, indent=None))
            else:
                self._out(
                    "\n".join(
                        [seen.taken_at, *(line for one in analysed.suspects for line in told(one, self._words, self._width))]
                    )
                )

    def _tell(self, seen: Scan) -> None:
        if self._arguments.json:
            self._out(to_json(seen))
        else:
            self._out(to_text(seen, self._words, width=self._width, everything=self._arguments.all))

    def _analysed(self, seen: Scan) -> Scan:
        """With --analyse: the same scan with a report for each of the likeliest."""
        if not self._arguments.analyse:
            self.found |= bool(seen.ranked("hung"))
            return seen
        wanted = {one.pid for one in (*seen.ranked("hung"), *seen.ranked("suspect"))[: self._arguments.top]}
        suspects = tuple(self._analyse(one) if one.pid in wanted else one for one in seen.suspects)
        self.found |= any(one.status == "root-cause" for one in suspects)
        return replace(seen, suspects=suspects)

    def _analyse(self, one: Suspect) -> Suspect:
        from analyzer.analyse import analyse_process
        from analyzer.capture.live import Options
        from analyzer.output import check_writable, default_name, write
        from analyzer.privacy import without_private
        from analyzer.render import render

        format: Format = self._arguments.format or "html"
        folder = Path(self._arguments.output or ".")
        try:
            check_writable(folder / "hanganalyze")
            options = Options(max_pause=self._arguments.max_pause, debugger=self._arguments.gdb)
            diagnosis = analyse_process(
                one.pid, options, signatures=self._arguments.signatures, with_reference=not self._arguments.no_reference
            )
            diagnosis, _ = without_private(diagnosis)
            path = folder / default_name(diagnosis.snapshot, format)
            write(path, render(diagnosis, format, self._words))
        except HangAnalyzeError as error:
            self._complain(f"process {one.pid} could not be analysed: {error}")
            return one
        return replace(one, report=str(path), status=diagnosis.status)
