"""GitHub, with PyGithub: a comment. It has no public API for attachments: the file goes by hand, or into a secret gist."""

from __future__ import annotations

from itertools import islice

import github
from github import Auth, InputFileContent

from analyzer.errors import UsageError
from analyzer.ticket.parcel import Parcel, Place, Similar, Token

GIST_LIMIT = 10 * 1024 * 1024


class GithubTracker:
    """One issue or pull request."""

    comment_limit = 65_536

    def __init__(self, place: Place, token: Token, timeout: float) -> None:
        self.place = place
        self.api = github.Github(
            auth=Auth.Token(token.secret),
            base_url=place.base,
            timeout=int(timeout) or 1,
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
        )
        self.repository = self.api.get_repo(place.project)

    def file_limit(self) -> int:
        """Of a gist."""
        return GIST_LIMIT

    def texts(self) -> list[str]:
        """Description and comments."""
        issue = self.repository.get_issue(int(self.place.number))
        return [issue.body or "", *(comment.body for comment in issue.get_comments())]

    def post(self, parcel: Parcel, done: list[str]) -> None:
        """A gist where one is wanted, then the comment."""
        if parcel.private:
            raise UsageError("GitHub has no private comments.", next_command="omit --private")
        link = parcel.attached
        if link is None and parcel.gist:
            file = InputFileContent(parcel.data.decode())
            gist = self.api.get_user().create_gist(False, {parcel.file_name: file}, parcel.summary)
            link = gist.html_url
            done.append(f"gist: {link}")
        text = f"{link}\n\n{parcel.text}" if link else parcel.text
        comment = self.repository.get_issue(int(self.place.number)).create_comment(text)
        done.append(f"comment: {comment.html_url}")

    def search(self, words: str) -> list[Similar]:
        """Issues of the repository with these words."""
        found = self.api.search_issues(f'"{words}" repo:{self.place.project} is:issue')
        return [Similar(one.title, one.html_url) for one in islice(found, 10)]
