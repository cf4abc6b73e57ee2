"""Digests by file identity, so that an unchanged file is never read twice.

A row is trusted when device, inode, size, mtime and ctime are what they were *and* the file was at rest when it was read: a
file changed within one tick of its clock could change again without its times showing it, so such a row counts for nothing
and the file is read once more (Git's rule for racy files). The database is disposable: damaged or deleted, it is made anew.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from mlops_cli.errors import DataError
from mlops_cli.store.digest import parse_digest

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from pathlib import Path

    from mlops_cli.store.digest import Digest

# Kernels stamp files with a clock that ticks every 1 to 10 ms; whole seconds betray a file system that keeps no finer time.
_FINE_TICK = 20_000_000
_COARSE_TICK = 2_000_000_000
_VERSION = 1


class Identity(NamedTuple):
    """What tells one state of a file from another without reading it; times in nanoseconds."""

    device: int
    inode: int
    size: int
    mtime: int
    ctime: int


class Row(NamedTuple):
    """What is known of a file: its identity, its digest, and when (ns since the epoch) its reading began."""

    identity: Identity
    digest: Digest
    seen: int

    def trusted(self) -> bool:
        """Whether the file was at rest when it was read."""
        return at_rest(self.identity, self.seen)


def identity_of(status: os.stat_result) -> Identity:
    """Return the identity in a stat result."""
    # SQLite's integers are signed, some file systems' inode numbers use all 64 bits.
    inode = status.st_ino & 0x7FFF_FFFF_FFFF_FFFF
    return Identity(status.st_dev, inode, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def at_rest(identity: Identity, seen: int) -> bool:
    """Whether the last change is more than one tick older than `seen` (ns since the epoch)."""
    coarse = identity.mtime % 1_000_000_000 == 0 and identity.ctime % 1_000_000_000 == 0
    return max(identity.mtime, identity.ctime) + (_COARSE_TICK if coarse else _FINE_TICK) < seen


class StatCache:
    """Rows in SQLite, and small memos beside them; one transaction when `flush` is called.

    Parameters
    ----------
    path : Path or None
        The database; None keeps nothing beyond this process.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._fresh: dict[str, Row] = {}
        self._memos: dict[str, bytes] = {}

    def rows(self, paths: Iterable[str]) -> dict[str, Row]:
        """Return the rows that are known of these absolute paths."""
        import json

        wanted = [p for p in paths if _storable(p)]
        query = "SELECT * FROM files WHERE path IN (SELECT value FROM json_each(?))"
        found = self._select(query, (json.dumps(wanted),))
        return found | {path: self._fresh[path] for path in wanted if path in self._fresh}

    def rows_below(self, folder: str) -> dict[str, Row]:
        """Return the rows that are known of files anywhere below this absolute folder."""
        if not _storable(folder):
            return {}
        found = self._select("SELECT * FROM files WHERE path > ? AND path < ?", (folder + "/", folder + "0"))
        return found | {path: row for path, row in self._fresh.items() if path.startswith(folder + "/")}

    def learn(self, path: str, row: Row) -> None:
        """Keep a row, to be written by the next `flush`."""
        if _storable(path):
            self._fresh[path] = row

    def memo(self, name: str) -> bytes | None:
        """Return a memo."""
        if name in self._memos:
            return self._memos[name]
        try:
            found = self._open().execute("SELECT value FROM memos WHERE name = ?", (name,)).fetchone()
        except sqlite3.Error:
            self._rebuild()
            return None
        return bytes(found[0]) if found and isinstance(found[0], bytes) else None

    def keep_memo(self, name: str, value: bytes) -> None:
        """Keep a memo, to be written by the next `flush`."""
        self._memos[name] = value

    def flush(self) -> None:
        """Write what was learnt; a database that cannot be written costs time later, never a result."""
        if not self._fresh and not self._memos:
            return
        rows = [(p, *r.identity, r.digest, r.seen) for p, r in self._fresh.items()]
        try:
            connection = self._open()
            with connection:
                connection.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
                connection.executemany("INSERT OR REPLACE INTO memos VALUES (?, ?)", self._memos.items())
        except sqlite3.OperationalError:
            pass  # locked for long, or a read-only folder
        except sqlite3.Error:
            self._rebuild()
        self._fresh.clear()
        self._memos.clear()

    def close(self) -> None:
        """Write what was learnt and let go of the database."""
        self.flush()
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _select(self, query: str, values: tuple[str, ...]) -> dict[str, Row]:
        try:
            found = self._open().execute(query, values).fetchall()
            return {
                r[0]: Row(Identity(r[1], r[2], r[3], r[4], r[5]), parse_digest(r[6]), int(r[7]))
                for r in found
            }
        except (sqlite3.Error, DataError, TypeError, ValueError, IndexError):
            self._rebuild()
            return {}

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect(self._path)
        return self._connection

    def _connect(self, path: Path | None) -> sqlite3.Connection:
        if path is None:
            connection = sqlite3.connect(":memory:", check_same_thread=False)
            _make_tables(connection)
            return connection
        try:
            return _connect_file(path)
        except (sqlite3.Error, OSError):
            with suppress(OSError):
                _delete(path)
                return _connect_file(path)
        return self._connect(None)

    def _rebuild(self) -> None:
        """Throw a damaged database away; what it knew is read again from the files."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        if self._path is not None:
            with suppress(OSError):
                _delete(self._path)


def _storable(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _connect_file(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    # One object, used under the workspace's lock by whichever thread holds it.
    connection = sqlite3.connect(path, timeout=5, check_same_thread=False)
    connection.execute("PRAGMA synchronous=NORMAL")
    if connection.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
        return connection
    connection.execute("PRAGMA journal_mode=WAL")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        _make_tables(connection)
        connection.execute(f"PRAGMA user_version={_VERSION}")
    return connection


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, device INTEGER, inode INTEGER, size INTEGER, mtime INTEGER,"
        " ctime INTEGER, digest TEXT, seen INTEGER) WITHOUT ROWID"
    )
    connection.execute("CREATE TABLE IF NOT EXISTS memos (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID")


def _delete(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + ending).unlink()
