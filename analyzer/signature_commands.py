"""``hanganalyze signatures list|show|lint|test|explain|new``: text for a person, and whether all is well."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.data import folder
from analyzer.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from analyzer.diagnose.catalogue import Catalogue
    from analyzer.diagnose.signature import Signature


def run(arguments: argparse.Namespace) -> tuple[str, bool]:
    """One verb. Raises BadSignatures, BadSavedResult, UsageError, and where a core is given what ``capture_core`` raises."""
    folders = [folder("signatures"), *arguments.signatures]
    verb = {"list": _list, "show": _show, "lint": _lint, "test": _test, "explain": _explain, "new": _new}[arguments.verb]
    return verb(arguments, folders)


def _load(folders: list[Path]) -> Catalogue:
    from analyzer.diagnose.read_catalogue import load_catalogue

    return load_catalogue(folders)


def _list(_: argparse.Namespace, folders: list[Path]) -> tuple[str, bool]:
    signatures = _load(folders).signatures
    width = max((len(signature.id) for signature in signatures), default=0)
    return "\n".join(f"{one.id:{width}}  {one.kind:5}  {one.title}" for one in signatures), True


def _known(catalogue: Catalogue, identity: str) -> Signature:
    signature = catalogue.by_id.get(identity)
    if signature is None:
        raise UsageError(f"There is no signature {identity}.", next_command="hanganalyze signatures list")
    return signature


def _show(arguments: argparse.Namespace, folders: list[Path]) -> tuple[str, bool]:
    signature = _known(_load(folders), arguments.id)
    assert signature.path is not None
    patch = signature.path.parent / "patches" / f"{signature.id}.md"
    text = signature.path.read_text()
    return f"{text}\n{patch.read_text()}" if patch.is_file() else text, True


def _lint(_: argparse.Namespace, folders: list[Path]) -> tuple[str, bool]:
    from analyzer.diagnose.cases import lint
    from analyzer.diagnose.translations import lint_translations

    problems = lint(folders)
    if not problems:
        problems = lint_translations(folders, _load(folders))
    return ("\n".join(problems) if problems else "no mistake found"), not problems


def _test(_: argparse.Namespace, folders: list[Path]) -> tuple[str, bool]:
    from analyzer.capture.trace import parse_trace
    from analyzer.diagnose.cases import run_cases

    results = run_cases(folders, _load(folders), parse_trace)
    failed = [result for result in results if not result.passed]
    lines = [f"{result.case.shown}: {problem}" for result in failed for problem in (*result.problems, result.skipped) if problem]
    lines.append(f"{len(results) - len(failed)} of {len(results)} cases came out as expected")
    return "\n".join(lines), not failed


def _explain(arguments: argparse.Namespace, folders: list[Path]) -> tuple[str, bool]:
    from analyzer.diagnose.explain import explain, lines
    from analyzer.given_file import read_snapshot

    catalogue = _load(folders)
    _known(catalogue, arguments.id)
    explanation = explain(read_snapshot(arguments.saved), catalogue, arguments.id)
    return "\n".join(lines(explanation)), explanation.word in {"possible", "likely", "proven"}


def _new(arguments: argparse.Namespace, folders: list[Path]) -> tuple[str, bool]:
    from analyzer.diagnose.skeleton import skeleton
    from analyzer.given_file import read_snapshot

    return skeleton(read_snapshot(arguments.saved), _load(folders), arguments.id), True
