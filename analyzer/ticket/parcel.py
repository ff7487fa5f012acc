"""What would leave the machine, and where to: plain values, and what every tracker has to be able to do."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

from analyzer.lean_dataclass import dataclass, field

Kind = Literal["bugzilla", "gitlab", "jira", "github"]
KINDS: tuple[Kind, ...] = ("bugzilla", "gitlab", "jira", "github")


@dataclass(frozen=True)
class Place:
    """One ticket."""

    kind: Kind
    base: str
    """Address of the tracker, without a slash at the end."""
    host: str
    project: str
    """Group and project, owner and repository; empty where the tracker needs none."""
    number: str
    """The ticket in it: a number, or Jira's key."""
    url: str


class Token(NamedTuple):
    """A secret and, where there is one, the account it belongs to."""

    secret: str
    login: str | None = None

    def hidden(self, text: str) -> str:
        """``text`` without the secret, whatever a library wrote into its message."""
        return text.replace(self.secret, "[token]") if self.secret else text


@dataclass(frozen=True)
class Parcel:
    """Everything that is sent, as it is sent."""

    file_name: str
    data: bytes = field(repr=False)
    text: str
    """The comment; its last line is the mark."""
    mark: str
    """Tells this finding from every other one: «hanganalyze-fingerprint: 0123456789ab»."""
    summary: str
    """One line, for the list of attachments."""
    private: bool = False
    gist: bool = False
    attached: str | None = None
    """The file is there already, under this address: only the comment is missing."""


@dataclass(frozen=True)
class Similar:
    """A ticket that may speak of the same."""

    title: str
    url: str


class Tracker(Protocol):
    """One kind of tracker. Every method may raise what its library raises; failures.py translates."""

    comment_limit: int
    """Characters."""

    def __init__(self, place: Place, token: Token, timeout: float) -> None:
        """``timeout``: seconds for each request."""

    def file_limit(self) -> int | None:
        """Bytes an attachment may have; None where files are not taken at all."""

    def texts(self) -> list[str]:
        """Description, comments and names of attachments that are in the ticket now."""

    def post(self, parcel: Parcel, done: list[str]) -> None:
        """Send it; every step that is finished is added to ``done`` as a sentence with its address."""

    def search(self, words: str) -> list[Similar]:
        """Tickets in which these words stand."""
