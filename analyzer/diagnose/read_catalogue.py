"""Reading catalogue folders, strictly: everything that is wrong anywhere is found in one go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from analyzer.diagnose.catalogue import Catalogue
from analyzer.diagnose.document import Document
from analyzer.diagnose.read_signature import read_signature
from analyzer.diagnose.signature import Signature
from analyzer.diagnose.symbols import SymbolSet, normalise, spellings
from analyzer.errors import BadSignatures
from analyzer.lean_dataclass import replace

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SET_KEYS = frozenset({"about", "names", "include", "libc", "unnamed", "every", "signal"})


def load_catalogue(folders: Sequence[Path]) -> Catalogue:
    """Read catalogue folders, the shipped one first.

    Raises BadSignatures with every mistake in all of them as ``file:line: text``.
    """
    catalogue, problems = read_catalogue(folders)
    if problems:
        raise BadSignatures(problems)
    return catalogue


def read_catalogue(folders: Sequence[Path]) -> tuple[Catalogue, list[str]]:
    """What can be read of the folders, and everything that is wrong with them."""
    problems: list[str] = []
    set_documents: dict[str, Document] = {}
    documents: list[Document] = []
    for folder in folders:
        if not folder.is_dir():
            problems.append(f"{folder}:1: there is no such folder")
            continue
        for path in sorted(folder.glob("symbols/*.toml")):
            document = Document(path, _shown(path, folder))
            if path.stem in set_documents:
                document.wrong((), f"the symbol set {path.stem!r} exists already: {set_documents[path.stem].shown}")
            set_documents.setdefault(path.stem, document)
            problems += document.problems if set_documents[path.stem] is not document else []
        documents += [Document(path, _shown(path, folder)) for path in sorted(folder.glob("*.toml"))]
    sets = _read_sets(set_documents)
    signatures: dict[str, Signature] = {}
    for document in documents:
        signature = read_signature(document, sets)
        if signature is None:
            continue
        if signature.id in signatures:
            document.wrong(("id",), f"the id {signature.id!r} exists already: {signatures[signature.id].path}")
        signatures.setdefault(signature.id, signature)
    for document in documents:
        _refine(document, signatures)
    for document in (*set_documents.values(), *documents):
        problems += document.problems
    return Catalogue(signatures.values(), sets), problems


def _refine(document: Document, signatures: dict[str, Signature]) -> None:
    """Put the clauses of the general signature into the one that refines it."""
    own = signatures.get(document.path.stem)
    if own is None or own.refines is None or own.path != document.path:
        return
    general = signatures.get(own.refines)
    if general is None or general.refines is not None:
        why = "there is no such signature" if general is None else "that one refines another itself"
        document.wrong(("refines",), f"cannot refine {own.refines!r}: {why}", value=own.refines)
        return
    signatures[own.id] = own.of(general)


def _shown(path: Path, folder: Path) -> str:
    return str(Path(folder.name) / path.relative_to(folder))


def _read_sets(documents: dict[str, Document]) -> dict[str, SymbolSet]:
    """All symbol sets, with what they include put in; a set that includes itself is a mistake."""
    own: dict[str, SymbolSet] = {}
    includes: dict[str, list[str]] = {}
    for name, document in documents.items():
        data = document.data if document.data is not None else {}
        if document.data is not None:
            own[name] = _read_set(name, document)
        else:
            own[name] = SymbolSet(name, "", frozenset())  # so that those who use it are not called wrong too
        includes[name] = document.strings(data, (), "include")
    done: dict[str, SymbolSet] = {}

    def finish(name: str, above: tuple[str, ...]) -> SymbolSet:
        if name in done:
            return done[name]
        found = own[name]
        exact, prefixes = set(found.exact), dict.fromkeys(found.prefixes)
        unnamed, every, signal = found.unnamed, found.every, found.signal
        for other in includes[name]:
            if other not in own:
                documents[name].wrong(("include",), f"there is no symbol set {other!r}", value=other)
            elif other in (*above, name):
                documents[name].wrong(("include",), f"the set includes itself by way of {other!r}", value=other)
            else:
                inner = finish(other, (*above, name))
                if inner.libc != found.libc:
                    documents[name].wrong(("include",), f"{other!r} and {name!r} differ in «libc»", value=other)
                exact |= inner.exact
                prefixes.update(dict.fromkeys(inner.prefixes))
                unnamed, every, signal = unnamed or inner.unnamed, every or inner.every, signal or inner.signal
        done[name] = replace(found, exact=frozenset(exact), prefixes=tuple(prefixes), unnamed=unnamed, every=every, signal=signal)
        return done[name]

    for name in sorted(own):
        finish(name, ())
    return done


def _read_set(name: str, document: Document) -> SymbolSet:
    data = document.data or {}
    document.only(data, (), _SET_KEYS)
    if not _NAME.fullmatch(name):
        document.wrong((), f"a set's name is of small letters, digits and hyphens, not {name!r}")
    about = document.string(data, (), "about")
    libc = bool(data.get("libc", False))
    for key in ("libc", "every", "signal"):
        if not isinstance(data.get(key, False), bool):
            document.wrong((key,), f"{key!r} must be true or false")
    unnamed = document.choice(data, (), "unnamed", ("libc", "never"), "never") == "libc"
    exact: set[str] = set()
    prefixes: list[str] = []
    listed = data.get("names", "")
    if not isinstance(listed, str):
        document.wrong(("names",), "'names' must be one text of names with white space between them")
        listed = ""
    for line in listed.splitlines():
        for word in line.partition("#")[0].split():
            if word.endswith("*"):
                prefixes += [word[:-1]] if len(word) > 3 else []
                if len(word) <= 3:
                    document.wrong(("names",), f"{word!r} is too short for a beginning of names", value=word)
                continue
            plain = normalise(word)
            if plain != word:
                document.wrong(("names",), f"write {word!r} as {plain!r}: names are compared normalised", value=word)
            exact.update(spellings(word) if libc else (word,))
    if not exact and not prefixes and not unnamed and not data.get("include") and not data.get("signal"):
        document.wrong((), "the set is empty")
    return SymbolSet(
        name,
        about,
        frozenset(exact),
        tuple(prefixes),
        libc=libc,
        unnamed=unnamed,
        every=data.get("every") is True,
        signal=data.get("signal") is True,
    )
