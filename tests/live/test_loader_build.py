"""The reference loader is built on demand, once, by whatever compiler there is; and says so where there is none."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import BuildFailed, CompilerMissing
from analyzer.reference import build

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "hanganalyze"


def test_two_builds_at_once_give_one_program(cache: Path) -> None:
    built: list[Path] = []
    builders = [threading.Thread(target=lambda: built.append(build.build_loader())) for _ in range(2)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    assert len(built) == 2
    assert [path for path in cache.rglob("*") if path.is_file()] == [built[0]]
    assert cache.stat().st_mode & 0o777 == 0o700
    before = built[0].stat().st_mtime_ns
    assert build.build_loader().stat().st_mtime_ns == before


@pytest.mark.usefixtures("cache")
def test_sources_give_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    command = " ".join(build.find_compiler().command)
    monkeypatch.setenv("CC", f"{command} -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes")
    assert build.build_loader().exists()
    assert build.build_widener().exists()


@pytest.mark.usefixtures("cache")
def test_failed_build_tells_the_compilers_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "sh -c 'echo no such header >&2; exit 1'")
    with pytest.raises(BuildFailed, match="no such header"):
        build.build_loader()


@pytest.mark.usefixtures("cache")
def test_missing_compiler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(CompilerMissing, match="ziglang"):
        build.build_loader()
