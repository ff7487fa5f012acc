"""What a tracker's library raises, as one of our errors: what happened, what was posted by then, and how to go on."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.errors import TicketFailed
from analyzer.ticket.parcel import Place, Token

_STATUS = {
    400: "the tracker does not accept the request",
    401: "the tracker does not accept the token",
    403: "the token may not do this",
    404: "there is no such ticket, or the token may not see it",
    410: "the ticket is gone, or issues are switched off",
    413: "the file is too large for the tracker",
    422: "the tracker does not accept the contents",
    429: "the tracker wants fewer requests",
}
# Bugzilla's own numbers of errors, as the statuses they stand for.
_BUGZILLA = {100: 404, 101: 404, 102: 403, 300: 401, 306: 401, 400: 401, 410: 401, 602: 413}
_NEXT = {
    401: "make a new token, and put it where «hanganalyze ticket --help» says",
    403: "give the token the right to comment and to attach files",
    404: "open the address in the browser; a private project answers this way without the right",
    413: "attach a smaller report: hanganalyze render REPORT --format markdown, and paste it",
}


def failed(error: Exception, place: Place, token: Token, done: Sequence[str], link: str | None) -> TicketFailed:
    """``link``: where the file lies already, when only the comment is missing."""
    status = status_of(error)
    names = {name for kind in type(error).__mro__ for name in [kind.__name__]}
    wait = _header(error, "Retry-After")
    if status is not None:
        what = f"{_STATUS.get(status, 'the tracker answered with an error')} (HTTP {status})"
        if status == 429 and wait:
            what += f"; it asks to wait {wait} s"
    elif names & {"Timeout", "TimeoutError"}:
        what = "it did not answer in time; whether it took the last step is not known"
    elif names & {"ConnectionError", "ProtocolError", "ChunkedEncodingError"}:
        what = "the connection broke; whether it took the last step is not known"
    elif "TooManyRedirects" in names:
        what = "it sends us to another address, where the token does not belong"
    else:
        what = token.hidden(f"{type(error).__name__}: {error}")[:400]
    posted = "Posted before that: " + "; ".join(done) + "." if done else "Nothing was posted before that."
    again = "the same command again"
    if wait and status == 429:
        again += f" after {wait} s"
    again += "; what the ticket has already is not posted twice"
    if link is not None:
        again = f"the same command with --attached '{link}', which posts the comment alone"
    return TicketFailed(place.url, what, posted, _NEXT.get(status or 0, again) if not done else again)


def status_of(error: Exception) -> int | None:
    """The HTTP status, wherever the library keeps it."""
    response = getattr(error, "response", None)
    candidates = [getattr(error, name, None) for name in ("response_code", "status_code", "status")]
    candidates.append(getattr(response, "status_code", None))
    found = next((one for one in candidates if isinstance(one, int) and 300 <= one < 600), None)
    if found is None and type(error).__name__ == "BugzillaError":
        found = _BUGZILLA.get(getattr(error, "code", None) or 0)
    return found


def _header(error: Exception, name: str) -> str | None:
    for headers in (getattr(error, "headers", None), getattr(getattr(error, "response", None), "headers", None)):
        for key, value in dict(headers or {}).items():
            if str(key).lower() == name.lower() and str(value).isdecimal():
                return str(value)
    return None
