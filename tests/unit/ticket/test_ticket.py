"""The way into a ticket, over real connections: what is sent, what is refused, what a failure says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import ExtraMissing, NoToken, ReportTooLarge, TicketFailed, UsageError
from analyzer.render import load, render
from tests.unit.render import fixtures
from tests.unit.ticket.trackers import SERVERS, TOKEN, TrackerServer, running

for module in ("bugzilla", "gitlab", "jira", "github", "keyring"):
    pytest.importorskip(module)

from analyzer.ticket import Wishes, send  # noqa: E402
from analyzer.ticket.parcel import Token  # noqa: E402
from analyzer.ticket.place import place_of  # noqa: E402
from analyzer.ticket.token import token_for  # noqa: E402

KINDS = list(SERVERS)
DIAGNOSIS = replace(fixtures.proven(), fingerprint="0123456789ab")
MARK = "hanganalyze-fingerprint: 0123456789ab"
WRITE = {
    "bugzilla": "POST /rest/bug/77/attachment",
    "gitlab": "POST /api/v4/projects/",
    "jira": "POST /rest/",
    "github": "POST /api/",
}
NOTE = {
    "gitlab": "POST /api/v4/projects/42/issues/7/notes",
    "jira": "POST /rest/api/2/issue/PROJ-7/comment",
    "github": "POST /api/v3/repos/owner/tool/issues/7/comments",
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"HANGANALYZE_TOKEN": TOKEN, "HOME": str(tmp_path)}


@pytest.fixture(params=KINDS)
def tracker(request: pytest.FixtureRequest) -> Iterator[TrackerServer]:
    with running(request.param) as server:
        server.kind = request.param
        yield server


def sent(server: Any, environment: dict[str, str], said: list[str] | None = None, *, agree: bool = True, **wishes: Any) -> bool:
    wishes = {"timeout": 20.0, "gist": server.kind == "github", **wishes}
    lines = said if said is not None else []
    answer = send(DIAGNOSIS, Wishes(server.url, **wishes), environment, lines.append, lambda question: agree)
    assert TOKEN not in "\n".join(lines)
    return answer


def writes(server: Any) -> list[tuple[str, str]]:
    return [request for request in server.requests if request[0] != "GET"]


def test_the_report_arrives_whole_and_the_comment_has_the_mark(tracker: Any, environment: dict[str, str]) -> None:
    said: list[str] = []
    assert sent(tracker, environment, said)
    (file,) = tracker.files
    assert load(file["data"]) == DIAGNOSIS
    assert file["file_name"] == "hanganalyze-podman-2551-0123456789ab.html"
    text = tracker.comments[-1]["text"]
    assert text.rstrip().endswith(MARK)
    assert "list_all_lock" in text
    shown = "\n".join(said)
    for line in DIAGNOSIS.findings[0].title, MARK, file["file_name"], tracker.url:
        assert line in shown, "what leaves the machine was shown"


def test_the_same_finding_is_not_posted_twice(tracker: Any, environment: dict[str, str]) -> None:
    sent(tracker, environment)
    before, said = len(writes(tracker)), list[str]()
    assert sent(tracker, environment, said)
    assert len(writes(tracker)) == before
    assert "has this finding already" in said[-1]


def test_nothing_is_sent_without_consent(tracker: Any, environment: dict[str, str]) -> None:
    said: list[str] = []
    assert not sent(tracker, environment, said, agree=False)
    assert sent(tracker, environment, dry_run=True)
    assert sent(tracker, {"HOME": environment["HOME"]}, dry_run=True), "a dry run needs no token"
    assert writes(tracker) == []
    assert any(MARK in line for line in said)


def test_yes_does_not_ask(tracker: Any, environment: dict[str, str]) -> None:
    assert sent(tracker, environment, agree=False, yes=True)
    assert len(tracker.comments) == 2


@pytest.mark.parametrize("kind", ["bugzilla", "jira"])  # the other two tell no limit; what they do about it is a 413
def test_a_file_that_is_too_large_is_not_sent(kind: str, environment: dict[str, str]) -> None:
    with running(kind) as server:
        server.kind = kind
        server.limit = 2048
        with pytest.raises(ReportTooLarge, match="takes at most 2 KB"):
            sent(server, environment)
        assert writes(server) == []


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "does not accept the token"),
        (403, "may not do this"),
        (404, "no such ticket"),
        (413, "too large"),
        (429, "wants fewer requests"),
        (500, "HTTP 500"),
        ("timeout", "did not answer in time"),
        ("drop", "connection broke"),
    ],
)
def test_every_failure_says_what_happened_and_what_next(
    tracker: Any, environment: dict[str, str], status: int | str, says: str
) -> None:
    tracker.fail_at, tracker.fail_with = WRITE[tracker.kind], status
    with pytest.raises(TicketFailed, match=says) as raised:
        sent(tracker, environment, timeout=1.0)
    assert "Nothing was posted before that." in str(raised.value)
    assert "Next: " in str(raised.value)
    assert TOKEN not in str(raised.value)
    assert len(tracker.comments) == 1
    assert len(writes(tracker)) == 1, "a request that writes is not repeated by itself"


@pytest.mark.parametrize("kind", NOTE)
@pytest.mark.parametrize("status", [413, "drop", "timeout"])
def test_a_failure_midway_says_what_was_posted_and_how_to_go_on(
    kind: str, status: int | str, environment: dict[str, str]
) -> None:
    with running(kind) as server:
        server.kind = kind
        server.fail_at, server.fail_with = NOTE[kind], status
        with pytest.raises(TicketFailed) as raised:
            sent(server, environment, timeout=1.0)
        told = str(raised.value)
        assert "Posted before that: " in told
        link = told.partition("--attached '")[2].partition("'")[0]
        assert link
        server.fail_at = None
        assert sent(server, environment, attached=link)
        assert len(server.files) == 1
        assert link in server.comments[-1]["text"]
        assert server.comments[-1]["text"].rstrip().endswith(MARK)


def test_a_wrong_token_and_a_redirect_send_nothing(tracker: Any, environment: dict[str, str]) -> None:
    with pytest.raises(TicketFailed, match="does not accept the token"):
        sent(tracker, {**environment, "HANGANALYZE_TOKEN": "wrong"})
    if tracker.kind != "github":  # PyGithub follows redirects itself, within its own host only
        tracker.fail_at, tracker.fail_with = "GET", 302
        with pytest.raises(TicketFailed):
            sent(tracker, environment)
    assert writes(tracker) == []


def test_duplicates_are_searched_first(tracker: Any, environment: dict[str, str]) -> None:
    said: list[str] = []
    sent(tracker, environment, said, agree=False, find_duplicates=True)
    assert any(line.startswith("Similar: ") and "Hangs too" in line for line in said)
    assert any("github.com/containers/podman/issues/25184" in line for line in said)
    assert writes(tracker) == []


def test_private_where_there_is_such_a_thing(tracker: Any, environment: dict[str, str]) -> None:
    if tracker.kind in {"jira", "github"}:
        with pytest.raises(UsageError, match="private"):
            sent(tracker, environment, private=True)
        assert writes(tracker) == []
    else:
        assert sent(tracker, environment, private=True)
        assert tracker.comments[-1]["private"] is True


def test_github_without_a_gist_gets_the_comment_and_says_how_the_file_goes(environment: dict[str, str]) -> None:
    with running("github") as server:
        server.kind = "github"
        said: list[str] = []
        assert sent(server, environment, said, gist=False)
        assert server.files == []
        assert "gzip -k" in said[-1]


@pytest.mark.parametrize("text", fixtures.HOSTILE)
def test_hostile_names_arrive_as_text(tracker: Any, environment: dict[str, str], text: str) -> None:
    wishes = Wishes(tracker.url, yes=True, gist=tracker.kind == "github", timeout=20.0)
    assert send(replace(fixtures.hostile(text), fingerprint="0123456789ab"), wishes, environment, lambda _: None, lambda _: False)
    comment = tracker.comments[-1]["text"]
    assert "\x1b" not in comment
    assert "\u202e" not in comment
    assert comment.rstrip().endswith(MARK)


# Places and tokens


@pytest.mark.parametrize(
    ("url", "kind", "base", "project", "number"),
    [
        ("https://bugs.example.org/bz/show_bug.cgi?id=12", "bugzilla", "https://bugs.example.org/bz", "", "12"),
        ("https://gitlab.com/a/b/c/-/issues/3", "gitlab", "https://gitlab.com", "a/b/c", "3"),
        ("https://gitlab.example.org/a/b/-/work_items/3", "gitlab", "https://gitlab.example.org", "a/b", "3"),
        ("https://x.atlassian.net/browse/AB_1-22", "jira", "https://x.atlassian.net", "", "AB_1-22"),
        ("https://example.org/jira/browse/AB-1", "jira", "https://example.org/jira", "", "AB-1"),
        ("https://github.com/containers/podman/issues/25184", "github", "https://api.github.com", "containers/podman", "25184"),
        ("https://git.example.org/o/r/pull/5", "github", "https://git.example.org/api/v3", "o/r", "5"),
    ],
)
def test_addresses(url: str, kind: str, base: str, project: str, number: str) -> None:
    place = place_of(url)
    assert (place.kind, place.base, place.project, place.number) == (kind, base, project, number)


@pytest.mark.parametrize(
    "url",
    ["ftp://x/y", "https://example.org/", "http://example.org/browse/AB-1", "https://me:pw1234@example.org/browse/AB-1", "x"],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(UsageError) as raised:
        place_of(url)
    assert "pw1234" not in str(raised.value)


def test_tokens_of_others_stay_with_their_tracker(tmp_path: Path) -> None:
    environment = {"GITHUB_TOKEN": "gh", "GITLAB_TOKEN": "gl", "HOME": str(tmp_path)}
    assert token_for(place_of("https://github.com/o/r/issues/1"), environment) == Token("gh")
    assert token_for(place_of("https://gitlab.com/o/r/-/issues/1"), environment) == Token("gl")
    for url in ("https://git.example.org/o/r/issues/1", "https://lab.example.org/o/r/-/issues/1", "https://x.org/browse/A-1"):
        with pytest.raises(NoToken):
            token_for(place_of(url), environment)


def test_netrc_by_host_and_never_by_default(tmp_path: Path) -> None:
    place = tmp_path / ".netrc"
    place.write_text("machine x.org login me@x.org password s3\ndefault login a password b\n")
    place.chmod(0o600)
    environment = {"HOME": str(tmp_path)}
    assert token_for(place_of("https://x.org/browse/A-1"), environment) == Token("s3", "me@x.org")
    with pytest.raises(NoToken):
        token_for(place_of("https://y.org/browse/A-1"), environment)


def test_without_the_extra_the_command_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "analyzer.ticket.jira", raising=False)
    monkeypatch.setitem(sys.modules, "jira", None)
    with pytest.raises(ExtraMissing, match=r"pip install 'hanganalyze\[tickets\]'"):
        send(DIAGNOSIS, Wishes("https://x.org/browse/A-1"), {}, lambda _: None, lambda _: False)


def test_the_command_line_asks_on_a_terminal_only_and_never_tells_the_token(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_bytes(render(DIAGNOSIS, "html"))
    with running("bugzilla") as server:
        environment = {**os.environ, "HANGANALYZE_TOKEN": TOKEN, "HOME": str(tmp_path)}

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "analyzer", "ticket", str(report), "--to", server.url, *arguments]
            return subprocess.run(
                command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL, timeout=120, check=False
            )

        asked, dry, yes, again = run(), run("--dry-run"), run("--yes"), run("--yes")
        assert [one.returncode for one in (asked, dry, yes, again)] == [2, 0, 0, 0]
        assert "no terminal" in asked.stderr
        assert len(server.files) == 1
        assert load(server.files[0]["data"]) == DIAGNOSIS
        server.comments = server.comments[:1]
        server.fail_at, server.fail_with = "POST", 401
        refused = run("--yes")
        assert refused.returncode == 3
        assert not [one for one in (asked, dry, yes, again, refused) if TOKEN in one.stdout + one.stderr]
