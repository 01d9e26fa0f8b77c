"""What happened in a seminar, as events in one file: appended, never changed.

SQLite with a write-ahead log and full synchronisation: an event counts once `append` has returned,
and whatever kills the program afterwards, it is there. The state of the class is a fold of these
events (`session`). There is one writer, the server; it holds a lock on the file's folder.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runs.errors import UserError

FILE = "seminar.sqlite"
SCHEMA = 2  # raised with every migration
MIGRATIONS = {
    1: (
        """CREATE TABLE event (id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL,
        kind TEXT NOT NULL, data TEXT NOT NULL)""",
        """CREATE TRIGGER event_is_kept BEFORE DELETE ON event
        BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END""",
        """CREATE TRIGGER event_stands BEFORE UPDATE ON event
        BEGIN SELECT RAISE(ABORT, 'events are never changed'); END""",
    ),
    2: (  # a retry of the same request must not happen twice
        "ALTER TABLE event ADD COLUMN request TEXT",
        "CREATE UNIQUE INDEX event_request ON event (request) WHERE request IS NOT NULL",
    ),
}


@dataclass(frozen=True)
class Event:
    """One thing that happened."""

    id: int
    at: float  # seconds since 1970
    kind: str
    data: Mapping[str, Any]


class DiskFullError(Exception):
    """The event could not be kept; nothing of it happened."""


class Record:
    """The events of one seminar."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._migrate()
        except sqlite3.Error as error:
            raise UserError(
                f"{path}: the record of the seminar cannot be used ({error}); is another seminar"
                " running on it? Choose another folder with --data, or stop the other one"
            ) from None

    def _migrate(self) -> None:
        """Bring an older file to the form of today, each step whole or not at all."""
        (now,) = self._db.execute("PRAGMA user_version").fetchone()
        if now > SCHEMA:
            raise UserError(f"{self.path}: written by a later hubspoke; update the program")
        for version in range(now + 1, SCHEMA + 1):
            self._db.execute("BEGIN IMMEDIATE")
            for statement in MIGRATIONS[version]:
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {version}")
            self._db.execute("COMMIT")
        self._db.execute("BEGIN EXCLUSIVE")  # takes the lock, so that a second server is told now
        self._db.execute("COMMIT")

    def append(
        self, kind: str, data: Mapping[str, Any], request: str | None = None
    ) -> Event | None:
        """Keep an event and return it once it is on the disk; None if this request is known.

        request : the client's own name for what it asks, the same when it asks again

        Raises
        ------
        DiskFullError
            If it could not be written.
        """
        at = time.time()
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        try:
            done = self._db.execute(
                "INSERT INTO event (at, kind, data, request) VALUES (?, ?, ?, ?)",
                (at, kind, text, request),
            )
        except sqlite3.IntegrityError:
            return None
        except sqlite3.Error as error:
            raise DiskFullError(str(error)) from None
        return Event(int(done.lastrowid or 0), at, kind, json.loads(text))

    def knows(self, request: str | None) -> bool:
        """Say whether a request has been kept already."""
        found = self._db.execute("SELECT 1 FROM event WHERE request = ?", (request,)).fetchone()
        return found is not None

    def events(self, until: int | None = None) -> Iterator[Event]:
        """Return the events in order, up to and including `until`."""
        last = 2**62 if until is None else until
        rows = self._db.execute(
            "SELECT id, at, kind, data FROM event WHERE id <= ? ORDER BY id", (last,)
        )
        for id_, at, kind, data in rows:
            yield Event(id_, at, kind, json.loads(data))

    def close(self) -> None:
        """Close the file."""
        self._db.close()
