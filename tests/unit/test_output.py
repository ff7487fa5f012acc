"""Where reports go: not through links that somebody else laid in a shared folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from analyzer.errors import OutputUnwritable
from analyzer.output import check_writable, is_folder, series_place, write

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link to somebody else")
OTHER = 65534


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    (tmp_path / "private").mkdir()
    return folder


def foreign(link: Path, to: Path) -> Path:
    link.symlink_to(to)
    os.chown(link, OTHER, OTHER, follow_symlinks=False)
    return link


def test_new_and_old_files_are_the_owners_alone(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_text("old")
    report.chmod(0o666)
    write(report, b"new")
    assert report.read_bytes() == b"new"
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["report.html"]


def test_nothing_is_left_where_it_cannot_be_renamed(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.mkdir()
    (report / "full").touch()
    with pytest.raises(OutputUnwritable):
        write(report, b"new")
    assert os.listdir(tmp_path) == ["report.html"]


def test_own_links_to_folders_are_folders(shared: Path, tmp_path: Path) -> None:
    link = shared / "mine"
    link.symlink_to(tmp_path / "private")
    assert is_folder(link)
    assert series_place(str(link), "name") == link / "name"
    check_writable(link / "name")
    write(link / "name", b"data")
    assert (tmp_path / "private" / "name").read_bytes() == b"data"


@needs_root
def test_a_foreign_link_in_a_shared_folder_is_no_folder(shared: Path, tmp_path: Path) -> None:
    link = foreign(shared / "theirs", tmp_path / "private")
    assert not is_folder(link)
    place = series_place(str(link), "name")
    assert place == link
    write(place, b"data")
    assert os.listdir(tmp_path / "private") == []
    assert stat.S_ISREG(link.lstat().st_mode)


@needs_root
@pytest.mark.parametrize("ask", [check_writable, lambda path: write(path, b"data")])
def test_a_way_through_a_foreign_link_is_refused(shared: Path, tmp_path: Path, ask: object) -> None:
    link = foreign(shared / "theirs", tmp_path / "private")
    assert callable(ask)
    with pytest.raises(OutputUnwritable, match="another user laid"):
        ask(link / "report.html")
    assert os.listdir(tmp_path / "private") == []


@needs_root
def test_a_link_of_the_folders_owner_is_followed(shared: Path, tmp_path: Path) -> None:
    os.chown(shared, OTHER, OTHER)
    link = foreign(shared / "theirs", tmp_path / "private")
    assert is_folder(link)
