"""The shape of the house: imports run one way, files stay small, and what is promised in the layout is there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "analyzer"

# What each room may import of ours. The command line and what stands beside it at the top may import everything.
ROOMS = {
    "model": {"model"},
    "errors": set(),
    "lean_dataclass": set(),
    "data": set(),
    "cache": {"errors"},
    "scratch": set(),
    "diagnose": {"diagnose", "model", "errors", "data"},
    "render": {"render", "model", "errors", "data", "diagnose"},
    "ticket": {"ticket", "render", "model", "errors", "output"},
    "redact": {"redact", "model"},
    "capture": {"capture", "model", "errors", "cache", "data"},
    "scan": {"scan", "capture", "model", "errors"},
    "reference": {"reference", "capture", "render", "model", "errors", "data", "cache", "output"},
    "terminal_bar": set(),
    "batch": {
        "batch",
        "terminal_bar",
        "analyse",
        "capture",
        "diagnose",
        "redact",
        "render",
        "model",
        "errors",
        "data",
        "scratch",
    },
    "fleet": {"fleet", "batch", "scan", "capture", "diagnose", "redact", "model", "errors"},
    "trials": {"trials", "reference", "analyse", "capture", "render", "model", "errors"},
}
EVERYBODY_MAY = {"lean_dataclass", "scratch"}
# Modules that only one file may import: where a foreign library is translated into our words.
ONLY = {
    "pygdbmi": "analyzer/capture/gdbmi.py",
    "jinja2": "analyzer/render/html.py",
    "bugzilla": "analyzer/ticket/bugzilla.py",
    "gitlab": "analyzer/ticket/gitlab.py",
    "jira": "analyzer/ticket/jira.py",
    "github": "analyzer/ticket/github.py",
    "keyring": "analyzer/ticket/token.py",
    "requests": "analyzer/ticket/session.py",
    "fsspec": "analyzer/batch/remote.py",
}
LONGEST = 350


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path: Path) -> None:
    allowed = ROOMS.get(room(path))
    if allowed is None:
        return
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("analyzer.")}
    known = {entry.name.removesuffix(".py") for entry in PACKAGE.iterdir()}
    assert ours & known <= allowed | EVERYBODY_MAY


@pytest.mark.parametrize(("module", "place"), ONLY.items())
def test_one_importer(module: str, place: str) -> None:
    importers = {str(path.relative_to(ROOT)) for path in files() if any(name.split(".")[0] == module for name in imports(path))}
    assert importers <= {place}


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_command_line_prints(path: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    prints = [func for func in calls if isinstance(func, ast.Name) and func.id == "print"]
    # image_load.py is a program of its own, which the loader runs.
    assert not prints or path.name in {"cli.py", "image_load.py"}


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_small(path: Path) -> None:
    # A language is one catalogue of sentences.
    assert len(path.read_text().splitlines()) <= LONGEST or path.name in {"english.py", "chinese.py"}


def test_signatures_and_reports_hold_no_code() -> None:
    for folder in ("signatures", "reports"):
        assert not list((ROOT / folder).rglob("*.py"))
