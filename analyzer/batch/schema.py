"""The tables of the SQLite file, and a row on its way in and out. Whoever reads the file with other tools reads this first."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from analyzer.batch.item import Row

VERSION = "1"

COLUMNS = (
    *("key", "name", "kind", "stamp", "container", "seen_at", "outcome", "because", "again", "status", "cluster"),
    *("signature", "certainty", "title", "host", "traits", "size", "catalogue"),
)

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS items (
        key TEXT PRIMARY KEY,       -- digest of the input's address
        name TEXT NOT NULL,         -- the address, redacted
        kind TEXT NOT NULL,         -- trace, core, saved, process, unknown
        stamp TEXT NOT NULL,        -- changes with the input
        container TEXT,             -- key of the archive it lies in
        seen_at TEXT,               -- UTC, ISO 8601: when it was captured, else when the file was written
        outcome TEXT NOT NULL,      -- analysed, unclear, unreadable
        because TEXT,               -- why it could not be read
        again INTEGER NOT NULL,     -- 1: the next run tries it again
        status TEXT,                -- root-cause, hung, not-hung, unclear
        cluster TEXT,               -- fingerprint, or what stands for it
        signature TEXT, certainty TEXT, title TEXT,
        host TEXT,                  -- placeholder of the machine
        traits TEXT NOT NULL,       -- JSON: pairs of name and value
        size INTEGER NOT NULL,      -- bytes of results/KE/KEY.json, 0 = none
        catalogue TEXT NOT NULL     -- digest of the signatures that judged it
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS items_of_cluster ON items (cluster, name)",
    "CREATE TABLE IF NOT EXISTS stacks (digest TEXT PRIMARY KEY, frames TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE IF NOT EXISTS item_stacks (
        key TEXT NOT NULL REFERENCES items ON DELETE CASCADE, digest TEXT NOT NULL, threads INTEGER NOT NULL,
        PRIMARY KEY (key, digest)
    ) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS containers (key TEXT PRIMARY KEY, stamp TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS costs (key TEXT PRIMARY KEY, seconds REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS losses (key TEXT PRIMARY KEY, workers INTEGER NOT NULL) WITHOUT ROWID",
)


def to_columns(row: Row) -> tuple[object, ...]:
    """The values of COLUMNS."""
    values = {name: getattr(row, name) for name in COLUMNS}
    values["traits"] = json.dumps(row.traits, separators=(",", ":"))
    values["again"] = int(row.again)
    # What was no UTF-8 in a file name, SQLite does not take.
    return tuple(one.encode("utf-8", "backslashreplace").decode() if isinstance(one, str) else one for one in values.values())


def from_columns(values: tuple[Any, ...]) -> Row:
    """The row; its stacks are in other tables."""
    named = dict(zip(COLUMNS, values, strict=True))
    named["traits"] = tuple((str(name), str(value)) for name, value in json.loads(named["traits"]))
    named["again"] = bool(named["again"])
    return Row(**named)


def digest_of(frames: str) -> str:
    """The key of a stack."""
    return hashlib.blake2b(frames.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()
