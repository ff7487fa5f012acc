"""One file a form of trace. Each gives ``HANDLERS``: first characters of a line -> what reads such a line.

A handler gets the reading and the line without leading and trailing blanks, and answers whether the line was one of its
own; it keeps its hands off lines it does not know. ``_`` stands for lines that may begin with anything.
"""

from __future__ import annotations

from collections.abc import Callable

from analyzer.capture.trace.reading import Reading

Handler = Callable[[Reading, str], bool]
