"""Strict servers on 127.0.0.1: each answers the documented requests of one tracker, refuses every other one, and can fail.

What is checked is what the tracker's own documentation asks for: method, path, token's place, content type, fields.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import socket
import sys
import threading
from collections.abc import Iterator
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "tok-3f9c1d77e2"  # not a real one
HTML = "text/html"


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status)
        self.status, self.body = status, body


class TrackerServer(ThreadingHTTPServer):
    """What all four share: a ticket, what was posted to it, the requests, and a failure to come."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: list[dict[str, Any]] = [{"id": 1, "text": "It hangs.\nAlways."}]
        self.files: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str]] = []
        self.fail_at: str | None = None
        """Beginning of «METHOD path» of the request that fails."""
        self.fail_with: int | str = 500
        """A status, or "timeout", "drop"."""
        self.limit = 10_000_000
        self.root = f"http://127.0.0.1:{self.server_address[1]}"
        self.mistakes: list[str] = []
        self.released = threading.Event()

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: bytes) -> tuple[int, Any]:
        raise NotImplementedError

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what some tests want; a mistake of the server is not."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.mistakes.append(repr(error))


class Handler(BaseHTTPRequestHandler):
    """One request: recorded, failed on purpose, or answered by the server's kind."""

    protocol_version = "HTTP/1.1"
    server: TrackerServer

    def handle_one(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = parts.path
        self.server.requests.append((self.command, path))
        if self.server.fail_at and f"{self.command} {path}".startswith(self.server.fail_at):
            if self.server.fail_with == "timeout":
                self.server.released.wait(30)
                return
            if self.server.fail_with == "drop":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.send(int(self.server.fail_with), {"message": f"no: {self.headers.get('Authorization')} {TOKEN}"})
            return
        query = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        try:
            status, answer = self.server.answer(self.command, path, query, self.headers, body)
        except Refused as refused:
            status, answer = refused.status, refused.body
        self.send(status, answer)

    do_GET = do_POST = do_PUT = handle_one

    def send(self, status: int, answer: Any) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if status == 429:
            self.send_header("Retry-After", "17")
        if status in {301, 302}:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def parsed(headers: Any, body: bytes) -> dict[str, Any]:
    """The JSON of a request; anything else is refused, as the trackers do."""
    if headers.get_content_type() != "application/json":
        raise Refused(415, {"error": True, "message": "not JSON", "code": 1})
    found: dict[str, Any] = json.loads(body)
    return found


def only(fields: dict[str, Any], **kinds: type) -> None:
    """Every field known and of its kind."""
    for name, value in fields.items():
        if name not in kinds or not isinstance(value, kinds[name]):
            raise Refused(400, {"error": True, "message": f"bad field {name}", "code": 2})


def uploaded(headers: Any, body: bytes) -> tuple[str, bytes]:
    """The one part «file» of a multipart form."""
    if headers.get_content_type() != "multipart/form-data":
        raise Refused(400, {"message": "no form"})
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
    parts = {part.get_param("name", header="content-disposition"): part for part in message.iter_parts()}
    contents = {name: part.get_payload(decode=True) for name, part in parts.items()}
    name, data = parts["file"].get_filename() if "file" in parts else None, contents.pop("file", None)
    if not name or not isinstance(data, bytes) or any(contents.values()):
        raise Refused(400, {"message": "one file is wanted, and nothing else"})
    return name, data


class BugzillaServer(TrackerServer):
    """https://bugzilla.readthedocs.io/en/latest/api/: version, comment, attachment, bug, parameters."""

    url = property(lambda self: f"{self.root}/show_bug.cgi?id=77")

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: bytes) -> tuple[int, Any]:
        if (method, path) == ("GET", "/rest/version"):
            return 200, {"version": "5.0.4"}
        if (method, path) == ("GET", "/rest/parameters"):
            return 200, {"parameters": {"maxattachmentsize": str(self.limit // 1024)}}
        if TOKEN not in (query.get("Bugzilla_api_key"), headers.get("X-BUGZILLA-API-KEY"), query.get("api_key")):
            raise Refused(401, {"error": True, "message": "Log in first.", "code": 410})
        if (method, path) == ("GET", "/rest/bug/77/comment"):
            return 200, {"bugs": {"77": {"comments": self.comments}}, "comments": {}}
        if (method, path) == ("GET", "/rest/bug/77/attachment"):
            return 200, {"bugs": {"77": [{"file_name": one["file_name"]} for one in self.files]}, "attachments": {}}
        if (method, path) == ("POST", "/rest/bug/77/attachment"):
            fields = parsed(headers, body)
            only(fields, ids=list, data=str, file_name=str, summary=str, content_type=str, comment=str, is_private=bool)
            data = base64.b64decode(fields["data"], validate=True)
            if len(data) > self.limit:
                raise Refused(400, {"error": True, "message": "too large", "code": 602})
            if fields["ids"] != [77] or fields["content_type"] != HTML or len(fields["comment"]) > 65_535:
                raise Refused(400, {"error": True, "message": "bad", "code": 3})
            self.files.append({"file_name": fields["file_name"], "data": data, "private": fields["is_private"]})
            self.comments.append({"id": 2, "text": fields["comment"], "private": fields["is_private"]})
            return 201, {"ids": ["500"]}
        if (method, path) == ("GET", "/rest/bug"):
            only(query, longdesc=str, longdesc_type=str, include_fields=str, limit=str, Bugzilla_api_key=str)
            return 200, {"bugs": [{"id": 31, "summary": "Hangs too"}] if "github.com" in query["longdesc"] else []}
        raise Refused(404, {"error": True, "message": f"unknown: {method} {path}", "code": 100})


class GitlabServer(TrackerServer):
    """https://docs.gitlab.com/api/: issues, notes, project uploads, search."""

    url = property(lambda self: f"{self.root}/group/sub/tool/-/issues/7")

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: bytes) -> tuple[int, Any]:
        if headers.get("PRIVATE-TOKEN") != TOKEN:
            raise Refused(401, {"message": "401 Unauthorized"})
        match = re.fullmatch(r"/api/v4/projects/([^/]+)(|/.*)", path)
        if not match or unquote(match[1]) not in {"group/sub/tool", "42"}:
            raise Refused(404, {"message": "404 Not Found"})
        place = (method, match[2])
        if place == ("GET", ""):
            return 200, {"id": 42, "path_with_namespace": "group/sub/tool"}
        if place == ("GET", "/issues/7"):
            return 200, {"iid": 7, "id": 70, "description": self.comments[0]["text"]}
        if place == ("GET", "/issues/7/notes"):
            return 200, [{"id": one["id"], "body": one["text"]} for one in self.comments[1:]]
        if place == ("POST", "/uploads"):
            name, data = uploaded(headers, body)
            if len(data) > self.limit:
                raise Refused(413, {"message": "413 Request Entity Too Large"})
            self.files.append({"file_name": name, "data": data})
            return 201, {"alt": name, "url": f"/uploads/ab12/{name}", "markdown": f"[{name}](/uploads/ab12/{name})"}
        if place == ("POST", "/issues/7/notes"):
            fields = parsed(headers, body)
            only(fields, body=str, internal=bool)
            self.comments.append({"id": 9, "text": fields["body"], "private": fields.get("internal", False)})
            return 201, {"id": 9, "body": fields["body"]}
        if place == ("GET", "/issues"):
            found = [{"iid": 3, "id": 33, "title": "Hangs too", "web_url": f"{self.root}/group/sub/tool/-/issues/3"}]
            return 200, found if "github.com" in query["search"] else []
        if place == ("GET", "/search") and query["scope"] == "notes":
            return 200, [{"noteable_type": "Issue", "noteable_iid": 4}] if "github.com" not in query["search"] else []
        raise Refused(404, {"message": f"404 {place}"})


class JiraServer(TrackerServer):
    """https://docs.atlassian.com/software/jira/docs/api/REST/: issue, comment, attachments, search; a personal access token."""

    url = property(lambda self: f"{self.root}/browse/PROJ-7")

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: bytes) -> tuple[int, Any]:
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Refused(401, {"errorMessages": ["You are not authenticated."]})
        if (method, path) == ("GET", "/rest/api/2/attachment/meta"):
            return 200, {"enabled": True, "uploadLimit": self.limit}
        if (method, path) == ("GET", "/rest/api/2/issue/PROJ-7"):
            comments = [{"id": str(one["id"]), "body": one["text"], "self": "x"} for one in self.comments[1:]]
            files = [{"id": "1", "filename": one["file_name"], "self": "x"} for one in self.files]
            fields = {"description": self.comments[0]["text"], "comment": {"comments": comments}, "attachment": files}
            return 200, {"id": "70", "key": "PROJ-7", "self": f"{self.root}/rest/api/2/issue/70", "fields": fields}
        if (method, path) == ("POST", "/rest/api/2/issue/PROJ-7/attachments"):
            if headers.get("X-Atlassian-Token") not in {"no-check", "nocheck"}:
                raise Refused(403, {"errorMessages": ["XSRF check failed"]})
            name, data = uploaded(headers, body)
            self.files.append({"file_name": name, "data": data})
            return 200, [{"id": "5", "filename": name, "self": f"{self.root}/rest/api/2/attachment/5", "size": len(data)}]
        if (method, path) == ("POST", "/rest/api/2/issue/PROJ-7/comment"):
            fields = parsed(headers, body)
            only(fields, body=str)
            if len(fields["body"]) > 32_767:
                raise Refused(400, {"errorMessages": ["The entered text is too long."]})
            self.comments.append({"id": 8, "text": fields["body"]})
            return 201, {"id": "8", "body": fields["body"], "self": f"{self.root}/rest/api/2/issue/70/comment/8"}
        if (method, path) == ("GET", "/rest/api/2/field"):
            return 200, [{"id": "summary", "name": "Summary", "custom": False}]
        if (method, path) == ("GET", "/rest/api/2/search"):
            found = [{"id": "3", "key": "PROJ-3", "self": "x", "fields": {"summary": "Hangs too"}}]
            hit = found if "github.com" in query["jql"] else []
            return 200, {"issues": hit, "total": len(hit), "startAt": 0, "maxResults": 10}
        raise Refused(404, {"errorMessages": [f"{method} {path}"]})


class GithubServer(TrackerServer):
    """https://docs.github.com/rest, at the address of an Enterprise server: issues, comments, gists, search."""

    url = property(lambda self: f"{self.root}/owner/tool/issues/7")

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: bytes) -> tuple[int, Any]:
        if headers.get("Authorization") not in {f"token {TOKEN}", f"Bearer {TOKEN}"}:
            raise Refused(401, {"message": "Bad credentials"})
        path = path.removeprefix("/api/v3")
        issue = "/repos/owner/tool/issues/7"
        if (method, path) == ("GET", "/repos/owner/tool"):
            return 200, {"full_name": "owner/tool", "url": f"{self.root}/api/v3/repos/owner/tool"}
        if (method, path) == ("GET", issue):
            url = f"{self.root}/api/v3{issue}"
            return 200, {
                "number": 7,
                "url": url,
                "comments_url": f"{url}/comments",
                "body": self.comments[0]["text"],
                "title": "t",
            }
        if (method, path) == ("GET", f"{issue}/comments"):
            return 200, [{"id": one["id"], "body": one["text"]} for one in self.comments[1:]]
        if (method, path) == ("POST", f"{issue}/comments"):
            fields = parsed(headers, body)
            only(fields, body=str)
            if len(fields["body"]) > 65_536:
                raise Refused(422, {"message": "Body is too long"})
            self.comments.append({"id": 8, "text": fields["body"]})
            return 201, {"id": 8, "body": fields["body"], "html_url": f"{self.url}#issuecomment-8"}
        if (method, path) == ("POST", "/gists"):
            fields = parsed(headers, body)
            only(fields, public=bool, files=dict, description=str)
            if fields["public"]:
                raise Refused(422, {"message": "the test wants a secret gist"})
            ((name, file),) = fields["files"].items()
            self.files.append({"file_name": name, "data": file["content"].encode()})
            return 201, {"id": "ab", "html_url": f"{self.root}/gist/ab"}
        if (method, path) == ("GET", "/search/issues"):
            found = [{"number": 3, "title": "Hangs too", "html_url": f"{self.root}/owner/tool/issues/3"}]
            hit = found if "github.com" in query["q"] else []
            return 200, {"total_count": len(hit), "incomplete_results": False, "items": hit}
        raise Refused(404, {"message": f"Not Found: {method} {path}"})


SERVERS = {"bugzilla": BugzillaServer, "gitlab": GitlabServer, "jira": JiraServer, "github": GithubServer}


@contextlib.contextmanager
def running(kind: str) -> Iterator[Any]:
    """One server of a kind, until the block is left."""
    server = SERVERS[kind]()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
        assert not thread.is_alive()
        assert server.mistakes == []
