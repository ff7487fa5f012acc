"""Bugzilla 5 and later, by REST with python-bugzilla: one request makes the attachment and its comment, or neither."""

from __future__ import annotations

import io
from typing import Any

import bugzilla

from analyzer.ticket.parcel import Parcel, Place, Similar, Token
from analyzer.ticket.session import Session

DEFAULT_LIMIT_KB = 1000


class BugzillaTracker:
    """One bug."""

    comment_limit = 65_535

    def __init__(self, place: Place, token: Token, timeout: float) -> None:
        self.place = place
        self.session = Session(timeout)
        self.api = bugzilla.Bugzilla(
            place.base + "/rest/",
            api_key=token.secret,
            force_rest=True,
            use_creds=False,
            configpaths=[],
            tokenfile=None,
            requests_session=self.session,
        )

    def file_limit(self) -> int:
        """The tracker's own limit where it tells; else Bugzilla's default of 1000 KB."""
        answer = self.session.get(f"{self.place.base}/rest/parameters")
        found: Any = None
        if answer.ok:
            found = answer.json().get("parameters", {}).get("maxattachmentsize")
        kilobytes = int(found) if str(found).isdecimal() else DEFAULT_LIMIT_KB
        return (kilobytes or DEFAULT_LIMIT_KB) * 1024

    def texts(self) -> list[str]:
        """Comments (the first one is the description) and names of attachments."""
        number = int(self.place.number)
        bugs = self.api.get_comments([number])["bugs"]
        attachments = self.api.get_attachments([number], None, exclude_fields=["data"])["bugs"]
        found = [comment["text"] for comment in bugs[str(number)]["comments"]]
        return [*found, *(one["file_name"] for one in attachments.get(str(number), ()))]

    def post(self, parcel: Parcel, done: list[str]) -> None:
        """Attachment and comment at once."""
        if parcel.attached:
            update = self.api.build_update(comment=parcel.text, comment_private=parcel.private)
            self.api.update_bugs([int(self.place.number)], update)
            done.append(f"comment: {self.place.url}")
            return
        identity = self.api.attachfile(
            [int(self.place.number)],
            io.BytesIO(parcel.data),
            parcel.summary,
            file_name=parcel.file_name,
            content_type="text/html",
            comment=parcel.text,
            is_private=parcel.private,
        )
        done.append(f"attachment and comment: {self.place.base}/attachment.cgi?id={identity}&action=edit")

    def search(self, words: str) -> list[Similar]:
        """Bugs with these words in a comment."""
        found = self.api.query(
            {"longdesc": words, "longdesc_type": "substring", "include_fields": ["id", "summary"], "limit": 10}
        )
        return [Similar(bug.summary, f"{self.place.base}/show_bug.cgi?id={bug.id}") for bug in found]
