"""What is analysed, and what comes of it. All of it travels between processes and hosts, so it is plain data."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from analyzer.lean_dataclass import dataclass
from analyzer.model.batch import Outcome

if TYPE_CHECKING:
    from analyzer.diagnose import Catalogue
    from analyzer.model import Certainty, Private, Status

Kind = Literal["trace", "core", "saved", "again", "process", "unknown"]
"""again: our own saved JSON, to be judged by another catalogue. process: found alive on a host. unknown: could not be opened."""


@dataclass(frozen=True)
class Item:
    """One input."""

    key: str
    """Digest of its true address: the same for the same input in every run."""
    name: str
    """The address for a person, not yet redacted (but for «again»): ``path``, ``archive!member``, ``file.jsonl:17``."""
    kind: Kind
    stamp: str
    """Changes when the input changes."""
    container: str | None = None
    """Key of the archive it lies in."""
    seen_at: str | None = None
    """When the file was written, UTC: stands for the time of the hang where the content does not tell it."""
    payload: bytes | None = None
    """The content, for all but cores: whoever analyses it need not see the file."""
    path: str | None = None
    """A core: a path, or an address that fsspec knows."""
    because: str | None = None
    """It cannot be read, for this reason: nothing is left to analyse."""
    again: bool = False
    """The reason may be gone next time."""
    temporary: bool = False
    """``path`` is a copy that ends with the run."""
    host: str | None = None
    """Placeholder of the machine, where that is known beforehand."""
    origin: Kind | None = None
    """What it was before it became «again»."""


@dataclass(frozen=True)
class Stack:
    """A stack of the process that the cluster speaks of, and how many of its threads have it."""

    frames: tuple[str, ...]
    """Outermost first: ``function`` or ``?? +0x12``, with the module where it is known."""
    threads: int


@dataclass(frozen=True)
class Row:
    """What is kept of an item besides its JSON. Nothing private is in it."""

    key: str
    name: str
    kind: Kind
    stamp: str
    container: str | None
    seen_at: str | None
    outcome: Outcome
    because: str | None = None
    again: bool = False
    status: Status | None = None
    cluster: str | None = None
    """The fingerprint, else what stands for it; None where there is nothing to compare."""
    signature: str | None = None
    certainty: Certainty | None = None
    title: str | None = None
    host: str | None = None
    """Placeholder of the machine it happened on; None where nothing tells."""
    traits: tuple[tuple[str, str], ...] = ()
    """What members of a cluster may have in common."""
    stacks: tuple[Stack, ...] = ()
    size: int = 0
    """Bytes of its JSON; 0 = it has none."""
    catalogue: str = ""
    """Digest of the catalogue that judged it."""


@dataclass(frozen=True)
class Done:
    """An item after its analysis."""

    row: Row
    json: bytes | None
    """None: there is none, or the worker has written it where it belongs."""
    seconds: float
    """It took: processor time for a text, real time for a core or a process."""


@dataclass(frozen=True)
class Setup:
    """What every worker needs to know, once."""

    catalogue: Catalogue
    catalogue_digest: str
    private: Private
    """Of the machine that the inputs are on; a worker that looks at processes of its own host asks there."""
    secret: bytes
    """Makes placeholders the same in all results of one folder, and says nothing to who does not have it."""
    redacted: bool = True
    folder: str | None = None
    """Where the worker writes the JSON itself, when it sees the same folder."""
    debugger: str | None = None
    sysroot: Path | None = None

    def naming(self, kind: str, value: str) -> str:
        """The placeholder of a private value."""
        digest = hmac.new(self.secret, f"{kind}\0{value}".encode("utf-8", "replace"), "sha256").digest()
        return f"<{kind}-{100_000_000 + int.from_bytes(digest[:6], 'big') % 900_000_000}>"


def key_of(*address: str) -> str:
    """The key of an address: of a file its absolute path, of a member also its name and place."""
    return hashlib.blake2b("\0".join(address).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def json_place(key: str) -> str:
    """Where an item's JSON lies below the output folder: 256 folders, because one with a million files is slow to list."""
    return f"results/{key[:2]}/{key}.json"
