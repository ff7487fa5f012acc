"""GitLab, with python-gitlab: an upload to the project, then a note that links to it."""

from __future__ import annotations

from typing import Any

import gitlab

from analyzer.ticket.parcel import Parcel, Place, Similar, Token
from analyzer.ticket.session import Session

DEFAULT_LIMIT = 100 * 1024 * 1024
"""GitLab's default since 15.7; only administrators may ask for another."""
_ONCE = {"obey_rate_limit": False, "retry_transient_errors": False}
"""The library would wait and try again by itself: a person should decide that."""


class GitlabTracker:
    """One issue."""

    comment_limit = 1_000_000

    def __init__(self, place: Place, token: Token, timeout: float) -> None:
        self.place = place
        self.api = gitlab.Gitlab(place.base, private_token=token.secret, timeout=timeout, session=Session(timeout))
        self.project: Any = self.api.projects.get(place.project, **_ONCE)
        self.issue: Any = self.project.issues.get(int(place.number), **_ONCE)

    def file_limit(self) -> int:
        """What GitLab takes unless its administrator changed it."""
        return DEFAULT_LIMIT

    def texts(self) -> list[str]:
        """Description and notes."""
        notes = self.issue.notes.list(iterator=True, per_page=100, **_ONCE)
        return [self.issue.description or "", *(note.body for note in notes)]

    def post(self, parcel: Parcel, done: list[str]) -> None:
        """First the file, then the note."""
        link = parcel.attached
        if link is None:
            link = self.project.upload(parcel.file_name, filedata=parcel.data, **_ONCE)["markdown"]
            done.append(f"upload: {link}")
        body = f"{link}\n\n{parcel.text}"
        note = self.issue.notes.create({"body": body, **({"internal": True} if parcel.private else {})}, **_ONCE)
        done.append(f"note: {self.place.url}#note_{note.id}")

    def search(self, words: str) -> list[Similar]:
        """Issues of the project with these words in title, description or a note."""
        found = {
            one.iid: Similar(one.title, one.web_url)
            for one in self.project.issues.list(search=words, per_page=10, get_all=False, **_ONCE)
        }
        for note in self.project.search("notes", words, per_page=10, get_all=False, **_ONCE):
            if note.get("noteable_type") == "Issue":
                number = note["noteable_iid"]
                url = f"{self.place.base}/{self.place.project}/-/issues/{number}"
                found.setdefault(number, Similar(f"#{number}", url))
        return list(found.values())
