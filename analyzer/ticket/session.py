"""The connection: a limit of time on every request, and no redirect, which could carry the token to another host."""

from __future__ import annotations

from typing import Any

import requests


class Session(requests.Session):  # type: ignore[misc,unused-ignore]  # no types where the extra is not installed
    """A session of requests with our rules, for the libraries that take one."""

    def __init__(self, timeout: float) -> None:
        super().__init__()
        self.timeout = timeout
        self.max_redirects = 0

    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        """The same as always, whatever limit of time the library wants."""
        options["timeout"] = self.timeout
        return super().request(*arguments, **options)
