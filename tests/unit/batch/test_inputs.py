"""Every input ends as one row, whatever it is: analysed, unclear, or unreadable because."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
from pathlib import Path

import pytest

from analyzer.errors import UsageError
from analyzer.render import render
from analyzer.render.json import to_json
from tests.tools.no_override import without_override
from tests.tools.pile import trace
from tests.unit.batch.running import batch
from tests.unit.render import fixtures


def member(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime = len(data), 1_700_000_000
    archive.addfile(info, io.BytesIO(data))


def tar(count: int = 3) -> bytes:
    """A tar of so many traces."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for number in range(count):
            member(archive, f"host{number}/trace.txt", trace(number).encode())
    return made.getvalue()


def test_kinds_are_told_by_content_and_nothing_is_left_out(tmp_path: Path) -> None:
    pile = tmp_path / "pile"
    (pile / "deep" / "er").mkdir(parents=True)
    (pile / "deep" / "er" / "a.core").write_text(trace(0))  # the name says nothing
    (pile / "packed.gz").write_bytes(gzip.compress(trace(1).encode()))
    (pile / "packed.txt").write_bytes(lzma.compress(trace(2).encode()))
    (pile / "x.bz2").write_bytes(bz2.compress(trace(3).encode()))
    (pile / "all.tar").write_bytes(tar(3))
    (pile / "all.tgz").write_bytes(gzip.compress(tar(2)))
    (pile / "saved.json").write_text(to_json(fixtures.proven()))
    (pile / "many.jsonl").write_text("".join(to_json(fixtures.ALL[name](), indent=None) + "\n" for name in ("proven", "cycle")))
    (pile / "report.html").write_bytes(render(fixtures.proven(), "html"))
    (pile / "note.txt").write_text("It hangs sometimes.\n")
    (pile / "empty").write_bytes(b"")
    (pile / "picture").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    (pile / "program").write_bytes(Path("/bin/true").read_bytes())
    (pile / "other.json").write_text('{"a": 1}')
    os.mkfifo(pile / "fifo")
    (pile / "dangling").symlink_to("nowhere")
    (pile / "circle").symlink_to(pile)
    ran = batch(pile, output=tmp_path / "out")
    names = {name.removeprefix(str(pile) + "/") for name in ran.rows}
    assert names == {
        *("deep/er/a.core", "packed.gz", "packed.txt", "x.bz2", "saved.json", "many.jsonl:1", "many.jsonl:2", "report.html"),
        *("all.tar!host0/trace.txt", "all.tar!host1/trace.txt", "all.tar!host2/trace.txt"),
        *("all.tgz!host0/trace.txt", "all.tgz!host1/trace.txt"),
        *("note.txt", "empty", "picture", "program", "other.json", "fifo", "dangling"),
    }
    assert ran.overview["inputs"] == len(names)
    assert ran.overview["unreadable"] == 7
    assert ran.because("note.txt") == "no stack was found in this text"
    assert ran.because("empty") == "it is empty"
    assert "picture" in ran.because("picture")
    assert "not a core" in ran.because("program")
    assert "schema" in ran.because("other.json")
    assert "regular file" in ran.because("fifo")
    # The same hang of the same program in three forms is one cluster, and a report is no trace.
    (podman,) = (one for one in ran.overview["clusters"] if one["certainty"] == "likely" and one["members"] > 1)
    assert podman["members"] == 3
    assert ran.found
    assert batch(pile, output=tmp_path / "out").done == 1  # the dangling link may lead somewhere by now


def test_an_unreadable_file_and_folder(tmp_path: Path) -> None:
    pile = tmp_path / "pile"
    (pile / "closed").mkdir(parents=True)
    (pile / "closed" / "inside.txt").write_text(trace(1))
    (pile / "secret.txt").write_text(trace(0))
    (pile / "secret.txt").chmod(0)
    (pile / "closed").chmod(0)
    with without_override():
        ran = batch(pile, output=tmp_path / "out")
    assert "permission denied" in ran.because("secret.txt")
    assert "cannot be listed" in ran.because("closed")
    (pile / "secret.txt").chmod(0o644)
    (pile / "closed").chmod(0o755)
    again = batch(pile, output=tmp_path / "out")
    assert again.overview["inputs"] == 3
    assert again.rows[str(pile / "secret.txt")]["outcome"] == "analysed"
    assert again.rows[str(pile / "closed" / "inside.txt")]["outcome"] == "analysed"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress], ids=["plain", "gzip", "xz"])
@pytest.mark.parametrize("keep", [0.9, 0.6, 0.3])
def test_a_cut_archive_keeps_what_was_whole_and_says_so(tmp_path: Path, pack: type[bytes], keep: float) -> None:
    plain = tar(8)
    plain = plain[: plain.rindex(b"clone3.S:81") + 1024]  # less of the padding at its end
    data = pack(plain)
    (tmp_path / "cut.tar").write_bytes(data[: int(len(data) * keep)])
    ran = batch(tmp_path / "cut.tar", output=tmp_path / "out")
    broken = [row for row in ran.rows.values() if row["outcome"] == "unreadable"]
    assert broken
    assert any("archive" in row["because"] for row in broken)
    assert ran.overview["inputs"] == len(ran.rows)
    if pack is bytes:  # of packed data the last piece is lost as a whole
        whole = [row for row in ran.rows.values() if row["outcome"] != "unreadable"]
        assert len(whole) >= int(8 * keep) - 1
    assert batch(tmp_path / "cut.tar", output=tmp_path / "out").done == 0


def test_an_archive_cut_between_two_members_is_not_taken_for_whole(tmp_path: Path) -> None:
    data = tar(3)
    second = data.find(b"host2/trace.txt")
    (tmp_path / "cut.tar").write_bytes(data[:second])
    ran = batch(tmp_path / "cut.tar", output=tmp_path / "out")
    assert "no end mark" in ran.because("cut.tar")
    assert ran.overview["inputs"] == 3


def test_hostile_archives(tmp_path: Path) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        member(archive, "../../etc/passwd", trace(0).encode())
        member(archive, "twice", trace(1).encode())
        member(archive, "twice", trace(2).encode())
        member(archive, "inner.tar", tar(2))
        member(archive, "inner.tgz", gzip.compress(tar(1)))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/shadow"
        archive.addfile(link)
        device = tarfile.TarInfo("device")
        device.type = tarfile.CHRTYPE
        archive.addfile(device)
        member(archive, "bomb.gz", gzip.compress(bytes(80 << 20)))
    (tmp_path / "a.tar").write_bytes(made.getvalue())
    ran = batch(tmp_path / "a.tar", output=tmp_path / "out")
    assert ran.overview["inputs"] == 1 + 2 + 2 + 1 + 1 + 1 + 1
    assert "link" in ran.because("!link")
    assert "binary" in ran.because("bomb.gz")
    assert len([name for name in ran.rows if name.endswith("!twice")]) == 1  # two keys, one name
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.tar", "out"]
    assert batch(tmp_path / "a.tar", output=tmp_path / "out").done == 0


def test_a_growing_file_of_results_is_read_on_from_where_it_was(tmp_path: Path) -> None:
    lines = [to_json(fixtures.ALL[name](), indent=None) + "\n" for name in ("proven", "cycle", "residual")]
    file = tmp_path / "many.jsonl"
    file.write_text("".join(lines[:2]))
    assert batch(file, output=tmp_path / "out").done == 2
    file.write_text("".join(lines) + "\nnot json\n")
    ran = batch(file, output=tmp_path / "out")
    assert ran.done == 2
    assert "not JSON" in ran.because("many.jsonl:5")


def test_addresses_through_fsspec(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text(trace(number))
    ran = batch(f"file://{tmp_path}/*.txt", output=tmp_path / "out")
    assert ran.overview["inputs"] == 3
    assert all(name.startswith("file:///") for name in ran.rows)
    assert batch(f"file://{tmp_path}/*.txt", output=tmp_path / "out").done == 0
    with pytest.raises(UsageError, match="cannot be listed"):
        batch("file:///nowhere/at/all.txt", output=tmp_path / "out")


def test_what_is_not_there_is_said_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(trace(0))
    with pytest.raises(UsageError, match="is not there"):
        batch(tmp_path / "a.txt", tmp_path / "b.txt", output=tmp_path / "out")
    assert not (tmp_path / "out").exists()
