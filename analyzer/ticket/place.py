"""Which tracker an address belongs to."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from analyzer.errors import UsageError
from analyzer.ticket.parcel import KINDS, Kind, Place

_FORMS: dict[Kind, str] = {
    "bugzilla": "https://HOST/show_bug.cgi?id=NUMBER",
    "gitlab": "https://HOST/GROUP/PROJECT/-/issues/NUMBER",
    "jira": "https://HOST/browse/KEY-NUMBER",
    "github": "https://github.com/OWNER/REPOSITORY/issues/NUMBER",
}


def place_of(url: str) -> Place:
    """The ticket behind an address as the browser shows it. Raises UsageError."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.password:
        raise UsageError(f"{_without_login(url)} is no address of a ticket.", next_command=_next())
    if parts.scheme == "http" and host not in {"127.0.0.1", "localhost", "::1"}:
        raise UsageError(f"{url} would carry your token in the clear.", next_command="give the https:// address")
    root = f"{parts.scheme}://{parts.netloc}"
    if match := re.fullmatch(r"(.*)/show_bug\.cgi", parts.path):
        number = parse_qs(parts.query).get("id", [""])[0]
        if number.isdecimal():
            return Place("bugzilla", root + match[1], host, "", number, url)
    if match := re.fullmatch(r"/(.+?)/-/(?:issues|work_items)/(\d+)/?", parts.path):
        return Place("gitlab", root, host, match[1], match[2], url)
    if match := re.fullmatch(r"(.*)/browse/([A-Z][A-Z0-9_]*-\d+)/?", parts.path):
        return Place("jira", root + match[1], host, "", match[2], url)
    if match := re.fullmatch(r"/([\w.-]+/[\w.-]+)/(?:issues|pull)/(\d+)/?", parts.path):
        api = "https://api.github.com" if host == "github.com" else f"{root}/api/v3"
        return Place("github", api, host, match[1], match[2], url)
    raise UsageError(f"{url} is no address of a ticket that is known.", next_command=_next())


def _next() -> str:
    return "give the ticket's address as the browser shows it: " + ", ".join(_FORMS[kind] for kind in KINDS)


def _without_login(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//", url)
