"""Cases: what a signature must find and what it must leave alone. Every case is run against every signature.

A case is one TOML file under ``cases/`` of a catalogue folder; ``signatures/README.md`` has the format.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from analyzer.diagnose import diagnose
from analyzer.diagnose.case_snapshot import read_snapshot
from analyzer.diagnose.catalogue import Catalogue
from analyzer.diagnose.document import Document
from analyzer.diagnose.read_catalogue import read_catalogue
from analyzer.lean_dataclass import dataclass
from analyzer.model import Diagnosis, Snapshot

ReadTrace = Callable[[str], Snapshot]
"""Reads pasted text; given by the caller, because reading text is capture's business."""

FOUND = ("possible", "likely", "proven")
WORDS = (*FOUND, "near-miss")
_KEYS = frozenset({"description", "source", "expect", "status", "snapshot", "trace", "report"})
REPORTS = ("family", "look-alike")
_STATUS = ("root-cause", "hung", "not-hung", "unclear")


@dataclass(frozen=True)
class Case:
    """One case as it is written."""

    path: Path
    shown: str
    description: str
    source: str | None
    """Address of the public report it was transcribed from."""
    expect: dict[str, str]
    """Signature id to certainty or ``near-miss``; all others must not be found."""
    status: str | None
    snapshot: Snapshot | None
    trace: str | None
    report: str | None
    """What the public report turned out to be: ``family`` (a lock that a fork or raw clone left behind) or ``look-alike``."""


@dataclass(frozen=True)
class CaseResult:
    """What running a case showed."""

    case: Case
    problems: tuple[str, ...]
    """Empty = as expected."""
    skipped: str | None = None
    """Why it could not be run."""

    @property
    def passed(self) -> bool:
        """It was run and came out as expected."""
        return not self.problems and self.skipped is None


def read_cases(folders: Sequence[Path], catalogue: Catalogue) -> tuple[list[Case], list[str]]:
    """All cases of the folders, and everything that is wrong with their files as ``file:line: text``."""
    cases: list[Case] = []
    problems: list[str] = []
    for folder in folders:
        for path in sorted(folder.glob("cases/*.toml")):
            document = Document(path, str(Path(folder.name) / path.relative_to(folder)))
            case = _read_case(document, catalogue)
            problems += document.problems
            if case is not None and not document.problems:
                cases.append(case)
    return cases, problems


def _read_case(document: Document, catalogue: Catalogue) -> Case | None:
    data = document.data
    if data is None:
        return None
    document.only(data, (), _KEYS)
    description = document.string(data, (), "description")
    source = document.string(data, (), "source") if "source" in data else None
    if source is not None and not source.startswith(("https://", "http://")):
        document.wrong(("source",), f"'source' must be a web address, not {source!r}")
    expect = data.get("expect")
    if not isinstance(expect, dict):
        document.wrong(("expect",), "'expect' must be a table: signature id = certainty, empty for none")
        expect = {}
    for identity, word in expect.items():
        if identity not in catalogue.by_id:
            document.wrong(("expect", identity), f"there is no signature {identity!r}", value=identity)
        if word not in WORDS:
            document.wrong(("expect", identity), f"expect one of {', '.join(WORDS)}, not {word!r}", value=str(word))
    status = document.choice(data, (), "status", _STATUS, "unclear") if "status" in data else None
    if ("trace" in data) == ("snapshot" in data):
        document.wrong((), "a case has either 'trace' or [snapshot]")
    report = document.choice(data, (), "report", REPORTS, "look-alike") if "report" in data else None
    if report is not None and source is None:
        document.wrong(("report",), "'report' is for cases of public reports, which name their 'source'")
    trace = document.string(data, (), "trace") if "trace" in data else None
    snapshot = read_snapshot(document, data) if "snapshot" in data else None
    return Case(document.path, document.shown, description, source, dict(expect), status, snapshot, trace, report)


def run_case(case: Case, catalogue: Catalogue, read_trace: ReadTrace | None = None) -> CaseResult:
    """Diagnose one case and compare with what it expects of every signature."""
    snapshot = case.snapshot
    if snapshot is None:
        if read_trace is None:
            return CaseResult(case, (), "no reader of traces was given")
        snapshot = read_trace(case.trace or "")
    diagnosis = diagnose(snapshot, catalogue)
    got = outcome(diagnosis)
    problems = []
    for identity in sorted(got.keys() | case.expect.keys()):
        wanted, found = case.expect.get(identity, "nothing"), got.get(identity, "nothing")
        # A near miss that nobody asked for is no mistake: it is not found.
        if wanted != found and not (wanted == "nothing" and found == "near-miss"):
            problems.append(f"{identity}: expected {wanted}, found {found}")
    if case.status is not None and diagnosis.status != case.status:
        problems.append(f"status: expected {case.status}, found {diagnosis.status}")
    return CaseResult(case, tuple(problems))


def run_cases(folders: Sequence[Path], catalogue: Catalogue, read_trace: ReadTrace | None = None) -> list[CaseResult]:
    """Run every case of the folders. Broken case files are lint's business and left out here."""
    cases, _ = read_cases(folders, catalogue)
    return [run_case(case, catalogue, read_trace) for case in cases]


def outcome(diagnosis: Diagnosis) -> dict[str, str]:
    """What a diagnosis says of each signature: its best certainty, or ``near-miss``; silent ones are left out."""
    got = {near.signature: "near-miss" for near in diagnosis.near_misses}
    for finding in (*diagnosis.findings, *diagnosis.waits):
        known = got.get(finding.signature, "near-miss")
        if known not in FOUND or FOUND.index(finding.certainty) > FOUND.index(known):
            got[finding.signature] = finding.certainty
    return got


def lint(folders: Sequence[Path]) -> list[str]:
    """Everything that is wrong with folders of a catalogue, their cases included, as ``file:line: text``."""
    catalogue, problems = read_catalogue(folders)
    cases, case_problems = read_cases(folders, catalogue)
    problems = [*problems, *case_problems]
    for signature in catalogue.signatures:
        if signature.path is None or signature.status == "deprecated":
            continue
        words = [case.expect.get(signature.id, "nothing") for case in cases]
        shown = f"{signature.path.parent.name}/{signature.path.name}:1"
        if not any(word in FOUND for word in words):
            problems.append(f"{shown}: no case in which {signature.id} is found")
        if words.count("nothing") + words.count("near-miss") < 2:
            problems.append(f"{shown}: fewer than two cases in which {signature.id} is not found")
        if signature.kind == "cause" and "near-miss" not in words:
            problems.append(f"{shown}: no case that is a near miss of {signature.id}")
    return problems
