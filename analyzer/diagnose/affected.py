"""Is the program that hangs of a version the signature speaks of? Yes, no, or unknown with the reason.

A version is a claim about source code, not proof: a distribution may take a fix into an older version without changing the
upstream number. Every answer therefore says what was compared with what.
"""

from __future__ import annotations

from analyzer.diagnose.program import go_names, names
from analyzer.diagnose.signature import Affects, Signature
from analyzer.diagnose.versions import NotComparable, upstream, within
from analyzer.model import Affected, FoundBy, Holds, Package, Process

_RULE = {"dpkg": "as dpkg compares", "rpm": "as rpm compares", "go": "as Go compares"}
_BACKPORTS = "a distribution may have taken the fix into this version all the same: its changelog tells"


def affected(signature: Signature, process: Process) -> Affected | None:
    """The answer for a process; None where the signature speaks of no package that could be this program."""
    if not signature.affects:
        return None
    known = names(process)
    entries = [entry for entry in signature.affects if entry.package in known]
    if not entries:
        return None
    answers = [_answer(signature, entry, process.package) for entry in entries]
    order: tuple[Holds, ...] = ("yes", "unknown", "no")
    return min(answers, key=lambda answer: order.index(answer.holds))


def _answer(signature: Signature, entry: Affects, package: Package | None) -> Affected:
    def told(holds: Holds, value: str, version: str | None = None) -> Affected:
        return Affected(entry.package, version, entry.fixed_in, holds, value)

    if package is None:
        return told("unknown", "the package of the program was not asked for: there was no running process to ask")
    known = _version(entry, package)
    if known is None:
        return told("unknown", _why_unknown(signature, entry, package), package.version)
    version, found_by = known
    try:
        bare = upstream(version, found_by)
        holds = within(bare, entry.versions, found_by)
    except NotComparable as error:
        return told("unknown", f"could not compare: {error}", version)
    value = f"{found_by} says {version}; {bare} compared with {entry.versions} {_RULE[found_by]}"
    if holds and entry.fixed_in and found_by in {"dpkg", "rpm"}:
        value = f"{value}; {_BACKPORTS}"
    return told("yes" if holds else "no", value, version)


def _version(entry: Affects, package: Package) -> tuple[str, FoundBy] | None:
    """The version to compare: the database's where that package is the one meant, else Go's of the program itself."""
    if package.version and package.found_by in {"dpkg", "rpm"} and entry.package in {package.name, package.source}:
        return package.version, package.found_by
    if package.go and package.go.version and entry.package in go_names(package):
        return package.go.version, "go"
    return None


def _why_unknown(signature: Signature, entry: Affects, package: Package) -> str:
    fix = next((one.commit for one in signature.references if one.kind == "fix" and one.commit), None)
    go = package.go
    if package.name is not None and entry.package not in {package.name, package.source} and package.found_by != "go":
        told = f"the program belongs to the package {package.name} {package.version or ''}".rstrip()
    else:
        told = package.problem or "no version of it was found"
    if go is not None and go.revision:
        changed = " with changes" if go.modified else ""
        told = f"{told}; it was built from commit {go.revision}{changed}"
        if fix:
            told = f"{told}: see with «git merge-base --is-ancestor {fix} {go.revision}» whether that has the fix"
    return told
