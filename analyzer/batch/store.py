"""The output folder: one SQLite file with a row for every input, the JSON of each beside it, and who is at work on it.

``hanganalyze.sqlite`` (see SCHEMA), ``results/ab/KEY.json``, ``secret`` (makes the placeholders; not to be passed on), ``lock``.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from analyzer.batch.files import put
from analyzer.batch.item import Done, Item, Row, json_place
from analyzer.batch.schema import COLUMNS, SCHEMA, VERSION, digest_of, from_columns, to_columns
from analyzer.errors import BadSavedResult, OutputUnwritable, UsageError


class Store:
    """An open output folder. Only one process at a time has it open; a full disk is an OutputUnwritable."""

    def __init__(self, folder: Path) -> None:
        """Make or open it. Raises UsageError, BadSavedResult, OutputUnwritable."""
        self.folder = folder
        self.file = folder / "hanganalyze.sqlite"
        with self._speaking():
            if folder.exists() and not self.file.exists() and any(one.name not in {"secret", "lock"} for one in folder.iterdir()):
                raise UsageError(f"{folder} holds something else already.", next_command="give another folder with -o DIR")
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._take_lock()
            self.secret = self._secret()
            descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.close(descriptor)
            self._db = sqlite3.connect(self.file, isolation_level=None)
            self._prepare()

    def close(self) -> None:
        """Let go of it."""
        self._db.close()
        os.close(self._lock)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What is there

    def known(self, key: str, stamp: str) -> bool:
        """Whether this very input has a row that need not be made again."""
        row = self._db.execute("SELECT stamp, again FROM items WHERE key = ?", (key,)).fetchone()
        return row is not None and row[0] == stamp and not row[1]

    def walked(self, key: str, stamp: str) -> bool:
        """Whether everything in this archive has a row."""
        row = self._db.execute("SELECT stamp FROM containers WHERE key = ?", (key,)).fetchone()
        return row is not None and row[0] == stamp

    def to_judge_again(self, catalogue: str) -> Iterator[Item]:
        """Items whose saved snapshot another catalogue has judged. Streams; rows may be saved meanwhile."""
        last = ""
        wanted = ", ".join(COLUMNS)
        some = "key > ? AND catalogue <> ? AND size > 0"
        query = f"SELECT {wanted} FROM items WHERE {some} ORDER BY key LIMIT 200"  # noqa: S608 # nosec B608 - our own words
        while rows := [from_columns(one) for one in self._db.execute(query, (last, catalogue))]:
            last = rows[-1].key
            for row in rows:
                data = self._json(row.key)
                if data is not None:
                    yield Item(
                        key=row.key,
                        name=row.name,
                        kind="again",
                        stamp=row.stamp,
                        container=row.container,
                        seen_at=row.seen_at,
                        payload=data,
                        host=row.host,
                        origin=row.kind,
                    )

    def forget_lost(self, catalogue: str) -> int:
        """Forget rows whose JSON is gone or not whole, so that they are made again; how many there were."""
        query = "SELECT key, size, catalogue, container FROM items WHERE size > 0"
        lost = []
        for key, size, judged_by, container in self._db.execute(query):
            found = self._size(key)
            # Judged by another catalogue, the file may be newer than its row: a run was ended between the two.
            if found != size and (judged_by == catalogue or not found):
                lost.append((key, container))
        with self._writing():
            self._db.executemany("DELETE FROM items WHERE key = ?", [(key,) for key, _ in lost])
            self._db.executemany("DELETE FROM containers WHERE key = ?", [(one,) for _, one in lost if one])
        return len(lost)

    def rows(self, where: str = "1", order: str = "key") -> Iterator[Row]:
        """Rows in the order asked for, without their stacks."""
        wanted = ", ".join(COLUMNS)
        query = f"SELECT {wanted} FROM items WHERE {where} ORDER BY {order}"  # noqa: S608 # nosec B608 - our own words
        for columns in self._db.execute(query):
            yield from_columns(columns)

    def query(self, text: str, values: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
        """Rows of a question of the overview's."""
        return self._db.execute(text, values)

    def meta(self, name: str) -> str | None:
        """A value kept beside the rows."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def losses(self) -> dict[str, int]:
        """Key -> workers that were lost with it."""
        return dict(self._db.execute("SELECT key, workers FROM losses"))

    # What comes to it

    def save(self, batch: Iterable[Done]) -> None:
        """JSON first, then the rows, all of a batch in one transaction: whatever ends us, a row has its JSON."""
        batch = list(batch)
        for one in batch:
            if one.json is not None:
                put(self.folder / json_place(one.row.key), one.json)
        with self._writing():
            self._db.executemany("DELETE FROM item_stacks WHERE key = ?", [(one.row.key,) for one in batch])
            marks = ", ".join("?" * len(COLUMNS))
            self._db.executemany(
                f"INSERT OR REPLACE INTO items ({', '.join(COLUMNS)}) VALUES ({marks})",  # noqa: S608 - our own names
                [to_columns(one.row) for one in batch],
            )
            for one in batch:
                self._save_stacks(one.row)
            costs = [(one.row.key, round(one.seconds, 6)) for one in batch]
            self._db.executemany("INSERT OR REPLACE INTO costs VALUES (?, ?)", costs)
            self._db.executemany("DELETE FROM losses WHERE key = ?", [(one.row.key,) for one in batch])

    def save_walked(self, key: str, stamp: str) -> None:
        """Everything in this archive has a row now."""
        with self._writing():
            self._db.execute("INSERT OR REPLACE INTO containers VALUES (?, ?)", (key, stamp))

    def save_meta(self, name: str, value: str) -> None:
        """Keep a value beside the rows."""
        with self._writing():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def try_again(self) -> None:
        """Whatever could not be read is read again in this run."""
        with self._writing():
            self._db.execute("UPDATE items SET again = 1 WHERE outcome = 'unreadable'")
            self._db.execute("DELETE FROM containers WHERE key IN (SELECT container FROM items WHERE outcome = 'unreadable')")
            self._db.execute("DELETE FROM losses")

    def save_losses(self, keys: Iterable[str], workers: int) -> None:
        """So many workers were lost with each of these: a run that is ended here does not begin to count again."""
        with self._writing():
            self._db.executemany("INSERT OR REPLACE INTO losses VALUES (?, ?)", [(key, workers) for key in keys])

    def _save_stacks(self, row: Row) -> None:
        for stack in row.stacks:
            frames = json.dumps(stack.frames)
            digest = digest_of(frames)
            self._db.execute("INSERT OR IGNORE INTO stacks VALUES (?, ?)", (digest, frames))
            self._db.execute("INSERT OR REPLACE INTO item_stacks VALUES (?, ?, ?)", (row.key, digest, stack.threads))

    # The folder

    def _take_lock(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(self._lock, 20).decode("ascii", "replace").strip()
            raise UsageError(
                f"Process {pid} is at work on {self.folder}.", next_command="wait for it, or give another -o"
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def _secret(self) -> bytes:
        path = self.folder / "secret"
        with contextlib.suppress(FileNotFoundError):
            found = path.read_bytes()
            if len(found) == 32:
                return found
        made = secrets.token_bytes(32)
        put(path, made)
        return made

    def _prepare(self) -> None:
        try:
            self._db.execute("PRAGMA foreign_keys = ON")
            with self._writing():
                for statement in SCHEMA:
                    self._db.execute(statement)
                self._db.execute("INSERT OR IGNORE INTO meta VALUES ('schema', ?)", (VERSION,))
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            raise BadSavedResult(f"{self.file} is not a file of hanganalyze batch: {error}.") from error
        if self.meta("schema") != VERSION:
            raise BadSavedResult(
                f"{self.file} was written by another version of hanganalyze.", next_command="give another -o DIR"
            )

    def _json(self, key: str) -> bytes | None:
        try:
            return (self.folder / json_place(key)).read_bytes()
        except OSError:
            return None

    def _size(self, key: str) -> int:
        try:
            return os.stat(self.folder / json_place(key)).st_size
        except OSError:
            return 0

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction: all of it, or nothing of it."""
        with self._speaking():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        self._db.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[None]:
        """The disk's refusals in our words."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise OutputUnwritable(str(self.file), str(error)) from error
        except OSError as error:
            raise OutputUnwritable(str(self.folder), error.strerror or str(error)) from error
