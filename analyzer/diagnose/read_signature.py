"""Reads one signature's file strictly: unknown keys, facts, sets and words are mistakes, and all of them are noted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, cast

from analyzer.diagnose.document import Document, Place
from analyzer.diagnose.pattern import BadPattern, Pattern, parse_pattern
from analyzer.diagnose.signature import (
    Affects,
    Exclusion,
    FactTest,
    Kind,
    Match,
    Maturity,
    Requirement,
    Signature,
)
from analyzer.diagnose.symbols import SymbolSet
from analyzer.model import Reference
from analyzer.model.facts import FACTS

_TEXTS = {"id", "revision", "status", "kind", "title", "summary", "remedy", "false-positives", "refines"}
_TABLES = {"references", "affects", "match", "near", "veto", "likely", "proven"}
_KEYS = frozenset(_TEXTS | _TABLES)
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_BOUND = re.compile(r"(?:<|<=|>|>=|=)[0-9][\w.+~:-]*")
_URL = re.compile(r"https?://\S+")
_STATES = frozenset("RSDTtZXIPKW")

Sets = Mapping[str, SymbolSet]


def read_signature(document: Document, sets: Sets) -> Signature | None:
    """The signature in a file; None, with the mistakes in the document, where there is none that could be used."""
    data = document.data
    if data is None:
        return None
    before = len(document.problems)
    document.only(data, (), _KEYS)
    identity = document.string(data, (), "id")
    if identity and not _ID.fullmatch(identity):
        document.wrong(("id",), f"an id is of small letters, digits and hyphens, not {identity!r}")
    elif identity and identity != document.path.stem:
        document.wrong(("id",), f"the id must be the file's name: {document.path.stem!r}, not {identity!r}")
    kind = cast("Kind", document.choice(data, (), "kind", ("cause", "wait"), "cause"))
    status = cast("Maturity", document.choice(data, (), "status", ("experimental", "stable", "deprecated"), "experimental"))
    if not isinstance(data.get("match"), dict):
        document.wrong((), "the table [match] is missing")
    signature = Signature(
        id=identity,
        revision=document.number(data, (), "revision"),
        status=status,
        kind=kind,
        title=document.string(data, (), "title"),
        summary=document.string(data, (), "summary"),
        remedy=document.string(data, (), "remedy"),
        match=_match(document, data, sets),
        near=_exclusions(document, data, "near", sets),
        veto=_exclusions(document, data, "veto", sets),
        likely=_requirement(document, data, "likely"),
        proven=_requirement(document, data, "proven"),
        references=_references(document, data),
        affects=_affects(document, data),
        refines=document.string(data, (), "refines") if "refines" in data else None,
        false_positives=tuple(document.strings(data, (), "false-positives")),
        path=document.path,
    )
    if signature.refines is not None:
        _refinement(document, data, signature)
    _agreement(document, signature)
    return signature if len(document.problems) == before else None


def _agreement(document: Document, signature: Signature) -> None:
    """Clauses that contradict each other."""
    if signature.kind == "wait" and (signature.likely or signature.proven):
        document.wrong(("likely" if signature.likely else "proven",), "a wait is never more than possible: leave this out")
    if signature.proven and not signature.likely:
        document.wrong(("proven",), "[proven] needs a table [likely] before it")
    if signature.near and not signature.match.frames:
        document.wrong(("near",), "[near] loosens the frames of [match], and there are none")
    asked = {name for name, _ in signature.facts_for_a_finding}
    if "lock-orphaned" in {test.name for test in signature.proven.all} and "lock-owner-alive" not in asked:
        document.wrong(("proven",), "who asks for lock-orphaned must have lock-owner-alive as a veto")


def _refinement(document: Document, data: dict[str, Any], signature: Signature) -> None:
    """What refines another one takes all clauses from there: a clause of its own would be one more thing to keep equal."""
    for key in sorted(data.keys() & {"kind", "near", "veto", "likely", "proven"}):
        document.wrong((key,), f"{key!r} comes from {signature.refines!r}, which this signature refines: leave it out", value=key)
    if set(data.get("match", {})) - {"programs"} or not signature.match.programs:
        document.wrong(("match",), "[match] of a signature that refines another says «programs» and nothing else")


def _match(document: Document, data: dict[str, Any], sets: Sets) -> Match:
    table = data.get("match")
    if not isinstance(table, dict):
        return Match()
    place: Place = ("match",)
    document.only(table, place, frozenset({"frames", "programs", "others", "waits", "states", "needs", "facts"}))
    states = frozenset(document.strings(table, place, "states"))
    for state in sorted(states - _STATES):
        document.wrong((*place, "states"), f"{state!r} is no state letter of /proc/PID/status", value=state)
    found = Match(
        frames=_patterns(document, table, place, "frames", sets),
        others=_patterns(document, table, place, "others", sets),
        waits=frozenset(document.strings(table, place, "waits")),
        programs=frozenset(document.strings(table, place, "programs")),
        states=states,
        needs=_facts(document, table, place, "needs"),
        facts=_facts(document, table, place, "facts"),
    )
    if not {"frames", "waits", "states"} & table.keys() and "refines" not in data:
        document.wrong(place, "[match] needs frames, waits or states: facts alone find nothing")
    return found


def _exclusions(document: Document, data: dict[str, Any], key: str, sets: Sets) -> tuple[Exclusion, ...]:
    allowed = frozenset({"because", "frames"} if key == "near" else {"because", "frames", "others", "facts"})
    found = []
    for place, table in document.tables(data, (), key):
        document.only(table, place, allowed)
        if not table.keys() - {"because"}:
            document.wrong(place, f"[{key}] without a clause")
        found.append(
            Exclusion(
                because=document.string(table, place, "because"),
                frames=_patterns(document, table, place, "frames", sets),
                others=_patterns(document, table, place, "others", sets),
                facts=_facts(document, table, place, "facts"),
            )
        )
    return tuple(found)


def _requirement(document: Document, data: dict[str, Any], key: str) -> Requirement:
    if key not in data:
        return Requirement()
    table = data[key]
    if not isinstance(table, dict) or not {"all", "any"} & table.keys():
        document.wrong((key,), f"[{key}] is a table with «all», «any» or both")
        return Requirement()
    document.only(table, (key,), frozenset({"all", "any"}))
    found = Requirement(_facts(document, table, (key,), "all"), _facts(document, table, (key,), "any"))
    if not found:
        document.wrong((key,), f"[{key}] asks for nothing: everything would be {key}")
    return found


def _patterns(document: Document, table: dict[str, Any], place: Place, key: str, sets: Sets) -> tuple[Pattern, ...]:
    """One pattern (a list of texts) or several (a list of lists)."""
    if key not in table:
        return ()
    value = table[key]
    here = (*place, key)
    rows = value if isinstance(value, list) and value and all(isinstance(row, list) for row in value) else [value]
    found = []
    for row in rows:
        if not isinstance(row, list) or not row or not all(isinstance(one, str) and one for one in row):
            document.wrong(here, f"{key!r} must be a list of texts, or a list of such lists")
            continue
        try:
            pattern = parse_pattern(row)
        except BadPattern as problem:
            for element, text in problem.wrong:
                document.wrong(here, text, value=element)
            continue
        for name in sorted(pattern.sets() - sets.keys()):
            document.wrong(here, f"there is no symbol set {name!r}", value=f"@{name}")
        for name in _guesses(pattern, sets):
            document.wrong(here, f"behind «...» any nameless frame of libc would be taken for @{name}", value=f"@{name}")
        found.append(pattern)
    return tuple(found)


def _guesses(pattern: Pattern, sets: Sets) -> list[str]:
    """Sets that take nameless frames, where nothing but «...» stands before them: libc's own start code would fit."""
    return [
        name
        for before, element in pairwise(pattern.elements)
        for name in element.sets
        if before.anything and not element.negated and name in sets and sets[name].unnamed
    ]


def _facts(document: Document, table: dict[str, Any], place: Place, key: str) -> tuple[FactTest, ...]:
    found = []
    for text in document.strings(table, place, key):
        name = text.removeprefix("not ").strip()
        if name not in FACTS:
            document.wrong((*place, key), f"there is no fact {name!r}", value=name)
            continue
        found.append(FactTest(name, "no" if text.startswith("not ") else "yes"))
    return tuple(found)


def _references(document: Document, data: dict[str, Any]) -> tuple[Reference, ...]:
    found = []
    for place, table in document.tables(data, (), "references"):
        document.only(table, place, frozenset({"kind", "url", "commit"}))
        url = document.string(table, place, "url")
        if url and not _URL.fullmatch(url):
            document.wrong(place, f"{url!r} is no web address", value=url)
        commit = table.get("commit")
        if commit is not None and not (isinstance(commit, str) and re.fullmatch(r"[0-9a-f]{7,40}", commit)):
            document.wrong(place, "'commit' must be 7 to 40 hexadecimal digits", value="commit")
            commit = None
        found.append(Reference(document.string(table, place, "kind"), url, commit))
    return tuple(found)


def _affects(document: Document, data: dict[str, Any]) -> tuple[Affects, ...]:
    found = []
    for place, table in document.tables(data, (), "affects"):
        document.only(table, place, frozenset({"package", "versions", "fixed-in"}))
        versions = document.string(table, place, "versions")
        for bound in versions.split(",") if versions else ():
            if not _BOUND.fullmatch(bound.strip()):
                document.wrong(place, f"{bound.strip()!r} is no bound such as <5.4 or >=2.28", value=bound.strip())
        fixed_in = document.string(table, place, "fixed-in") if "fixed-in" in table else None
        found.append(Affects(document.string(table, place, "package"), versions, fixed_in))
    return tuple(found)
