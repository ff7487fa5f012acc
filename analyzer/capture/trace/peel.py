"""What stands in front of a trace's own text: quoting, timestamps, log prefixes, bullets, comment signs.

A layer is taken off at a time, and only where the rest then reads as part of a trace, so prose is never changed. All
patterns are anchored and bounded.
"""

from __future__ import annotations

import re

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = r"\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?"
_LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|CRIT|FATAL|ALERT|debug|info|notice|warn|warning|error)"
_LAYERS = re.compile(
    r"(?:"
    r"<\d{1,3}>"  # syslog priority
    rf"|\[?\d{{4}}[-/]\d\d[-/]\d\d[T _]{_CLOCK}(?:Z|[ ]?[+-]\d\d:?\d\d)?\]?:?"
    rf"|\[?(?:[A-Z][a-z]{{2}},? )?{_MONTH} {{1,2}}\d{{1,2}}(?:,? \d{{4}})? {_CLOCK}(?: \d{{4}})?\]?:?"
    rf"|\[?\d{{1,2}}[-/ ](?:{_MONTH}|\d\d)[-/ ]\d{{2,4}}[: ]{_CLOCK}(?: ?[+-]\d{{4}})?\]?:?"
    rf"|\[?{_CLOCK}\]?:?"
    r"|\[ {0,7}\d{1,8}\.\d{3,9}\]"  # the kernel's seconds
    r"|\d{1,10}\.\d{6,9}:?"
    r"|[IWEFD]\d{4} \d\d:\d\d:\d\d\.\d{1,6} {1,7}\d{1,8} [\w.]{1,60}:\d{1,6}\]"  # glog, klog
    rf"|[\[(<]{_LEVEL}[\])>]:?|{_LEVEL}:?(?= )"
    r"|[\w.-]{1,64} [\w./@:+-]{1,64}(?:\[\d{1,8}\])?:(?= )"  # host program[pid]:
    r"|[\w./@+-]{1,64}\[\d{1,8}\]:?"
    r"|\[[\w .:/@+-]{1,60}\](?:\[[\w .:/@+-]{1,60}\]){0,4}:?"
    r"|[\w.-]{1,40} {0,12}\|"  # docker compose
    r"|[\w./+-]{1,200}:\d{1,9}:|\d{1,9}[:)](?=\s)"  # grep -n
    r"|[\w.-]{1,40}:(?= )|[\w.-]{1,12}>"
    r") {0,40}"
)
_BULLET = re.compile(r"(?:[-+*•·‣◦o]|\d{1,3}[.)]|//+|/?\*+|;+|%+|--+|=>|!) {1,40}(?=\S)")
_GLUED = re.compile(r"[^\s#]{0,60}?(#\d{1,6}:? {1,3}(?:0x[0-9a-fA-F]{4,16}\b|<signal handler|[\w.~:@$?]{1,200} \().*)")
"""A frame that something was written in front of without a blank (``git#6``, a fence, a prompt)."""
_LINKED = re.compile(
    r"(?:https?://[^\s#]{1,300}[/=#](\d{1,6})|\[[\w./!-]{0,60}#(\d{1,6})\]\([^\s()]{1,300}\)):? {1,3}"
    r"(0x[0-9a-fA-F]{4,16} .*|<signal .*|[\w.~:@$?]{1,200} \(.*)$"
)
"""A frame's number that a tracker took for an issue's and made a link of."""
_AFTER_ANYTHING = re.compile(r"(?<=[\s:|\]>`'\"])#\d{1,6} {1,3}0x[0-9a-fA-F]{6,16}[ \n]")


def peel(line: str) -> str | None:
    """``line`` (no leading blanks) without its outermost layer; None where it wears none."""
    first = line[0]
    if first in ">|":
        return line.lstrip(">| ") or None
    if first == "`":
        return line.strip("`").strip() or None
    if first == "#" and line[1:2] == "(":  # a comment of a spec file or a script
        return line[1:]
    match = _BULLET.match(line) or _LAYERS.match(line)
    if match is not None and match.end() < len(line):
        return line[match.end() :]
    return None


def unglue(line: str) -> str | None:
    """A frame whose number a tracker rewrote (a link, ``git#6``), or that something was glued to; None where there is none."""
    if "http" in line:
        linked = _LINKED.match(line)
        if linked is not None:
            return f"#{linked[1] or linked[2]}  {linked[3]}"
    if "#" in line:
        match = _GLUED.match(line)
        if match is not None and match.start(1) > 0:
            return match[1].rstrip("`")
    return None


def dig(line: str) -> int:
    """Where a frame or a thread's heading begins behind a prefix that no layer describes; 0 where there is none."""
    if "#" in line:
        found = _AFTER_ANYTHING.search(line, 0, 400)
        if found is not None:
            return found.start()
    if "(LWP " in line:
        at = line.find("Thread ")
        if 0 < at < 300:
            return at
    return 0
