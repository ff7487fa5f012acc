"""A report into its ticket. Nothing leaves the machine before it was shown and somebody agreed.

The way: which tracker, which token, is the finding there already, is the file small enough, show, ask, post. Each tracker's
library is imported by its own file only, when it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from analyzer.errors import ExtraMissing, HangAnalyzeError, ReportTooLarge
from analyzer.lean_dataclass import dataclass, replace
from analyzer.ticket.message import mark_of, parcel_of
from analyzer.ticket.parcel import Token
from analyzer.ticket.place import place_of
from analyzer.ticket.token import token_for

if TYPE_CHECKING:
    from analyzer.model import Diagnosis
    from analyzer.ticket.parcel import Parcel, Place, Similar, Tracker

_CLASSES = {"bugzilla": "BugzillaTracker", "gitlab": "GitlabTracker", "jira": "JiraTracker", "github": "GithubTracker"}
TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Wishes:
    """What the person wants."""

    url: str
    yes: bool = False
    dry_run: bool = False
    private: bool = False
    gist: bool = False
    attached: str | None = None
    find_duplicates: bool = False
    timeout: float = TIMEOUT_S


def send(
    diagnosis: Diagnosis,
    wishes: Wishes,
    environment: Mapping[str, str],
    say: Callable[[str], None],
    agreed: Callable[[str], bool],
) -> bool:
    """Post the report. True: the ticket has it, by now or already; False: nothing was sent, because nobody agreed.

    ``say`` takes lines for a person, ``agreed`` a question.
    Raises UsageError, ExtraMissing, NoToken, ReportTooLarge, TicketFailed.
    """
    place = place_of(wishes.url)
    _class(place)  # a missing package is better known before a missing token
    token = token_for(place, environment) if not wishes.dry_run else _token_if_any(place, environment)
    tracker: Tracker | None = None
    limit: int | None = None
    mark = mark_of(diagnosis)
    there: list[str] = []
    if token is not None:
        try:
            tracker = _class(place)(place, token, wishes.timeout)
            if wishes.find_duplicates:
                _tell_similar(diagnosis, tracker, mark, say)
            there = tracker.texts()
            if any(mark in text for text in there):
                say(f"{place.url} has this finding already ({mark}); nothing was sent.")
                return True
            limit = tracker.file_limit()
        except Exception as error:
            raise _translated(error, place, token, [], None) from error
    by_hand = place.kind == "github" and not wishes.gist
    parcel = parcel_of(
        diagnosis,
        place.kind,
        _class(place).comment_limit,
        private=wishes.private,
        gist=wishes.gist,
        attached=wishes.attached,
        hand_over=by_hand,
    )
    if parcel.attached is None and parcel.file_name in there:  # an earlier try came as far as the attachment
        parcel = replace(parcel, attached=parcel.file_name)
    sends_file = parcel.attached is None and not by_hand
    if tracker is not None and sends_file and (limit is None or len(parcel.data) > limit):
        raise ReportTooLarge(place.host, len(parcel.data), limit)
    _show(parcel, place, say, with_file=sends_file, limit=limit)
    if wishes.dry_run:
        say("Nothing was sent (--dry-run).")
        return True
    assert tracker is not None
    assert token is not None
    if not wishes.yes and not agreed(f"Send this to {place.host}?"):
        say("Nothing was sent.")
        return False
    done: list[str] = []
    try:
        tracker.post(parcel, done)
    except Exception as error:
        raise _translated(error, place, token, done, _link(done)) from error
    say("Posted " + "; ".join(done) + ".")
    if by_hand and parcel.attached is None:
        say(_by_hand(place))
    return True


def _class(place: Place) -> type[Tracker]:
    try:
        found: type[Tracker] = getattr(import_module(f"analyzer.ticket.{place.kind}"), _CLASSES[place.kind])
    except ModuleNotFoundError as error:
        raise ExtraMissing("tickets", error.name or place.kind) from error
    return found


def _token_if_any(place: Place, environment: Mapping[str, str]) -> Token | None:
    """A dry run shows what would be sent, with or without a token."""
    try:
        return token_for(place, environment)
    except HangAnalyzeError:
        return None


def _tell_similar(diagnosis: Diagnosis, tracker: Tracker, mark: str, say: Callable[[str], None]) -> None:
    bugs = [one.url for finding in diagnosis.findings[:1] for one in finding.references if one.kind == "bug"]
    for url in bugs:
        say(f"The signature's bug: {url}")
    found: dict[str, Similar] = {}
    for words in (mark.rpartition(" ")[2], *bugs):
        found |= {one.url: one for one in tracker.search(words)}
    for one in found.values():
        say(f"Similar: {one.url}  {one.title}")
    if not found:
        say("No ticket of this tracker speaks of the fingerprint or of the signature's bug.")


def _show(parcel: Parcel, place: Place, say: Callable[[str], None], *, with_file: bool, limit: int | None) -> None:
    say(f"To: {place.url} ({place.kind}{', private' if parcel.private else ''})")
    if with_file:
        kind = "secret gist: whoever has its address can read it" if parcel.gist else "attachment"
        room = f", of {limit // 1024} KB that are allowed" if limit else ""
        say(f"File: {parcel.file_name}, {-(-len(parcel.data) // 1024)} KB{room} ({kind})")
    elif parcel.attached:
        say(f"File: none; the comment names {parcel.attached}")
    else:
        say("File: none; GitHub has no public API for attachments")
    say("Comment:")
    for line in parcel.text.splitlines():
        say(f"  | {line}")


def _link(done: list[str]) -> str | None:
    """Where the file lies, when it was sent and the comment was not."""
    return done[-1].partition(": ")[2] if done else None


def _by_hand(place: Place) -> str:
    return (
        "The file goes by hand: gzip -k REPORT.html, open the address, and drag REPORT.html.gz into a new comment:\n"
        f"  {place.url}\nOr give --gist: then the file lies in a secret gist, and the comment has its address."
    )


def _translated(error: Exception, place: Place, token: Token, done: list[str], link: str | None) -> HangAnalyzeError:
    if isinstance(error, HangAnalyzeError):
        return error
    from analyzer.ticket.failures import failed

    return failed(error, place, token, done, link)
