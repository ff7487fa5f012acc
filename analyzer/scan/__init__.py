"""``hanganalyze scan``: every process of this host, from /proc alone. Who looks hung? Nothing is stopped and no memory is read.

The way: survey (two small files a process) -> candidates (threads in a futex wait without a timeout, stopped, uninterruptible) ->
a second sample of those -> the few questions that tell a hung one from an idle one -> who waits for it -> ranked.
"""

from analyzer.model.scan import Scan, Suspect
from analyzer.scan.ranking import scan

__all__ = ["Scan", "Suspect", "scan"]
