"""Pasted traces: from the text of a ticket to a Snapshot that says how much of it could be read.

::

    lines -> reader (fast path, plain, peel, wrap) -> forms -> Reading (what belongs together) -> drafts -> build -> Snapshot

A text is not a process: no facts, no host, no facts about how long anything stood still. Everything it does not say is None.
Process ids are the text's own where it has them. Where it has none, numbers from 0 stand in for them (skipping ids that
the text uses), and for threads the debugger's own numbers, else numbers from 0; the notes of the process say so.
"""

from analyzer.capture.trace.quality import ParseQuality
from analyzer.capture.trace.surface import Parsed, iter_traces, parse, parse_trace, quality, read_lines

__all__ = ["ParseQuality", "Parsed", "iter_traces", "parse", "parse_trace", "quality", "read_lines"]
