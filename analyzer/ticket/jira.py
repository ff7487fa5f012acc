"""Jira, with the jira package: an attachment, then a comment that names it."""

from __future__ import annotations

import io
from typing import Any

import jira

from analyzer.errors import UsageError
from analyzer.ticket.parcel import Parcel, Place, Similar, Token

DEFAULT_LIMIT = 10 * 1024 * 1024


class JiraTracker:
    """One issue. A login beside the token means Jira Cloud's basic authentication; else the token is a personal one."""

    comment_limit = 32_767

    def __init__(self, place: Place, token: Token, timeout: float) -> None:
        self.place = place
        login: dict[str, Any] = {"basic_auth": (token.login, token.secret)} if token.login else {"token_auth": token.secret}
        self.api = jira.JIRA(place.base, max_retries=0, timeout=timeout, get_server_info=False, **login)
        self.api._session.max_redirects = 0
        if place.host.endswith(".atlassian.net"):
            self.api.deploymentType = "Cloud"  # which searches by another address

    def file_limit(self) -> int | None:
        """What Jira itself says; None where attachments are switched off."""
        meta = self.api.attachment_meta()
        return int(meta.get("uploadLimit", DEFAULT_LIMIT)) if meta.get("enabled", True) else None

    def texts(self) -> list[str]:
        """Description, comments and names of attachments."""
        fields = self.api.issue(self.place.number, fields="description,comment,attachment").fields
        return [
            fields.description or "",
            *(comment.body for comment in fields.comment.comments),
            *(attachment.filename for attachment in fields.attachment),
        ]

    def post(self, parcel: Parcel, done: list[str]) -> None:
        """First the file, then the comment."""
        if parcel.private:
            raise UsageError(
                "Jira has no private flag: who may read a comment is a matter of its roles.", next_command="omit --private"
            )
        if parcel.attached is None:
            file = io.BytesIO(parcel.data)
            found = self.api.add_attachment(self.place.number, file, filename=parcel.file_name)
            done.append(f"attachment: {found.filename}")
        quiet = parcel.text.replace("{noformat}", "{ noformat}")
        head, _, mark = quiet.rstrip("\n").rpartition("\n")
        body = f"[^{parcel.attached or parcel.file_name}]\n{{noformat}}\n{head}\n{{noformat}}\n{mark}\n"
        comment = self.api.add_comment(self.place.number, body)
        done.append(f"comment: {self.place.url}?focusedCommentId={comment.id}")

    def search(self, words: str) -> list[Similar]:
        """Issues with these words in any text."""
        quoted = words.replace("\\", "\\\\").replace('"', '\\"')
        found = self.api.search_issues(f'text ~ "\\"{quoted}\\""', maxResults=10, fields="summary")
        return [Similar(one.fields.summary, f"{self.place.base}/browse/{one.key}") for one in found]
