"""The database of the index: disposable, shared by processes, thrown away only when it is damaged or of another version.

Numbers of projects, files, commits and productions follow from what they stand for, so that nothing depends on the order in which
it was found; digests are known by their first eight bytes, and whoever asks compares the rest.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from mlops_cli.store.disposable import throw_away, write_ahead

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

VERSION = 2
_PATIENCE = 60.0  # seconds for which another process may be filling it
# What a damaged file answers; its messages may quote bytes that are no text.
DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)
READ, MADE, RAN = 0, 1, 2  # sides of an edge: an input's digest, an output's digest, a key

_TABLES = """
CREATE TABLE projects (n INTEGER PRIMARY KEY, prefix BLOB, state TEXT);
CREATE TABLE commits (n INTEGER PRIMARY KEY, id TEXT, author TEXT, email TEXT, time INTEGER, rank INTEGER, subject TEXT);
CREATE TABLE files (n INTEGER PRIMARY KEY, project INTEGER, kind INTEGER, blob TEXT, path TEXT, trouble TEXT);
CREATE TABLE brought (file INTEGER, commit_ INTEGER, PRIMARY KEY (file, commit_)) WITHOUT ROWID;
CREATE TABLE journaled (file INTEGER, ref TEXT, path TEXT, PRIMARY KEY (ref, path)) WITHOUT ROWID;
CREATE TABLE working (root TEXT, path TEXT, identity TEXT, file INTEGER, PRIMARY KEY (root, path)) WITHOUT ROWID;
CREATE TABLE runs (project INTEGER, id TEXT, file INTEGER, status TEXT, started TEXT, seconds REAL, message TEXT, author TEXT,
  email TEXT, trigger TEXT, commit_ TEXT, branch TEXT, dirty INTEGER, snapshot TEXT, params TEXT, metrics TEXT, stages TEXT,
  experiment TEXT, files TEXT, reporters TEXT, PRIMARY KEY (project, id, file)) WITHOUT ROWID;
CREATE TABLE events (project INTEGER, run TEXT, at TEXT, id TEXT, file INTEGER, kind TEXT, outcome TEXT,
  PRIMARY KEY (project, run, at, id, file)) WITHOUT ROWID;
CREATE TABLE occurrences (production INTEGER, file INTEGER, number INTEGER, status TEXT,
  PRIMARY KEY (production, file, number)) WITHOUT ROWID;
CREATE TABLE edges (digest INTEGER, side INTEGER, production INTEGER, PRIMARY KEY (digest, side, production)) WITHOUT ROWID;
CREATE TABLE named (path TEXT, side INTEGER, digest INTEGER, PRIMARY KEY (path, side, digest)) WITHOUT ROWID;
CREATE TABLE data (digest INTEGER, path TEXT, file INTEGER, PRIMARY KEY (digest, path, file)) WITHOUT ROWID;
CREATE TABLE links (theirs TEXT, digest TEXT, file INTEGER, PRIMARY KEY (theirs, digest, file)) WITHOUT ROWID;
CREATE INDEX links_digest ON links (digest);
CREATE INDEX data_path ON data (path);
CREATE INDEX journaled_file ON journaled (file);
CREATE INDEX working_file ON working (file);
"""


class Database:
    """The tables, in a file or, where none can be written, in memory.

    Parameters
    ----------
    path : Path or None
        None keeps nothing beyond this process.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    def ask(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return the rows that a query gives."""
        return self._open().execute(query, values).fetchall()

    def ask_many(self, query: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows that a query gives which names its values as `(SELECT value FROM json_each(?))`."""
        import json

        return self._open().execute(query, (json.dumps(list(values)),)).fetchall()

    def put(self, query: str, rows: Sequence[Any]) -> None:
        """Run a statement once for each row."""
        if rows:
            self._open().executemany(query, rows)

    def do(self, query: str, values: Sequence[Any] = ()) -> None:
        """Run a statement."""
        self._open().execute(query, values)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write alone, all or nothing."""
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def throw_away(self) -> None:
        """Remove a damaged file; a database in memory takes its place where that cannot be done."""
        self.close()
        try:
            if self.path is not None:
                throw_away(self.path)
        except OSError:
            self.path = None

    def stay_in_memory(self) -> None:
        """Leave the file alone from now on."""
        self.close()
        self.path = None

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path or ":memory:", timeout=_PATIENCE, isolation_level=None)
        try:
            # Nothing is lost by a power cut that Git does not have; what it leaves must only not be half a page.
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA cache_size=-65536")
            if _version(connection) != VERSION:
                write_ahead(connection)
                _make_tables(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def number_of(*parts: str) -> int:
    """Return the number by which a thing is known, out of what it follows from."""
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


def digest_number(digest: str) -> int:
    """Return the number by which a digest or key is known.

    Raises
    ------
    ValueError
        When it is none.

    Examples
    --------
    >>> digest_number("b3:8000000000000001" + "0" * 48), digest_number("md5:d41d8cd98f00b204e9800998ecf8427e.dir")
    (1, 6061155539545534980)
    """
    return int(digest.partition(":")[2][:16], 16) - (1 << 63)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) != VERSION:  # else another command was faster
            tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
            for (name,) in tables:
                connection.execute(f'DROP TABLE "{name}"')
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
